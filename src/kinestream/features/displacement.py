"""How every channel moved since the frame before."""

from __future__ import annotations

import numpy as np

from kinestream.features.feature import Array, Feature
from kinestream.skeletons import Skeleton


class Displacement(Feature):
    """Append ``x_t - x_{t-1}`` of every channel; zero in the first frame.

    The motion stream as published looks one frame ahead (``x_{t+1} - x_t``); this is the same
    shifted by a frame, so that a stream can have it.
    """

    name = "displacement"

    def __init__(self, skeleton: Skeleton, channels: tuple[str, ...]) -> None:
        self.channels = channels + tuple(f"d_{channel}" for channel in channels)

    def clip(self, x: Array) -> Array:
        moved = np.diff(x, axis=1, prepend=x[:, :1])
        return np.concatenate([x, moved])

    def frame(self, x: Array, past: Array | None) -> tuple[Array, Array | None]:
        moved = np.zeros_like(x) if past is None else x - past
        return np.concatenate([x, moved]), x.copy()
