"""All figures of merit of a set of answers.

Legend: T frames, K classes. Shares are percent, 0 to 100; NaN is a figure that does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinestream.metrics import (
    CalibrationReport,
    DetectionReport,
    OnlineReport,
    Report,
    confusion_matrix,
    evaluate,
    evaluate_calibration,
    evaluate_detections,
    evaluate_online,
    precision_recall,
    proposals_of,
    top_k_accuracy,
)
from kinestream.training.reports.answers import Answer, RunAnswers
from kinestream.training.reports.event_figures import EventFigures, event_figures


@dataclass(frozen=True)
class ClassFigures:
    """How one class fares, frame by frame.

    Attributes:
        name: The class.
        precision: Percent of the frames called so that are; NaN when none was.
        recall: Percent of its frames that are called so; NaN when it has none.
        f1: Their harmonic mean; NaN when the class is neither there nor called.
        support: Its labelled frames.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class WholeFigures:
    """One answer for each recording, in percent of the recordings with a label."""

    top1: float
    top5: float
    recordings: int


@dataclass(frozen=True, eq=False)
class Figures:
    """The figures of a run's answers, each counted when it is first asked for.

    Raises:
        DataError: No frame of the recordings is labelled.
    """

    tested: RunAnswers

    def __post_init__(self) -> None:
        _ = self.pooled  # refuses what cannot be measured, before any file is written

    @property
    def of_recordings(self) -> bool:
        """Whether the question is what each recording shows, and not when.

        So it is for a network that averages over whole clips, and for recordings that carry one
        label from end to end: segments then say nothing.
        """
        return not self.tested.streams or all(_trimmed(answer) for answer in self._answers)

    @cached_property
    def pooled(self) -> Report:
        """Frame accuracy, edit and F1 over all recordings together."""
        return evaluate(*self._pairs, self._count, background=self._background)

    @cached_property
    def per_trial(self) -> Report:
        """The same with F1 counted in each recording, then averaged."""
        return evaluate(
            *self._pairs, self._count, protocol="per-trial", background=self._background
        )

    @cached_property
    def trials(self) -> list[Report | None]:
        """The pooled figures of each recording alone; None where none of its frames is labelled."""
        return [
            evaluate([seen], [truth], self._count, background=self._background)
            if (truth >= 0).any()
            else None
            for seen, truth in zip(*self._pairs, strict=True)
        ]

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """(K, K) frames; row is the truth, column the prediction."""
        seen, truths = (np.concatenate(rows) for rows in self._pairs)
        return confusion_matrix(seen, truths, self._count)

    @cached_property
    def classes(self) -> list[ClassFigures]:
        """Each class, in the order of the network's outputs."""
        matrix = self.confusion
        support, called, hits = matrix.sum(axis=1), matrix.sum(axis=0), np.diagonal(matrix)
        precision, recall = precision_recall(matrix)
        either = support + called
        f1 = np.full(len(either), np.nan)
        np.divide(200.0 * hits, either, out=f1, where=either > 0)
        columns = (precision.tolist(), recall.tolist(), f1.tolist(), support.tolist())
        return [ClassFigures(*row) for row in zip(self.tested.setup.classes, *columns, strict=True)]

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that occur; background classes count as any other."""
        return float(np.mean([row.f1 for row in self.classes if row.support]))

    @cached_property
    def detection(self) -> DetectionReport | None:
        """Segments as detections, one proposal for each true one; None without a true segment."""
        found: list[NDArray[np.float64]] = []
        wanted: list[NDArray[np.float64]] = []
        for number, answer in enumerate(self._answers):
            known = answer.truth >= 0
            seen = np.where(known, answer.labels, -1)  # what is not labelled counts nowhere
            for rows, labels in ((found, seen), (wanted, answer.truth)):
                proposals = proposals_of(
                    labels, answer.scores, background=self._background, video=number
                )
                rows.append(proposals)
        truths = np.concatenate(wanted)
        if not len(truths):
            return None
        classes = sorted(set(range(self._count)) - set(self._background))
        return evaluate_detections(np.concatenate(found), truths, classes, mode="strict")

    @cached_property
    def online(self) -> OnlineReport:
        """Delay, misses and false alarms, the network's look-ahead included."""
        return evaluate_online(
            *self._pairs,
            self._count,
            fps=self.tested.setup.fps,
            delay_frames=self.tested.delay_frames,
            background=self._background,
        )

    @cached_property
    def events(self) -> EventFigures:
        """Delay, misses and false alarms of events, by the rules that the bundle gets."""
        tested = self.tested
        return event_figures(
            self._answers,
            tested.config.events.rules(tested.unknown),
            tested.setup.classes,
            tested.idle,
            fps=tested.setup.fps,
            delay_frames=tested.delay_frames,
        )

    @cached_property
    def calibration(self) -> CalibrationReport:
        """Whether the probabilities of frames, or of recordings, can be believed."""
        if self.of_recordings:
            return evaluate_calibration(*self._wholes)
        scores = np.concatenate([answer.scores for answer in self._answers])
        return evaluate_calibration(scores, np.concatenate(self._pairs[1]))

    @cached_property
    def whole(self) -> WholeFigures | None:
        """One answer for each recording; None where the recordings show more than one thing."""
        if not self.of_recordings:
            return None
        scores, truth = self._wholes
        top1, top5 = (top_k_accuracy(scores, truth, min(k, self._count)) for k in (1, 5))
        return WholeFigures(top1, top5, int((truth >= 0).sum()))

    @cached_property
    def recording_labels(self) -> NDArray[np.int64]:
        """(N,) the label of most frames of each recording, -1 where none is labelled."""
        return np.array([label_of(answer.truth) for answer in self._answers], np.int64)

    @property
    def _answers(self) -> Sequence[Answer]:
        return self.tested.answers

    @property
    def _count(self) -> int:
        return len(self.tested.setup.classes)

    @property
    def _background(self) -> tuple[int, ...]:
        return self.tested.background

    @property
    def _pairs(self) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        return [answer.labels for answer in self._answers], [a.truth for a in self._answers]

    @property
    def _wholes(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(N, K) probabilities and (N,) labels of the recordings."""
        return np.stack([answer.whole for answer in self._answers]), self.recording_labels


def label_of(truth: NDArray[np.int64]) -> int:
    """The label of a whole recording: that of most of its frames, the lower of equals; -1 for none.

    >>> label_of(np.array([-1, 2, 2, 1]))
    2
    """
    known = truth[truth >= 0]
    return int(np.bincount(known).argmax()) if known.size else -1


def _trimmed(answer: Answer) -> bool:
    return len(np.unique(answer.truth)) == 1


def or_none(value: float) -> float | None:
    """A figure as JSON knows it: ``None`` when it does not exist."""
    return value if math.isfinite(value) else None
