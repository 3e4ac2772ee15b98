"""The bundle's grid: frames at the times that the network counts in.

Legend: C channels, V joints, M people of a scene.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.streaming.resample import Resampler

Array = NDArray[np.float32]


class Grid:
    """Brings frames at any times onto a grid that begins with the first of them.

    Args:
        fps: Points of the grid per second.
        snap_s: Stamps this close to a point are taken for it: cameras round theirs.
    """

    def __init__(self, fps: float, snap_s: float) -> None:
        self._fps = fps
        self._snap_s = snap_s
        self._resampler = Resampler(fps)
        self._start_s = 0.0
        self._last_s: float | None = None
        self._made = 0

    def push(self, frame: Array, at_s: float) -> list[tuple[Array, float]]:
        """Take a frame (C, V[, M]); returns the frames of the grid up to it, and their times.

        A frame of the same instant as the one before is left out.
        """
        if self._last_s is None:
            self._start_s = at_s
        # Counted from the start, since large numbers of seconds have few digits behind the point.
        since_s = self._snapped(at_s - self._start_s)
        if self._last_s is not None and since_s <= self._last_s:
            return []
        self._last_s = since_s
        frames = self._resampler.push(frame, since_s)
        first, self._made = self._made, self._made + len(frames)
        return [
            (made, self._start_s + number / self._fps) for number, made in enumerate(frames, first)
        ]

    def _snapped(self, since_s: float) -> float:
        point_s = round(since_s * self._fps) / self._fps
        return point_s if abs(point_s - since_s) <= self._snap_s else since_s
