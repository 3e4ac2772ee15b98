"""A timeline: what comes out of a run, frame by frame and segment by segment.

Legend: T frames, K classes, P pushes (calls that were timed).
"""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.cells import safe_cell
from kinestream.errors import DataError, MissingExtraError
from kinestream.files import write_atomically
from kinestream.metrics import Protocol, Report, evaluate, runs

if TYPE_CHECKING:
    from kinestream.streaming.events import Event, EventRules

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrameLabel:
    """The answer for one frame of one person.

    Attributes:
        index: Frame it speaks of, counted from 0.
        time_s: When that frame was seen.
        person: Whom it speaks of.
        label: Class index.
        name: Class name.
        score: Probability of the class, 0 to 1.
        delay_s: How long after the frame the answer is given, by the model's look-ahead.
    """

    index: int
    time_s: float
    person: int
    label: int
    name: str
    score: float
    delay_s: float = 0.0


@dataclass(frozen=True)
class Segment:
    """Frames ``start_frame`` to ``stop_frame - 1`` with one label.

    ``end_s`` is when the next frame begins; ``score`` is the mean probability of the label, NaN
    where there are no scores (the truth).
    """

    start_s: float
    end_s: float
    start_frame: int
    stop_frame: int
    label: int
    name: str
    score: float


@dataclass(frozen=True)
class Comparison:
    """How far one timeline agrees with another.

    Attributes:
        equal_frames: Percent of the frames with the same label.
        report: The first one's figures with the second one's labels as the truth.
    """

    equal_frames: float
    report: Report


@dataclass(frozen=True, eq=False)
class Timeline:
    """Scores of every frame of one person, in the order of time.

    Attributes:
        classes: Names of the K classes.
        fps: Frames per second.
        scores: (T, K) float32 probabilities, 0 to 1.
        times_s: (T,) float64, when each frame was seen; never falling.
        decided: (T,) int64, the label chosen for each frame; None for the most likely class.
        person: Whom it speaks of.
        truth: (T,) int64 class indices, -1 where a frame is not labelled; or None.
        latency_ms: (P,) float64, how long each push took; or None.
        delay_frames: Look-ahead of the model that answered.
        source: Where the frames came from.
        background: Classes that form no segment.

    Raises:
        DataError: Shapes, times, scores or labels do not fit together.
    """

    classes: tuple[str, ...]
    fps: float
    scores: NDArray[np.float32]
    times_s: NDArray[np.float64]
    decided: NDArray[np.int64] | None = field(default=None)
    person: int = 0
    truth: NDArray[np.int64] | None = field(default=None)
    latency_ms: NDArray[np.float64] | None = field(default=None)
    delay_frames: int = 0
    source: str = ""
    background: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in (("scores", np.float32), ("times_s", np.float64)):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=kind))
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise DataError(f"fps must be above 0, got {self.fps}.")
        if self.delay_frames < 0:
            raise DataError(f"delay_frames must be 0 or more, got {self.delay_frames}.")
        if outside := [index for index in self.background if not 0 <= index < len(self.classes)]:
            raise DataError(
                f"background class {outside[0]} is outside the list of {len(self.classes)} classes."
            )
        self._check_scores()
        self._check_times()
        if self.decided is not None:
            object.__setattr__(self, "decided", self._checked_labels("decided", self.decided, 0))
        if self.truth is not None:
            object.__setattr__(self, "truth", self._checked_labels("truth", self.truth, -1))
        if self.latency_ms is not None:
            object.__setattr__(self, "latency_ms", _checked_latency(self.latency_ms))

    def _check_scores(self) -> None:
        if self.scores.ndim != 2 or self.scores.shape[1] != len(self.classes) or not self.classes:
            raise DataError(
                f"scores must be (T, {len(self.classes)}), one column for each class, "
                f"got {self.scores.shape}."
            )
        if not self.scores.size:
            return
        low, high = float(self.scores.min()), float(self.scores.max())
        if not (low >= -1e-4 and high <= 1 + 1e-4):  # NaN fails too
            raise DataError(
                f"scores must be probabilities from 0 to 1, got {low:g} to {high:g}: apply softmax "
                f"first."
            )

    def _check_times(self) -> None:
        if self.times_s.shape != (self.num_frames,):
            raise DataError(
                f"times_s must hold {self.num_frames} times, one for each frame, got shape "
                f"{self.times_s.shape}."
            )
        if not np.isfinite(self.times_s).all() or (np.diff(self.times_s) < 0).any():
            raise DataError("times_s must be finite seconds that never fall.")

    def _checked_labels(self, name: str, values: ArrayLike, lowest: int) -> NDArray[np.int64]:
        labels = np.asarray(values, dtype=np.int64)
        if labels.shape != (self.num_frames,):
            raise DataError(f"{name} has shape {labels.shape} for {self.num_frames} frames.")
        if labels.size and not lowest <= labels.min() <= labels.max() < len(self.classes):
            raise DataError(
                f"{name} holds labels {labels.min()} to {labels.max()}; they must lie between "
                f"{lowest} and {len(self.classes) - 1}."
            )
        return labels

    def __repr__(self) -> str:
        return f"Timeline({self.num_frames} frames, {len(self.classes)} classes, {self.fps:g} fps)"

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return len(self.scores)

    @property
    def delay_s(self) -> float:
        """Look-ahead of the model in seconds."""
        return self.delay_frames / self.fps

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(T,) int64, what was decided, or the class with the highest score (the lower of equals)."""
        if self.decided is not None:
            return self.decided
        return np.asarray(self.scores.argmax(axis=1), dtype=np.int64)

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """(T,) float32, the score of each frame's label."""
        return np.asarray(np.take_along_axis(self.scores, self.labels[:, None], axis=1)[:, 0])

    @cached_property
    def segments(self) -> list[Segment]:
        """Segments of the labels in order, without the background classes."""
        return self._segments(self.labels, scored=True)

    @cached_property
    def truth_segments(self) -> list[Segment]:
        """Segments of the truth in order; empty when there is none."""
        return [] if self.truth is None else self._segments(self.truth, scored=False)

    def _segments(self, labels: NDArray[np.int64], *, scored: bool) -> list[Segment]:
        ends_s = np.append(self.times_s[1:], self.times_s[-1:] + 1 / self.fps)
        return [
            Segment(
                start_s=float(self.times_s[run.start]),
                end_s=float(ends_s[run.stop - 1]),
                start_frame=run.start,
                stop_frame=run.stop,
                label=run.label,
                name=self.classes[run.label],
                score=float(self.scores[run.start : run.stop, run.label].mean(dtype=np.float64))
                if scored
                else float("nan"),
            )
            for run in runs(labels, self.background)
        ]

    def frames(self) -> Iterator[FrameLabel]:
        """The answers frame by frame, as a stream gives them."""
        rows = zip(self.times_s.tolist(), self.labels.tolist(), self.confidence, strict=True)
        for index, (time_s, label, score) in enumerate(rows):
            name = self.classes[label]
            yield FrameLabel(index, time_s, self.person, label, name, float(score), self.delay_s)

    def events(self, rules: EventRules | None = None) -> list[Event]:
        """What a stream would have said of this person: actions that started and ended.

        Args:
            rules: When an action has started or ended; those of a bundle are
                ``bundle.manifest.events.rules()``. The usual ones by default.
        """
        from kinestream.streaming.events import EventRules, Events

        events = Events(
            rules or EventRules(),
            self.classes,
            self.background,
            person=self.person,
            delay_s=self.delay_s,
        )
        said = [
            event
            for row, time_s in zip(self.scores, self.times_s.tolist(), strict=True)
            for event in events.push(row, time_s)
        ]
        return said + events.finish()

    def report(self, protocol: Protocol = "ms-tcn") -> Report:
        """Figures of merit against the truth, percent.

        Raises:
            DataError: The truth is not known, or labels no frame.
        """
        if self.truth is None:
            raise DataError("this timeline has no truth to be measured against.")
        return self._report(self.truth, protocol)

    def _report(self, truth: NDArray[np.int64], protocol: Protocol) -> Report:
        return evaluate(
            [self.labels],
            [truth],
            len(self.classes),
            protocol=protocol,
            background=self.background,
        )

    def compare(self, other: Timeline, protocol: Protocol = "ms-tcn") -> Comparison:
        """Measure this timeline's labels against another's, frame by frame.

        Raises:
            DataError: The two differ in length or classes, or are empty.
        """
        if self.classes != other.classes or self.num_frames != other.num_frames:
            raise DataError(
                f"only timelines of the same frames and classes can be compared: one has "
                f"{self.num_frames} frames and {len(self.classes)} classes, the other "
                f"{other.num_frames} and {len(other.classes)}"
                f"{'' if self.classes == other.classes else ', named differently'}."
            )
        report = self._report(other.labels, protocol)
        return Comparison(equal_frames=report.frame_accuracy, report=report)

    def latency_percentiles(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the time a push took, ms; None when it was not measured."""
        if self.latency_ms is None or not self.latency_ms.size:
            return None
        p50, p99 = np.percentile(self.latency_ms, (50, 99))
        return float(p50), float(p99)

    def to_csv(self, path: str | Path) -> Path:
        """Write ``index,time_s,person,label,score``, one row for each frame; label is the name.

        A name that a spreadsheet would take for a formula gets an apostrophe in front.
        """
        names = [safe_cell(name) for name in self.classes]
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("index", "time_s", "person", "label", "score"))
        table.writerows(
            (row.index, f"{row.time_s:.6f}", row.person, names[row.label], f"{row.score:.6f}")
            for row in self.frames()
        )
        return write_atomically(path, text.getvalue().encode(errors="replace"))

    def to_json(self, path: str | Path) -> Path:
        """Write the segments, what they were made of and, with a truth, the metrics."""
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        return write_atomically(path, f"{text}\n".encode(errors="replace"))

    def to_dict(self) -> dict[str, object]:
        """The content of :meth:`to_json` as plain JSON values."""
        latency = self.latency_percentiles()
        known = self.truth is not None and bool((self.truth >= 0).any())
        return {
            "source": self.source,
            "person": self.person,
            "classes": list(self.classes),
            "background": list(self.background),
            "fps": float(self.fps),
            "frames": self.num_frames,
            "delay_frames": self.delay_frames,
            "delay_s": self.delay_s,
            "latency_ms": None if latency is None else {"p50": latency[0], "p99": latency[1]},
            "segments": [asdict(segment) for segment in self.segments],
            "metrics": self.report().to_dict() if known else None,
        }

    def plot(self, path: str | Path, title: str = "") -> Path:
        """Draw the labels over the truth and the confidence.

        Raises:
            MissingExtraError: matplotlib is not installed.
            DataError: There is no frame to draw.
        """
        from kinestream.viz import plot_timeline

        return plot_timeline([self], path, title=title)

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``labels.csv``, ``segments.json`` and ``timeline.png`` into a folder.

        Without a frame there is no picture; without matplotlib neither, and a warning is logged.

        Returns:
            The files that were written.
        """
        folder = Path(folder)
        written = [self.to_csv(folder / "labels.csv"), self.to_json(folder / "segments.json")]
        try:
            if self.num_frames:
                written.append(self.plot(folder / "timeline.png"))
        except MissingExtraError as error:
            _log.warning("timeline.png was left out: %s", error)
        return written


def _checked_latency(values: ArrayLike) -> NDArray[np.float64]:
    latency = np.asarray(values, dtype=np.float64)
    if latency.ndim != 1 or not np.isfinite(latency).all() or (latency < 0).any():
        raise DataError("latency_ms must be a row of finite times of 0 ms or more.")
    return latency
