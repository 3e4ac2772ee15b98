"""Coordinates relative to the skeleton's centre joint."""

from __future__ import annotations

from kinestream.features.feature import Array, Feature
from kinestream.features.positions import position_channels
from kinestream.skeletons import Skeleton


class Centre(Feature):
    """Subtract the centre joint's position in every frame; other channels pass.

    Args:
        skeleton: Says which joint is the centre.
        channels: Names of the input channels; ``x``, ``y``, ``z`` are positions.
    """

    name = "centre"

    def __init__(self, skeleton: Skeleton, channels: tuple[str, ...]) -> None:
        self.channels = channels
        self._joint = skeleton.centre
        self._rows = position_channels(channels, self.name)

    def clip(self, x: Array) -> Array:
        x = x.copy()
        x[self._rows] -= x[self._rows, ..., self._joint, None]
        return x

    def frame(self, x: Array, past: Array | None) -> tuple[Array, Array | None]:
        return self.clip(x), None
