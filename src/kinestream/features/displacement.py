"""How every channel moved since the frame before.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

import numpy as np

from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.positions import measured_channels, rows
from kinestream.features.seen import only_known
from kinestream.skeletons import Skeleton


class Displacement(Feature):
    """Append ``x_t - x_{t-1}`` of every channel but confidences, as ``d_x`` and so on.

    It is 0 in the first frame, and where a joint is not seen in this frame or the one before. The
    motion stream as published looks one frame ahead (``x_{t+1} - x_t``); this is the same shifted by
    a frame, so that a stream can have it.
    """

    name = "displacement"

    def __init__(self, skeleton: Skeleton, channels: tuple[str, ...]) -> None:
        measured = measured_channels(channels)
        self._rows = rows(measured)
        self._from = channels
        self.channels = channels + tuple(f"d_{channels[row]}" for row in measured)

    def clip(self, x: Array) -> Array:
        return np.concatenate([x, self._moved(x, before(x))])

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        moved = self._moved(x, x if past is None else past)
        return np.concatenate([x, moved]), x.copy()

    def _moved(self, now: Array, past: Array) -> Array:
        return only_known(now[self._rows] - past[self._rows], self._from, now, past)


def before(x: Array) -> Array:
    """(C, T, V): each frame's predecessor; the first is its own."""
    return np.concatenate([x[:, :1], x[:, :-1]], axis=1)
