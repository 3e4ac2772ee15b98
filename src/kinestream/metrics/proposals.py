"""Rows of proposals and of what there was to find.

Legend: P proposals, S true segments, N rows, T frames, K classes. A row is ``video, class, start,
end, confidence``: the video a whole number, start and end in any one unit (frames as a rule), the
end not part of it. A true segment needs no confidence.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError
from kinestream.metrics.frames import UNLABELLED, as_labels
from kinestream.metrics.segments import run_table

Rows = NDArray[np.float64]

VIDEO, CLASS, START, END, CONFIDENCE = range(5)
LARGEST = 2.0**53
"""Whole numbers below are exact in float64."""


def proposals_of(
    labels: ArrayLike, scores: ArrayLike, *, background: Collection[int] = (), video: int = 0
) -> Rows:
    """Turn a row of labels into proposals: its segments, each with its mean score.

    Args:
        labels: (T,) class indices; -1 forms no segment.
        scores: (T, K) scores of all classes, of which that of the label counts, or (T,) scores of
            the labels.
        background: Classes that form no proposal.
        video: Number of the recording; lists of several are joined with ``numpy.concatenate``.

    Returns:
        (P, 5) rows in the order of their starts, in frames.

    Raises:
        DataError: Lengths differ, a score that counts is not finite, or a label has no score.

    >>> proposals_of([0, 2, 2, 1], [0.9, 0.5, 0.75, 0.25], background=(0,)).tolist()
    [[0.0, 2.0, 1.0, 3.0, 0.625], [0.0, 1.0, 3.0, 4.0, 0.25]]
    """
    values = as_labels(labels)
    chosen = _scores_of(values, scores)
    cut = run_table(values, background)  # (P, 3): label, start, stop
    rows = np.empty((len(cut), 5))
    rows[:, VIDEO] = video
    rows[:, CLASS : END + 1] = cut
    if len(cut):
        # Each segment is summed alone, so that equal scores stay equal wherever they lie.
        sums = np.add.reduceat(np.append(chosen, 0.0), cut[:, 1:].ravel())[::2]
        rows[:, CONFIDENCE] = sums / (cut[:, 2] - cut[:, 1])
    return rows


def as_rows(values: ArrayLike, what: str, *, columns: int = 5) -> Rows:
    """Proposals or true segments as (N, columns) float64.

    Args:
        values: (N, 4 or 5) numbers; an empty list has no row.
        what: Named in the error.
        columns: How many are needed: 5 with the confidence, 4 without.

    Raises:
        DataError: Too few columns, a number that is not finite, a video or class that is not whole,
            or an end before its start.

    >>> as_rows([[0, 2, 10, 30, 1]], "truths", columns=4).tolist()
    [[0.0, 2.0, 10.0, 30.0]]
    """
    try:
        rows = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{what} must be rows of equal length, of numbers only.") from None
    if not rows.size:
        return np.empty((0, columns))
    if rows.ndim != 2 or not columns <= rows.shape[1] <= 5:
        raise DataError(
            f"{what} must be rows of video, class, start, end and confidence, got an array of "
            f"shape {rows.shape}."
        )
    rows = rows[:, :columns]
    whole = rows[:, : CLASS + 1]
    for wrong, reason in (
        (~np.isfinite(rows).all(axis=1), "holds NaN or infinity"),
        ((whole != np.floor(whole)).any(axis=1), "has a video or class that is no whole number"),
        ((np.abs(rows[:, : END + 1]) >= LARGEST).any(axis=1), "holds a number that is too large"),
        (rows[:, END] < rows[:, START], "ends before it starts"),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(f"row {row} of the {what} {reason}: {rows[row].tolist()}.")
    return rows


def _scores_of(labels: NDArray[np.int64], scores: ArrayLike) -> NDArray[np.float64]:
    """The score of each frame's label, (T,); 0 where there is no label."""
    try:
        table = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("scores must be numbers, (T, K) or (T,).") from None
    frames = len(labels)
    if table.ndim not in (1, 2) or len(table) != frames:
        raise DataError(
            f"scores must be (T, K) or (T,) with T = {frames} as the labels, got {table.shape}."
        )
    known = labels != UNLABELLED
    chosen = np.zeros(frames)
    if table.ndim == 1:
        chosen[known] = table[known]
    else:
        outside = labels[(labels < UNLABELLED) | (labels >= table.shape[1])]
        if outside.size:
            raise DataError(f"label {outside[0]} has no score: there are {table.shape[1]} classes.")
        chosen[known] = table[known, labels[known]]
    if not np.isfinite(chosen).all():
        raise DataError(
            f"frame {int(np.argmin(np.isfinite(chosen)))} has a score that is no number."
        )
    return chosen
