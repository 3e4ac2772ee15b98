"""Clips cut from one recording: rows of frames that two sets of recordings share.

Legend: T frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ROW = 8  # so many frames in a row are alike in two recordings only if one was cut from the other

Hashes = NDArray[np.uint64]
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that nothing is lost modulo 2**64


def shared_frames(first: Sequence[Hashes], second: Sequence[Hashes]) -> int:
    """Frames of ``second`` that lie in a row of eight or more which ``first`` has too.

    Rows with a frame that is not told (0), and rows of one frame repeated, count as no evidence.

    Args:
        first: (T,) numbers of the frames of each recording; 0 is not told.
        second: The same of the other recordings.

    >>> film = np.arange(1, 30, dtype=np.uint64)
    >>> shared_frames([film], [film[5:15], film[3:10]])
    10
    """
    known = np.unique(np.concatenate([np.zeros(1, np.uint64), *(_rows(each) for each in first)]))
    total = 0
    for frames in second:
        rows = _rows(frames)
        covered = np.zeros(len(frames), dtype=bool)
        for start in np.flatnonzero((rows != 0) & np.isin(rows, known)):
            covered[start : start + ROW] = True
        total += int(covered.sum())
    return total


def _rows(frames: Hashes) -> Hashes:
    """(T-7,) a number for each eight frames in a row; 0 for those that are no evidence."""
    if len(frames) < ROW:
        return np.zeros(0, np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(frames, ROW)  # (T-7, 8)
    hashes = np.zeros(len(windows), np.uint64)
    for column in windows.T:
        hashes = hashes * _FACTOR + column
    still = (windows == windows[:, :1]).all(axis=1)
    return np.where((windows == 0).any(axis=1) | still, np.uint64(0), hashes)
