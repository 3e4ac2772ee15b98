"""From the times at which frames come to the rate a bundle was trained at.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.features.times import ON_A_FRAME, TIME_NOISE_S, between
from kinestream.streaming.arguments import number

Array = NDArray[np.float32]

# Rates this close are taken as equal: 29.97 is 30.
TOLERANCE = 0.005
# Beyond this, the frames in between would be invented rather than interpolated.
LARGEST_FACTOR = 8.0


def same_rate(fps: float, target_fps: float) -> bool:
    """Whether frames can be taken as they are."""
    return abs(fps / target_fps - 1) < TOLERANCE


def check_rate(fps: float, target_fps: float) -> None:
    """Refuse rates that cannot be brought to the target.

    Raises:
        ConfigError: The rate is no number.
        DataError: It is not positive or too far off.
    """
    fps = number(fps, "fps must be a number of frames per second")
    if not (np.isfinite(fps) and fps > 0):
        raise DataError(f"fps must be above 0, got {fps}.")
    if not 1 / LARGEST_FACTOR <= fps / target_fps <= LARGEST_FACTOR:
        raise DataError(
            f"frames come at {fps:g} fps, the bundle works at {target_fps:g}: rates within a factor "
            f"of {LARGEST_FACTOR:g} can be resampled. Is the rate right?"
        )


def resample_clip(clip: Clip, fps: float) -> Clip:
    """The clip on a grid of ``fps``, by linear interpolation; labels from the nearest frame.

    A point is NaN where either of its neighbours is. A clip whose frames did not come regularly goes
    through :func:`kinestream.features.resample_times` instead.
    """
    if same_rate(clip.fps, fps):
        return clip
    check_rate(clip.fps, fps)
    last = clip.num_frames - 1
    times = np.arange(int(np.floor(last / clip.fps * fps + 1e-9)) + 1) * (clip.fps / fps)
    before = np.minimum(times.astype(int), last)
    after = np.minimum(before + 1, last)
    share = (times - before).astype(np.float32)[:, None, None]  # (T, 1, 1)
    data = between(clip.data[:, before], clip.data[:, after], share)
    labels = None if clip.labels is None else clip.labels[np.rint(times).astype(int)]
    return replace(clip, data=data, labels=labels, fps=fps)


class Resampler:
    """Live frames at any rate in, frames on the grid of ``fps`` out; each as soon as it is known.

    Args:
        fps: Rate of the grid, whose first point is the first frame.
        max_gap_s: Frames of the grid between frames further apart than this are NaN; ``None`` draws
            lines across every gap.

    Attributes:
        start_s: When the first frame came.
        made: Frames of the grid so far.
        last: Time of the newest frame and the frame, ``None`` before the first.
    """

    def __init__(self, fps: float, max_gap_s: float | None = None) -> None:
        self._fps = fps
        self._max_gap_s = np.inf if max_gap_s is None else max_gap_s
        self.start_s = 0.0
        self.made = 0
        self.last: tuple[float, Array] | None = None

    def push(self, frame: Array, time_s: float) -> list[Array]:
        """Take a frame (C, V), later than the one before; returns those of the grid up to it."""
        if self.last is None:
            self.start_s, self.made, self.last = time_s, 1, (time_s, frame)
            return [frame]
        before_s, before = self.last
        grid = []
        gap_s = time_s - before_s
        while (next_s := self.start_s + self.made / self._fps) <= time_s + TIME_NOISE_S:
            share = np.float32(min((next_s - before_s) / gap_s, 1.0))
            made = between(before, frame, share)
            if gap_s > self._max_gap_s and ON_A_FRAME < share < 1 - ON_A_FRAME:
                made = np.full_like(made, np.nan)
            grid.append(made)
            self.made += 1
        self.last = time_s, frame
        return grid
