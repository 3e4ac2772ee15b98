"""Precision over recall as proposals of low confidence are dropped.

Legend: P proposals, S true segments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.metrics.matching import NONE, Indices

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def pku_curve(found: Indices, truths: int) -> Curve:
    """Recall and highest precision so far, as the script of PKU-MMD follows them.

    Args:
        found: (P,) true segment of each proposal or -1, the least confident first.
        truths: S, how many there are to find.

    Returns:
        Recall and precision, each (1 + right proposals,) shares: of all, then after each right
        proposal that leaves.
    """
    if not len(found) or not truths:
        return np.zeros(1), np.zeros(1)
    hits = np.flatnonzero(found != NONE)
    # A segment is lost with the last proposal that stands for it.
    final = np.zeros(len(hits), dtype=bool)
    final[len(hits) - 1 - np.unique(found[hits][::-1], return_index=True)[1]] = True
    right = final.sum() - np.concatenate(([0], np.cumsum(final)))
    left = np.concatenate(([len(found)], len(found) - 1 - hits))
    precision = np.where(left > 0, right / np.maximum(left, 1), 0.0)
    return right / truths, np.maximum.accumulate(precision)


def strict_curve(found: Indices, confidence: NDArray[np.float64], truths: int) -> Curve:
    """Recall and the highest precision that is still reached at it.

    Args:
        found: (P,) true segment of each proposal or -1, none twice, the least confident first.
        confidence: (P,) ascending.
        truths: S, how many there are to find.

    Returns:
        Recall and precision, each (1 + different confidences,) shares: of all, then after all of
        one confidence have left; recall ends at 0.
    """
    if not len(found) or not truths:
        return np.zeros(1), np.zeros(1)
    starts = np.flatnonzero(np.diff(confidence, prepend=-np.inf))
    right = np.cumsum((found != NONE)[::-1])[::-1][starts]
    precision = np.maximum.accumulate(right / (len(found) - starts))
    return np.append(right, 0) / truths, np.append(precision, precision[-1])
