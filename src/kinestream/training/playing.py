"""Recordings at another speed.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.features.times import between

Array = NDArray[np.float32]


def frames_at(data: Array, times: NDArray[np.float64]) -> Array:
    """Values between frames, on lines from one to the next; NaN where a neighbour needed is.

    Args:
        data: (C, T, V, M).
        times: Any number of them, 0 for the first frame to T - 1 for the last.

    >>> frames_at(np.array([0, 2, 6], np.float32).reshape(1, 3, 1, 1), np.array([0.5, 2])).ravel()
    array([1., 6.], dtype=float32)
    """
    before = np.floor(times).astype(int)
    after = np.minimum(before + 1, data.shape[1] - 1)
    share = (times - before).astype(np.float32)[:, None, None]
    return between(data[:, before], data[:, after], share)
