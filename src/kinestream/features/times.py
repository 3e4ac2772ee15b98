"""From irregular times to a grid of frames, causally: each point as soon as it is known.

Legend: C channels, T frames, V joints, M people, G points of the grid.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES, UNLABELLED
from kinestream.errors import DataError

Array = NDArray[np.float32]
Times = NDArray[np.float64]

# A point this close to a frame, in shares of the way to the next, takes what the frame alone knows.
ON_A_FRAME = 1e-4
# Times that differ by less are one: their sums are not exact.
TIME_NOISE_S = 1e-9


def resample_times(
    values: Array, times_s: NDArray[np.floating[Any]], fps: float, max_gap_s: float | None = None
) -> tuple[Array, NDArray[np.int64]]:
    """Frames on a grid that begins with the first frame, on lines between their neighbours.

    Nothing later than the first frame at or after a point is used, so a live stream gets the same
    numbers, waiting one frame of its source at most. Where either neighbour is NaN a point between
    them is NaN.

    Args:
        values: (C, T, V, M).
        times_s: (T,) seconds, growing.
        fps: Points of the grid per second.
        max_gap_s: Points between frames further apart than this are NaN; ``None`` draws lines
            across every gap.

    Returns:
        (C, G, V, M), and (G,) the frame whose label a point takes: the nearest, or -1 in a gap.

    Raises:
        DataError: Times do not grow or are not finite, there is not one for each frame, the rate or
            the gap is not above 0, or the grid would be larger than a clip may be.

    >>> values = np.array([0.0, 1.0, 3.0], np.float32).reshape(1, 3, 1, 1)
    >>> grid, frames = resample_times(values, np.array([0, 0.125, 0.375]), fps=8)
    >>> grid.ravel().tolist(), frames.tolist()
    ([0.0, 1.0, 2.0, 3.0], [0, 1, 2, 2])
    """
    times_s = _checked(values, np.asarray(times_s, np.float64), fps, max_gap_s)
    count = int(np.floor((times_s[-1] - times_s[0] + TIME_NOISE_S) * fps)) + 1
    if count * values[:, 0].size > MAX_VALUES:
        raise DataError(
            f"{times_s[-1] - times_s[0]:g} s at {fps:g} fps are {count} frames, more than a clip may "
            f"hold: are the times in seconds?"
        )
    points_s = times_s[0] + np.arange(count) / fps
    after = np.searchsorted(times_s, points_s - TIME_NOISE_S).clip(0, len(times_s) - 1)
    before = np.maximum(after - 1, 0)
    gap_s = times_s[after] - times_s[before]
    share = (points_s - times_s[before]) / np.where(gap_s > 0, gap_s, 1)
    share = share.clip(0, 1).astype(np.float32)
    grid = between(values[:, before], values[:, after], share[:, None, None])
    nearest = np.where(share < 0.5, before, after)
    if max_gap_s is not None:
        inside = (gap_s > max_gap_s) & (share > ON_A_FRAME) & (share < 1 - ON_A_FRAME)
        grid[:, inside] = np.nan
        nearest[inside] = UNLABELLED
    return grid, nearest.astype(np.int64)


def between(before: Array, after: Array, share: Array | np.float32) -> Array:
    """On the lines from ``before`` to ``after``; NaN where one is, but on the other."""
    made = before * (1 - share) + after * share
    lost = np.isnan(made)
    if lost.any():
        made = np.where(lost & (share <= ON_A_FRAME), before, made)
        made = np.where(lost & (share >= 1 - ON_A_FRAME), after, made)
    return np.asarray(made, np.float32)


def _checked(values: Array, times_s: Times, fps: float, max_gap_s: float | None) -> Times:
    if values.ndim != 4 or times_s.shape != values.shape[1:2] or not len(times_s):
        raise DataError(
            f"frames (C, T, V, M) need one time each, got {values.shape} and {times_s.shape} times."
        )
    if not np.isfinite(times_s).all() or (np.diff(times_s) <= 0).any():
        raise DataError("frame times must be finite and grow from frame to frame.")
    for what, value in (("fps", fps), ("max_gap_s", max_gap_s)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise DataError(f"{what} must be above 0, got {value}.")
    return times_s
