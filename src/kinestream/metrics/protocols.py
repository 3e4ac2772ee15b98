"""The two ways the field turns trials into one row of figures.

``ms-tcn``: hits and misses are pooled over all trials, then F1; a segment is found at IoU >= the
threshold. The evaluation of MS-TCN and of nearly every segmentation paper since.

``per-trial``: F1 of each trial, then their mean; a segment is found at IoU > the threshold; F1 is 0
where precision and recall both are. The evaluation of the RT-ST-GCN repository.

In both, frame accuracy is pooled over the labelled frames (background classes count there as any
other) and edit is the mean over trials. A trial with no segment on either side has no F1 and no
edit score and is left out of both means; a trial whose truth has no segment counts each predicted
one as a false positive.

Frames that are not labelled (truth -1) count nowhere: the prediction is blanked there too, and both
sides' segments end where such frames begin, so that a prediction equal to the truth wherever there
is one scores 100.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import ConfigError, DataError
from kinestream.metrics.frames import UNLABELLED, check_range, label_pair
from kinestream.metrics.segments import Counts, count_matches, edit_score, f1_score, runs

Labels = NDArray[np.int64]
Protocol = Literal["ms-tcn", "per-trial"]

PROTOCOLS: tuple[str, ...] = get_args(Protocol)
THRESHOLDS = {10: 0.10, 25: 0.25, 50: 0.50}


@dataclass(frozen=True)
class Report:
    """The figures of one evaluation, all in percent (0 to 100).

    Attributes:
        protocol: How they were counted, ``ms-tcn`` or ``per-trial``.
        frame_accuracy: Share of the labelled frames predicted right.
        edit: Edit score of the segments; NaN when no trial has a segment.
        f1: Segmental F1 by overlap in percent: keys 10, 25, 50; NaN when no trial has a segment.
        trials: Number of trials.
        frames: Number of labelled frames.
    """

    protocol: str
    frame_accuracy: float
    edit: float
    f1: dict[int, float]
    trials: int
    frames: int

    def to_dict(self) -> dict[str, object]:
        """The report as plain JSON values; a figure that does not exist is ``None``."""
        return {
            "protocol": self.protocol,
            "frame_accuracy": _or_none(self.frame_accuracy),
            "edit": _or_none(self.edit),
            "f1": {str(overlap): _or_none(value) for overlap, value in self.f1.items()},
            "trials": self.trials,
            "frames": self.frames,
        }

    def __str__(self) -> str:
        overlaps = ",".join(str(overlap) for overlap in self.f1)
        scores = "/".join(f"{value:.2f}" for value in self.f1.values())
        trials = "trial" if self.trials == 1 else "trials"
        return (
            f"frame accuracy {self.frame_accuracy:.2f} %, edit {self.edit:.2f}, "
            f"F1@{{{overlaps}}} {scores} ({self.protocol}, {self.trials} {trials}, "
            f"{self.frames} frames)"
        )


def evaluate(
    predictions: Sequence[Labels],
    truths: Sequence[Labels],
    num_classes: int,
    *,
    protocol: Protocol = "ms-tcn",
    background: Sequence[int] = (),
) -> Report:
    """Frame accuracy, edit score and segmental F1 of a set of trials.

    Args:
        predictions: One (T,) row of class indices for each trial.
        truths: The same for the labels; -1 marks frames that are not labelled.
        num_classes: How many classes there are; every label must lie below.
        protocol: ``ms-tcn`` or ``per-trial``.
        background: Classes that form no segment; they still count in the frame accuracy.

    Raises:
        DataError: There is no trial or no labelled frame, lengths differ, a label is out of range.
        ConfigError: The protocol does not exist.

    Source: Farha and Gall, MS-TCN (CVPR 2019), section 4; RT-ST-GCN (MLSP 2024) for ``per-trial``.

    >>> evaluate([np.array([0, 0, 1])], [np.array([0, 1, 1])], 2).f1
    {10: 100.0, 25: 100.0, 50: 100.0}
    """
    if protocol not in PROTOCOLS:
        raise ConfigError(f"unknown protocol {protocol!r}; use {' or '.join(PROTOCOLS)}.")
    trials = checked_trials(predictions, truths, num_classes)
    cut = [(runs(seen, background), runs(wanted, background)) for seen, wanted in trials]
    strict = protocol == "per-trial"
    f1 = {}
    for overlap, threshold in THRESHOLDS.items():
        counts = [count_matches(seen, wanted, threshold, strict=strict) for seen, wanted in cut]
        f1[overlap] = pooled_f1(counts) if protocol == "ms-tcn" else mean_f1(counts)
    right = sum(int(np.sum((seen == wanted) & (wanted >= 0))) for seen, wanted in trials)
    frames = sum(int(np.sum(wanted >= 0)) for _, wanted in trials)
    edit = _mean([edit_score(seen, wanted) for seen, wanted in cut])
    return Report(protocol, 100.0 * right / frames, edit, f1, len(trials), frames)


def pooled_f1(counts: Collection[Counts]) -> float:
    """F1 of the counts of all trials together, percent (the ``ms-tcn`` way).

    >>> pooled_f1([Counts(1, 0, 0), Counts(0, 1, 1)])
    50.0
    """
    return f1_score(reduce(Counts.plus, counts, Counts(0, 0, 0)))


def mean_f1(counts: Collection[Counts]) -> float:
    """Mean over trials of their F1, percent (the ``per-trial`` way).

    >>> mean_f1([Counts(1, 0, 0), Counts(0, 2, 1)])
    50.0
    """
    return _mean([f1_score(trial) for trial in counts])


def checked_trials(
    predictions: Sequence[Labels], truths: Sequence[Labels], num_classes: int
) -> list[tuple[Labels, Labels]]:
    """The trials, prediction and truth, with the prediction blanked where there is no label.

    Raises:
        DataError: There is no trial or no labelled frame, lengths differ, a label is out of range.
    """
    if not len(truths):
        raise DataError("there is no trial to evaluate.")
    if len(predictions) != len(truths):
        raise DataError(
            f"{len(predictions)} predictions for {len(truths)} trials; there must be one for each."
        )
    trials = []
    for number, (prediction, truth) in enumerate(zip(predictions, truths, strict=True)):
        try:
            seen, wanted = label_pair(prediction, truth)
            check_range(seen, num_classes, "predictions")
            check_range(wanted, num_classes, "labels")
        except DataError as error:
            raise DataError(f"trial {number}: {error}") from None
        trials.append((np.where(wanted == UNLABELLED, UNLABELLED, seen), wanted))
    if not any((wanted >= 0).any() for _, wanted in trials):
        raise DataError(f"none of the frames of {len(trials)} trials is labelled.")
    return trials


def _mean(values: Sequence[float]) -> float:
    defined = [value for value in values if not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else float("nan")


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
