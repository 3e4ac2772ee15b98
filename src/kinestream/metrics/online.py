"""How soon a live recogniser says what goes on, and how often it cries wolf.

Legend: T frames, K classes, R segments. A segment is a run of frames with one label; a label of -1
in the truth marks frames that are not labelled: they count nowhere, and segments end at them.

A label is known ``delay_frames`` after its frame has arrived. A true segment is recognised at its
first frame that carries its label; its delay runs from its own start to when that is known, so an
instant recogniser has its declared delay and nothing more. A segment without such a frame is
missed. It is kept from the first frame after which, up to its end, every label is right.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import ConfigError, DataError
from kinestream.metrics.frames import UNLABELLED
from kinestream.metrics.protocols import Labels, checked_trials
from kinestream.metrics.segments import run_table

LOWEST_FPS, HIGHEST_FPS = 1e-3, 1e6
MAX_FRAMES = 1 << 31


@dataclass(frozen=True)
class OnlineScores:
    """What is said of some segments, of one class or of all.

    Attributes:
        segments: True segments.
        missed: Of these, the ones none of whose frames carries their label.
        median_delay_s: Median of the delays of those that were not missed; NaN without one.
        p90_delay_s: What nine in ten of these delays do not exceed, interpolated; NaN without one.
        kept: Segments whose last frame carries their label.
        earliness: Percent of the segment that has gone by when its label is known for good, mean
            over the kept ones: 0 at once, 100 not before its end; NaN without one.
        false_alarms: Predicted segments that meet no true one of their class.
        false_alarms_per_hour: The same for each hour of labelled frames.
    """

    segments: int
    missed: int
    median_delay_s: float
    p90_delay_s: float
    kept: int
    earliness: float
    false_alarms: int
    false_alarms_per_hour: float

    def to_dict(self) -> dict[str, int | float | None]:
        """The scores as plain JSON values; a figure that does not exist is ``None``."""
        values = asdict(self).items()
        return {name: value if math.isfinite(value) else None for name, value in values}


@dataclass(frozen=True)
class OnlineReport:
    """Delays, misses and false alarms of a set of trials.

    Attributes:
        overall: All classes together.
        classes: Each class that has a segment on either side.
        hours: Length of the labelled frames.
        delay_s: The declared delay, which is part of all others.
    """

    overall: OnlineScores
    classes: dict[int, OnlineScores]
    hours: float
    delay_s: float

    def to_dict(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return {
            "overall": self.overall.to_dict(),
            "classes": {str(label): row.to_dict() for label, row in self.classes.items()},
            "hours": self.hours,
            "delay_s": self.delay_s,
        }

    def __str__(self) -> str:
        row = self.overall
        return (
            f"delay {row.median_delay_s:.2f} s (median), {row.p90_delay_s:.2f} s (p90), "
            f"{row.missed} of {row.segments} segments missed, "
            f"{row.false_alarms_per_hour:.1f} false alarms an hour"
        )


def evaluate_online(
    predictions: Sequence[Labels],
    truths: Sequence[Labels],
    num_classes: int,
    *,
    fps: float,
    delay_frames: int = 0,
    background: Collection[int] = (),
    min_overlap_s: float = 0.0,
) -> OnlineReport:
    """Delay, misses, earliness and false alarms of live labels.

    Args:
        predictions: One (T,) row of class indices for each trial, -1 where nothing is said.
        truths: The same for the labels; -1 marks frames that are not labelled.
        num_classes: How many classes there are; every label must lie below.
        fps: Frames in a second.
        delay_frames: Frames between a frame's arrival and its label, as the model declares.
        background: Classes that form no segment.
        min_overlap_s: A predicted segment that shares less than this with each true one of its
            class is a false alarm; one frame at least.

    Raises:
        DataError: There is no trial or no labelled frame, lengths differ, a label is out of range.
        ConfigError: A rate, delay or overlap that cannot be.

    >>> truth = np.array([0, 0, 1, 1, 1, 1, 0, 0])
    >>> late = np.array([0, 0, 0, 1, 1, 1, 0, 1])
    >>> scores = evaluate_online([late], [truth], 2, fps=2, delay_frames=1, background=(0,)).overall
    >>> scores.median_delay_s, scores.earliness, scores.missed, scores.false_alarms
    (1.0, 50.0, 0, 1)
    """
    if not LOWEST_FPS <= fps <= HIGHEST_FPS:
        raise ConfigError(f"fps must be {LOWEST_FPS:g} to {HIGHEST_FPS:g}, got {fps}.")
    if not 0 <= delay_frames < MAX_FRAMES:
        raise ConfigError(f"delay_frames must be 0 or more frames, got {delay_frames}.")
    if not 0 <= min_overlap_s * fps < MAX_FRAMES:
        raise ConfigError(f"min_overlap_s must be 0 or more seconds, got {min_overlap_s}.")
    trials = checked_trials(predictions, truths, num_classes)
    # 0.3 s at 10 fps is 3 frames, though the product lies a trace above.
    least = max(1, math.ceil(min_overlap_s * fps - 1e-9))
    found = np.concatenate(
        [_recognised(seen, wanted, background, delay_frames) for seen, wanted in trials]
    )
    alarms = np.concatenate(
        [_false_alarms(seen, wanted, background, least) for seen, wanted in trials]
    )
    hours = sum(int(np.sum(wanted >= 0)) for _, wanted in trials) / fps / 3600.0
    present = np.union1d(found[:, 0], alarms[:, 0]).astype(np.int64).tolist()
    classes = {
        label: _scores(found[found[:, 0] == label], alarms[alarms[:, 0] == label], fps, hours)
        for label in present
    }
    return OnlineReport(_scores(found, alarms, fps, hours), classes, hours, delay_frames / fps)


def labels_of_events(events: Iterable[tuple[int, int]], frames: int) -> Labels:
    """What a recogniser that reports changes shows at each frame.

    What is shown is known already, so it is evaluated with ``delay_frames=0``.

    Args:
        events: ``(frame, label)`` in order: from this frame on, the label is shown.
        frames: T.

    Returns:
        (T,) int64, -1 before the first event.

    Raises:
        DataError: An event lies outside the recording or before the one ahead of it.

    >>> labels_of_events([(1, 2), (3, 0)], frames=4).tolist()
    [-1, 2, 2, 0]
    """
    if not 0 <= frames < MAX_FRAMES:
        raise DataError(f"frames must be 0 to {MAX_FRAMES - 1}, got {frames}.")
    starts, labels = [0], [UNLABELLED]
    for frame, label in events:
        if not starts[-1] <= frame < frames:
            raise DataError(
                f"an event at frame {frame} is not within frames {starts[-1]} .. {frames - 1}."
            )
        starts.append(frame)
        labels.append(label)
    return np.repeat(np.asarray(labels, dtype=np.int64), np.diff([*starts, frames]))


def _recognised(
    seen: Labels, wanted: Labels, background: Collection[int], delay_frames: int
) -> NDArray[np.float64]:
    """(R, 3) class, delay in frames and share gone by of each true segment; NaN for none."""
    table = run_table(wanted, background)
    rows = np.full((len(table), 3), np.nan)
    if not len(table):
        return rows
    label, start, stop = table.T
    frames = np.arange(len(wanted))
    right = np.append(seen == wanted, False)
    bounds = table[:, 1:].ravel()
    first = np.minimum.reduceat(np.where(right, np.append(frames, 0), len(wanted)), bounds)[::2]
    final = np.maximum.reduceat(np.where(right, -1, np.append(frames, -1)), bounds)[::2] + 1
    kept_from = np.maximum(final, start)
    rows[:, 0] = label
    rows[:, 1] = np.where(first < stop, first - start + delay_frames, np.nan)
    gone = np.minimum((kept_from - start + delay_frames) / (stop - start), 1.0)
    rows[:, 2] = np.where(kept_from < stop, gone, np.nan)
    return rows


def _false_alarms(
    seen: Labels, wanted: Labels, background: Collection[int], least: int
) -> NDArray[np.int64]:
    """Rows of label, start and stop of the predicted segments that meet no true one."""
    table = run_table(seen, background)
    # Frames where both agree, cut into runs, are what a predicted and a true segment share.
    shared = run_table(np.where(seen == wanted, wanted, UNLABELLED), background)
    shared = shared[shared[:, 2] - shared[:, 1] >= least]
    met = np.searchsorted(table[:, 1], shared[:, 1], side="right") - 1
    return np.delete(table, met, axis=0)


def _scores(
    found: NDArray[np.float64], alarms: NDArray[np.int64], fps: float, hours: float
) -> OnlineScores:
    delays, gone = (column[~np.isnan(column)] for column in (found[:, 1], found[:, 2]))
    median, p90 = np.percentile(delays / fps, (50, 90)) if delays.size else (np.nan, np.nan)
    return OnlineScores(
        segments=len(found),
        missed=len(found) - len(delays),
        median_delay_s=float(median),
        p90_delay_s=float(p90),
        kept=len(gone),
        earliness=100.0 * float(gone.mean()) if gone.size else float("nan"),
        false_alarms=len(alarms),
        false_alarms_per_hour=len(alarms) / hours,
    )
