"""Coordinates as seen from the person: turned about the vertical until the hips face the camera."""

from __future__ import annotations

import numpy as np

from kinestream.errors import ConfigError
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.positions import body_vectors
from kinestream.features.seen import known
from kinestream.skeletons import Skeleton


class Heading(Feature):
    """Rotate every frame about the vertical axis y so that the left-to-right hip line points to +x.

    A frame whose hips are above each other, or not seen, has no heading and stays as it is.

    Args:
        skeleton: Must have joints named ``left_hip`` and ``right_hip``.
        channels: Must begin with ``x``, ``y``, ``z``; displacements, bones and other vectors of the
            body turn along.
    """

    name = "heading"

    def __init__(self, skeleton: Skeleton, channels: tuple[str, ...]) -> None:
        if channels[:3] != ("x", "y", "z"):
            raise ConfigError(f"feature 'heading' needs channels x, y, z first, got {channels}.")
        self.channels = channels
        self._hips = skeleton.index("left_hip"), skeleton.index("right_hip")
        self._pairs = [(x, z) for x, _, z in body_vectors(channels)]

    def clip(self, x: Array) -> Array:
        left, right = self._hips
        across = x[:3, ..., right] - x[:3, ..., left]  # (3, T) or (3,)
        length = np.hypot(across[0], across[2])[..., None]
        seen = known(x, self.channels)
        turning = (length > 1e-6) & seen[..., left, None] & seen[..., right, None]
        cos = np.divide(across[0][..., None], length, out=np.ones_like(length), where=turning)
        sin = np.divide(across[2][..., None], length, out=np.zeros_like(length), where=turning)
        y = x.copy()
        for a, b in self._pairs:
            y[a] = cos * x[a] + sin * x[b]
            y[b] = cos * x[b] - sin * x[a]
        return y

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        return self.clip(x), None
