"""How every channel moved since the frame before, instead of where it is.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

import numpy as np

from kinestream.features.displacement import before
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.positions import measured_channels
from kinestream.features.seen import only_known
from kinestream.skeletons import Skeleton


class Motion(Feature):
    """Replace every channel but confidences by ``x_t - x_{t-1}``, named ``d_x`` and so on.

    It is 0 in the first frame, and where a joint is not seen in this frame or the one before.
    ``score`` becomes the mean of both frames', ``seen`` the lesser. Published motion looks one frame
    ahead (``x_{t+1} - x_t``, 0 in the last frame); this has the same values a frame later.

    Source: the motion streams of MS-AAGCN (Shi et al., TIP 2020); means of scores as in PYSKL.
    """

    name = "motion"

    def __init__(self, skeleton: Skeleton, channels: tuple[str, ...]) -> None:
        self._rows = measured_channels(channels)
        self._from = channels
        moved = {row: f"d_{channels[row]}" for row in self._rows}
        self.channels = tuple(moved.get(row, channel) for row, channel in enumerate(channels))

    def clip(self, x: Array) -> Array:
        return difference(x, before(x), self._rows, self._from)

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        return difference(x, x if past is None else past, self._rows, self._from), x.copy()


def difference(x: Array, other: Array, rows: list[int], channels: tuple[str, ...]) -> Array:
    """(C, [T,] V) ``x - other`` in ``rows``, 0 where either is not seen; confidences of the pair."""
    y = x.copy()
    y[rows] = only_known(x[rows] - other[rows], channels, x, other)
    if "score" in channels:
        row = channels.index("score")
        y[row] = (x[row] + other[row]) / np.float32(2)
    if "seen" in channels:
        row = channels.index("seen")
        y[row] = np.minimum(x[row], other[row])
    return y
