"""What the events of a run are worth: how soon they come, how many are missed or false.

Legend: T frames.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from kinestream.metrics import evaluate_online, run_table
from kinestream.streaming.events import Event, EventRules, Events
from kinestream.training.reports.answers import Answer

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class EventFigures:
    """The events of a set of recordings against their true segments.

    Attributes:
        rules: What they were made by.
        events: How many actions started.
        segments: True segments.
        missed: Of these, the ones that no event of their class meets in a frame.
        median_delay_s: Median over the others of the time from the start of the segment until the
            first such event was said, 0 where that was before; NaN without one.
        p90_delay_s: What nine in ten of these delays do not exceed, interpolated; NaN without one.
        false_alarms: Events that meet no true segment of their class.
        false_alarms_per_hour: The same for each hour of labelled frames.
    """

    rules: EventRules
    events: int
    segments: int
    missed: int
    median_delay_s: float
    p90_delay_s: float
    false_alarms: int
    false_alarms_per_hour: float

    def to_dict(self) -> dict[str, object]:
        """The figures as plain JSON values; one that does not exist is ``None``."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }

    def __str__(self) -> str:
        found = self.segments > self.missed
        delay = f"{self.median_delay_s:.2f} s (median), {self.p90_delay_s:.2f} s (p90)"
        return (
            f"delay {delay if found else '-'}, "
            f"{self.missed} of {self.segments} segments missed, "
            f"{self.false_alarms_per_hour:.1f} false alarms an hour"
        )


def event_figures(
    answers: Sequence[Answer],
    rules: EventRules,
    classes: Sequence[str],
    background: Collection[int],
    *,
    fps: float,
    delay_frames: int = 0,
) -> EventFigures:
    """Make the events of every recording and compare them with the truth.

    An event is measured by the frames from its start to its end, and by when it was said: one that
    comes late but speaks of what was there is late, not false.

    Raises:
        DataError: No frame is labelled.
    """
    shown: list[Labels] = []
    delays: list[float] = []
    count = 0
    for answer in answers:
        events = Events(rules, classes, background, delay_s=delay_frames / fps)
        said = _events_of(answer, events, fps)
        shown.append(_frames_of(said, len(answer.truth), fps))
        delays += _delays(said, shown[-1], answer.truth, background, fps)
        count += sum(event.kind == "started" for event in said)
    truths = [answer.truth for answer in answers]
    online = evaluate_online(shown, truths, len(classes), fps=fps, background=background).overall
    median, p90 = np.percentile(delays, (50, 90)) if delays else (math.nan, math.nan)
    return EventFigures(
        rules=rules,
        events=count,
        segments=online.segments,
        missed=online.missed,
        median_delay_s=float(median),
        p90_delay_s=float(p90),
        false_alarms=online.false_alarms,
        false_alarms_per_hour=online.false_alarms_per_hour,
    )


def _events_of(answer: Answer, events: Events, fps: float) -> list[Event]:
    said = [event for t, row in enumerate(answer.scores) for event in events.push(row, t / fps)]
    return said + events.finish()


def _frames_of(said: Sequence[Event], frames: int, fps: float) -> Labels:
    """(T,) the action of each frame by what was said in the end, -1 where there is none."""
    labels = np.full(frames, -1, np.int64)
    for event in said:
        if event.end_s is not None:
            labels[round(event.start_s * fps) : round(event.end_s * fps)] = event.label
    return labels


def _delays(
    said: Sequence[Event], shown: Labels, truth: Labels, background: Collection[int], fps: float
) -> list[float]:
    """For each true segment that an event meets, how long after its start that was said."""
    started = [event for event in said if event.kind == "started"]
    starts = np.array([round(event.start_s * fps) for event in started])
    found = []
    for label, start, stop in run_table(truth, background).tolist():
        met = np.flatnonzero(shown[start:stop] == label)
        if len(met):
            event = started[np.searchsorted(starts, start + met[0], side="right") - 1]
            found.append(max(0.0, event.known_s - start / fps))
    return found
