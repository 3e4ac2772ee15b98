"""Scores that look at one frame at a time.

Legend: T frames, K classes. A truth of -1 marks a frame that is not labelled: such frames count
nowhere. A prediction of -1 is an abstention: it is wrong wherever the frame is labelled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError

UNLABELLED = -1
MAX_CLASSES = 4096


def frame_accuracy(predictions: ArrayLike, truth: ArrayLike) -> float:
    """Share of the labelled frames that are predicted right.

    Args:
        predictions: (T,) class indices.
        truth: (T,) class indices, -1 where a frame is not labelled.

    Returns:
        Percent, 0 to 100; NaN when no frame is labelled.

    Raises:
        DataError: The two are not label sequences of equal length.

    >>> frame_accuracy([0, 0, 1, 1], [0, 1, 1, -1])
    66.66666666666666
    """
    seen, wanted = label_pair(predictions, truth)
    known = wanted != UNLABELLED
    if not known.any():
        return float("nan")
    return 100.0 * float(np.mean(seen[known] == wanted[known]))


def top_k_accuracy(scores: ArrayLike, truth: ArrayLike, k: int = 5) -> float:
    """Share of the labelled frames whose class is among the k highest scores.

    Of equal scores the lower class index ranks first.

    Args:
        scores: (T, K) finite scores, higher is likelier.
        truth: (T,) class indices, -1 where a frame is not labelled.
        k: How many guesses a frame has.

    Returns:
        Percent, 0 to 100; NaN when no frame is labelled.

    Raises:
        DataError: Shapes do not fit, a score is not finite, a label is out of range or
            k is below 1.

    >>> top_k_accuracy([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]], [1, 0], k=2)
    50.0
    """
    table = np.asarray(scores, dtype=np.float64)
    wanted = as_labels(truth)
    if table.ndim != 2 or len(table) != len(wanted):
        raise DataError(
            f"scores must be (T, K) with one row for each of the {len(wanted)} labels, "
            f"got {table.shape}."
        )
    if k < 1:
        raise DataError(f"k must be 1 or more, got {k}.")
    if not np.isfinite(table).all():
        raise DataError("scores must be finite: NaN or infinity has no rank.")
    check_range(wanted, table.shape[1], "truth")
    known = np.flatnonzero(wanted != UNLABELLED)
    if not known.size:
        return float("nan")
    order = np.argsort(-table[known], axis=1, kind="stable")[:, :k]  # (known, k)
    return 100.0 * float(np.mean((order == wanted[known, None]).any(axis=1)))


def confusion_matrix(
    predictions: ArrayLike, truth: ArrayLike, num_classes: int
) -> NDArray[np.int64]:
    """Count how often each class was taken for each other.

    Frames without a label and frames without a prediction are left out.

    Args:
        predictions: (T,) class indices.
        truth: (T,) class indices, -1 where a frame is not labelled.
        num_classes: K.

    Returns:
        (K, K) int64; row is the truth, column the prediction.

    Raises:
        DataError: Lengths differ or a label is out of range.

    >>> confusion_matrix([0, 1, 1], [0, 0, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    if not 1 <= num_classes <= MAX_CLASSES:
        raise DataError(f"num_classes must be 1 to {MAX_CLASSES}, got {num_classes}.")
    seen, wanted = label_pair(predictions, truth)
    check_range(seen, num_classes, "predictions")
    check_range(wanted, num_classes, "truth")
    both = (seen != UNLABELLED) & (wanted != UNLABELLED)
    cells = np.bincount(wanted[both] * num_classes + seen[both], minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes).astype(np.int64)


def precision_recall(matrix: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision and recall of every class from a confusion matrix.

    Args:
        matrix: (K, K) counts; row is the truth, column the prediction.

    Returns:
        Two (K,) float64 in percent; NaN for a class that was never predicted (precision) or never
        occurs (recall).

    Raises:
        DataError: The matrix is not square.

    >>> [values.tolist() for values in precision_recall([[1, 1], [0, 2]])]
    [[100.0, 66.66666666666666], [50.0, 100.0]]
    """
    counts = np.asarray(matrix, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise DataError(f"a confusion matrix must be (K, K), got {counts.shape}.")
    hits = np.diagonal(counts)
    return _percent(hits, counts.sum(axis=0)), _percent(hits, counts.sum(axis=1))


def _percent(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.full(len(whole), np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return 100.0 * share


def label_pair(
    predictions: ArrayLike, truth: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both sides as (T,) int64.

    Raises:
        DataError: One is not a label sequence, or their lengths differ.
    """
    seen, wanted = as_labels(predictions), as_labels(truth)
    if len(seen) != len(wanted):
        raise DataError(
            f"{len(seen)} predictions for {len(wanted)} labels; there must be one for each frame."
        )
    return seen, wanted


def as_labels(values: ArrayLike) -> NDArray[np.int64]:
    """Class indices as (T,) int64.

    Raises:
        DataError: They are not one row of whole numbers.
    """
    try:
        labels = np.asarray(values)
    except ValueError:
        raise DataError("labels must be (T,) class indices, got rows of unequal length.") from None
    if labels.ndim != 1:
        raise DataError(f"labels must be (T,) class indices, got shape {labels.shape}.")
    if labels.size and labels.dtype.kind not in "iu":
        raise DataError(f"labels must be whole numbers, got {labels.dtype}.")
    return labels.astype(np.int64)


def check_range(labels: NDArray[np.int64], num_classes: int, what: str) -> None:
    """Refuse labels outside -1 .. num_classes - 1.

    Raises:
        DataError: There is one.
    """
    outside = labels[(labels < UNLABELLED) | (labels >= num_classes)]
    if outside.size:
        raise DataError(
            f"{what} hold label {outside[0]}, which is outside -1 .. {num_classes - 1}: "
            f"is num_classes = {num_classes} right?"
        )
