"""From frame numbers or times in a file to frames at one rate, without looking ahead.

Rows of the file that belong to one moment are a sample; a frame shows the newest sample at its
time, as a live stream would.

Legend: C channels, T frames, V joints, M people, R rows, S samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import UNLABELLED
from kinestream.errors import DataError
from kinestream.formats.parsing.people import check_size
from kinestream.formats.parsing.rate import MAX_FPS
from kinestream.formats.repairs import Repairs

LONG_GAP_S = 0.5
MAX_STRETCH = 100  # frames per sample: a file with longer pauses has no use as one recording
REGULAR = 0.01  # of the spacing
MIN_FPS = 0.01

Whole = NDArray[np.int64]
Times = NDArray[np.float64]
Joints = NDArray[np.float32]


@dataclass(frozen=True)
class Clock:
    """Which sample each frame shows.

    Attributes:
        fps: Frames per second.
        place: (R,) the sample that each row of the file belongs to.
        shown: (T,) the sample that each frame shows, -1 for none.
        held: (T,) frames inside a pause of more than half a second.
        repairs: What was mended.
    """

    fps: float
    place: Whole
    shown: Whole
    held: NDArray[np.bool_]
    repairs: Repairs

    @property
    def num_samples(self) -> int:
        """Number of samples S."""
        return int(self.place.max()) + 1

    def frames(self, path: Path, samples: Joints) -> tuple[Joints, Repairs]:
        """(C, T, V, M) of the samples (C, S, V, M), and how many frames show nobody.

        Raises:
            DataError: They are too many for a clip.
        """
        channels, _, joints, people = samples.shape
        check_size(path, (channels, len(self.shown), joints, people))
        data = samples[:, self.shown]
        data[:, self.shown < 0] = np.nan
        empty = np.isnan(data).all(axis=(0, 2, 3))
        return data, Repairs(empty_frames=int(empty.sum()))

    def labels(self, samples: Whole) -> Whole:
        """(T,) labels of the frames; pauses are unlabelled."""
        return np.where((self.shown < 0) | self.held, UNLABELLED, samples[self.shown])


def by_number(path: Path, numbers: Whole, fps: float) -> Clock:
    """A frame for each number from the lowest to the highest; those that are missing are empty.

    Args:
        path: The recording, for errors.
        numbers: (R,) the frame number of each row.
        fps: Frames per second.

    Raises:
        DataError: Far more numbers are missing than are there.
    """
    known, place = np.unique(numbers, return_inverse=True)
    count = int(known[-1]) - int(known[0]) + 1
    _check_stretch(path, count, len(known), f"frame numbers from {known[0]} to {known[-1]}")
    shown = np.full(count, -1, dtype=np.int64)
    shown[known - known[0]] = np.arange(len(known))
    pauses = np.diff(known)
    repairs = Repairs(
        backwards=int((np.diff(numbers) < 0).sum()),
        gaps=int((pauses > 1).sum()),
        long_gaps=int((pauses > max(LONG_GAP_S * fps, 1)).sum()),
    )
    return Clock(fps, place, shown, np.zeros(count, dtype=np.bool_), repairs)


def by_time(path: Path, times_s: Times, stated: float | None) -> Clock:
    """Samples at regular times as they are; others on a clock that begins with the first.

    The rate is the roundest that explains the times. Where they are irregular it is the one
    stated, else that of the usual spacing.

    Args:
        path: The recording, for errors.
        times_s: (R,) the time of each row in seconds, finite.
        stated: Frames per second, where the caller tells.

    Raises:
        DataError: There is a single time and no rate, times are minutes apart, or they span far
            more than the samples.
    """
    known, place = np.unique(times_s, return_inverse=True)
    backwards = int((np.diff(times_s) < 0).sum())
    if len(known) == 1:
        if stated is None:
            raise DataError(
                f"{path} holds a single time, which tells no frame rate: give it with --fps N, "
                f"fps=... in Python."
            )
        shown = np.zeros(1, dtype=np.int64)
        return Clock(stated, place, shown, shown > 0, Repairs(backwards=backwards))
    spacing = np.diff(known)
    if float(spacing.min()) > 1 / MIN_FPS:
        raise DataError(
            f"{path}: frames are {float(spacing.min()):.3g} s apart; is the unit of their times right?"
        )
    fps = regular_rate(known)
    if fps is not None:
        agreed = stated if stated is not None and abs(stated / fps - 1) < REGULAR else fps
        shown = np.arange(len(known))
        return Clock(agreed, place, shown, shown < 0, Repairs(backwards=backwards))
    usual = float(np.sort(spacing)[(len(spacing) - 1) // 2])
    rate = stated or float(f"{1 / max(usual, 1 / MAX_FPS):.4g}")
    shown, held, counts = _newest(path, known, rate)
    repairs = counts + Repairs(
        backwards=backwards,
        gaps=int((spacing > 1.5 / rate).sum()),
        long_gaps=int((spacing > LONG_GAP_S).sum()),
    )
    return Clock(rate, place, shown, held, repairs)


def regular_rate(times_s: Times) -> float | None:
    """The roundest rate at which increasing times follow each other, or None if they do not.

    Times in whole milliseconds may be off by one, others by a hundredth of their spacing.

    >>> regular_rate(np.array([0.0, 0.033, 0.067, 0.1]))
    30.0
    >>> regular_rate(np.array([0.0, 0.033, 0.1])) is None
    True
    """
    since = times_s - times_s[0]
    count = len(since) - 1
    mean = count / float(since[-1])
    if not mean <= MAX_FPS:
        return None
    whole_ms = bool((np.abs(since * 1e3 - np.rint(since * 1e3)) < 1e-3).all())
    finest = 1e-9 + 4 * float(np.spacing(np.abs(times_s).max()))
    steps = np.arange(count + 1)
    for tolerance in (finest, 1e-3) if whole_ms else (finest,):
        for digits in range(1, 16):
            fps = float(f"{mean:.{digits}g}")
            if float(np.abs(since - steps / fps).max()) <= tolerance:
                return fps
    regular = float(np.abs(since - steps / mean).max()) <= REGULAR / mean
    return float(f"{mean:.6g}") if regular else None


def _newest(path: Path, times_s: Times, fps: float) -> tuple[Whole, NDArray[np.bool_], Repairs]:
    span = float(times_s[-1] - times_s[0])
    _check_stretch(path, span * fps + 1, len(times_s), f"times over {span:.0f} s")
    grid = times_s[0] + np.arange(int(span * fps + 1e-6) + 1) / fps
    shown = np.searchsorted(times_s, grid + 1e-6 / fps, side="right") - 1
    following = times_s[np.minimum(shown + 1, len(times_s) - 1)]
    empty = np.diff(shown, prepend=-1) == 0
    held = empty & (following - times_s[shown] > LONG_GAP_S)
    counts = Repairs(filled_frames=int((empty & ~held).sum()), held_frames=int(held.sum()))
    return shown, held, counts


def _check_stretch(path: Path, frames: float, samples: int, what: str) -> None:
    if not frames <= MAX_STRETCH * samples:
        raise DataError(
            f"{path} has {what}, but only {samples} of {frames:.0f} frames: cut the recording "
            f"where it pauses."
        )
