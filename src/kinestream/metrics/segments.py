"""Scores that look at segments: runs of frames with one label.

Legend: T frames, P predicted segments, S true segments.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.metrics.frames import UNLABELLED, as_labels


class Run(NamedTuple):
    """Frames ``start`` to ``stop - 1``, all labelled ``label``."""

    label: int
    start: int
    stop: int


class Counts(NamedTuple):
    """Segments found, segments predicted in vain, segments missed."""

    tp: int
    fp: int
    fn: int

    def plus(self, other: Counts) -> Counts:
        """The counts of two trials together."""
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)


def runs(labels: ArrayLike, background: Collection[int] = ()) -> list[Run]:
    """Cut a label sequence into its segments, in order.

    Args:
        labels: (T,) class indices; -1 belongs to no segment.
        background: Classes that form no segment either.

    Raises:
        DataError: The labels are not one row of whole numbers.

    >>> runs([0, 2, 2, -1, 2], background=(0,))
    [Run(label=2, start=1, stop=3), Run(label=2, start=4, stop=5)]
    """
    return [Run(*row) for row in run_table(labels, background).tolist()]


def run_table(labels: ArrayLike, background: Collection[int] = ()) -> NDArray[np.int64]:
    """The segments of :func:`runs` as (P, 3) rows of label, start and stop, for long recordings.

    Raises:
        DataError: The labels are not one row of whole numbers.

    >>> run_table([0, 2, 2, -1, 2], background=(0,)).tolist()
    [[2, 1, 3], [2, 4, 5]]
    """
    values = as_labels(labels)
    if not values.size:
        return np.empty((0, 3), dtype=np.int64)
    cuts = np.flatnonzero(np.diff(values)) + 1
    starts = np.concatenate(([0], cuts))
    stops = np.concatenate((cuts, [len(values)]))
    table = np.stack((values[starts], starts, stops), axis=1)
    return table[~np.isin(table[:, 0], [UNLABELLED, *background])]


def edit_score(predicted: Sequence[Run], true: Sequence[Run]) -> float:
    """How well the order of the segments is met, whatever their length.

    ``100 (1 - d / max(P, S))`` with d the Levenshtein distance of the two rows of segment labels.

    Returns:
        Percent, 0 to 100; NaN when neither side has a segment.

    Source: Lea et al., Segmental Spatiotemporal CNNs (ECCV 2016), section 4.

    >>> edit_score(runs([1, 1, 2, 3]), runs([1, 3, 3, 3]))
    66.66666666666667
    """
    longest = max(len(predicted), len(true))
    if not longest:
        return float("nan")
    distance = levenshtein([run.label for run in predicted], [run.label for run in true])
    return (1.0 - distance / longest) * 100.0


def levenshtein(first: Sequence[int], second: Sequence[int]) -> int:
    """Fewest insertions, deletions and substitutions that turn one row into the other.

    >>> levenshtein([1, 2, 3], [1, 3])
    1
    """
    columns = np.arange(len(second) + 1)
    other = np.asarray(second, dtype=np.int64)
    row = columns.copy()
    for count, value in enumerate(first, start=1):
        best = row + 1
        best[0] = count
        best[1:] = np.minimum(best[1:], row[:-1] + (other != value))
        # Insertions run along the row: new[j] = min over i <= j of best[i] + (j - i).
        row = np.minimum.accumulate(best - columns) + columns
    return int(row[-1])


def best_overlaps(
    predicted: Sequence[Run], true: Sequence[Run]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For each predicted segment the true one of its class with the highest IoU.

    Both rows must be in order and free of overlap, as :func:`runs` gives them. Of equal IoU the
    earlier true segment counts.

    Returns:
        IoU (P,) float64, 0 without an overlap; index (P,) int64 into ``true``, -1 without one.

    >>> best_overlaps(runs([1, 1, 1, 2]), runs([1, 1, 2, 2]))[0].tolist()
    [0.6666666666666666, 0.5]
    """
    iou = np.zeros(len(predicted))
    index = np.full(len(predicted), -1, dtype=np.int64)
    p = s = 0
    while p < len(predicted) and s < len(true):
        mine, theirs = predicted[p], true[s]
        shared = min(mine.stop, theirs.stop) - max(mine.start, theirs.start)
        if shared > 0 and mine.label == theirs.label:
            value = shared / (max(mine.stop, theirs.stop) - min(mine.start, theirs.start))
            if value > iou[p]:
                iou[p], index[p] = value, s
        if mine.stop < theirs.stop:
            p += 1
        else:
            s += 1
    return iou, index


def count_matches(
    predicted: Sequence[Run], true: Sequence[Run], threshold: float, *, strict: bool = False
) -> Counts:
    """Count the true segments that a prediction found.

    A predicted segment stands for the true segment it overlaps best; it is a hit when their IoU
    reaches the threshold and no earlier prediction has hit the same one. There is no second choice.

    Args:
        predicted: Segments in order.
        true: Segments in order.
        threshold: IoU to reach, above 0 to 1.
        strict: The IoU must be above the threshold, not equal to it.

    Source: Lea et al., Temporal Convolutional Networks (CVPR 2017), section 4; counted as in the
    MS-TCN evaluation.

    >>> count_matches(runs([1, 1, 1, 2]), runs([1, 1, 2, 2]), 0.6)
    Counts(tp=1, fp=1, fn=1)
    """
    iou, index = best_overlaps(predicted, true)
    hit = (iou > threshold) if strict else (iou >= threshold)
    # All hits on one true segment are worth one: the first is the hit, the others are in vain.
    tp = len(np.unique(index[hit & (index >= 0)]))
    return Counts(tp, len(predicted) - tp, len(true) - tp)


def f1_score(counts: Counts) -> float:
    """Harmonic mean of segment precision and recall.

    Returns:
        Percent, 0 to 100; NaN when there was no segment on either side.

    >>> f1_score(Counts(tp=1, fp=1, fn=1))
    50.0
    """
    total = 2 * counts.tp + counts.fp + counts.fn
    return 100.0 * (2 * counts.tp / total) if total else float("nan")
