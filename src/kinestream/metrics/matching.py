"""Which proposal stands for which true segment.

Legend: P proposals, S true segments, Q pairs of both that share time.

Only segments of one video and one class can match. Pairs are found by bisection, so the work grows
with the pairs that there are and not with P times S.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.metrics.proposals import CLASS, CONFIDENCE, END, START, VIDEO, Rows

Indices = NDArray[np.int64]

NONE = -1
MAX_PAIRS = 4_000_000
"""More pairs than that of segments in the same place are refused."""


class Pairs(NamedTuple):
    """Proposals and true segments that share time: (Q,) row numbers of both, and their IoU."""

    proposal: Indices
    truth: Indices
    iou: NDArray[np.float64]


def overlapping(proposals: Rows, truths: Rows) -> Pairs:
    """All pairs of one video and class that share time.

    The intersection over union takes the hull for the union: for two that share time it is the same.

    Raises:
        DataError: There are more than ``MAX_PAIRS``.

    >>> overlapping(np.array([[0, 1, 5, 15, 0.9]]), np.array([[0, 1, 0, 10.0]])).iou.tolist()
    [0.3333333333333333]
    """
    low, high, order = _candidates(proposals, truths)
    counts = high - low
    total = int(counts.sum())
    if total > MAX_PAIRS:
        raise DataError(
            f"{total} pairs of proposals and true segments lie in the same place, at most "
            f"{MAX_PAIRS} can be compared: drop proposals of low confidence first."
        )
    mine = np.repeat(np.arange(len(proposals)), counts)  # (Q,)
    place = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    theirs = order[np.repeat(low, counts) + place]  # (Q,)
    starts, ends = proposals[mine, START], proposals[mine, END]
    true_starts, true_ends = truths[theirs, START], truths[theirs, END]
    shared = np.minimum(ends, true_ends) - np.maximum(starts, true_starts)
    hull = np.maximum(ends, true_ends) - np.minimum(starts, true_starts)
    kept = shared > 0
    return Pairs(mine[kept], theirs[kept], shared[kept] / hull[kept])


def _candidates(proposals: Rows, truths: Rows) -> tuple[Indices, Indices, Indices]:
    """For each proposal the truths ``order[low:high]``, which hold all that share time with it."""
    both = np.concatenate((proposals[:, : END + 1], truths[:, : END + 1]))
    # Video, class and time become ranks, and these one whole number: bisection is exact in it.
    group = np.unique(both[:, [VIDEO, CLASS]], axis=0, return_inverse=True)[1].reshape(-1)
    times, rank = np.unique(both[:, [START, END]], return_inverse=True)
    keys = group[:, None] * (len(times) + 1) + rank.reshape(-1, 2)  # (P + S, 2)
    mine, theirs = keys[: len(proposals)], keys[len(proposals) :]
    order = np.argsort(theirs[:, 0], kind="stable")
    latest_end = np.maximum.accumulate(theirs[order, 1])
    low = np.searchsorted(latest_end, mine[:, 0], side="right")
    high = np.searchsorted(theirs[order, 0], mine[:, 1], side="left")
    return low, np.maximum(low, high), order


def best_match(pairs: Pairs, proposals: int) -> tuple[NDArray[np.float64], Indices]:
    """For each proposal the true segment that it overlaps most, however many others do too.

    Of equal IoU the later row counts.

    Returns:
        IoU (P,), 0 without an overlap; index (P,) of the true segment, -1 without one.
    """
    iou, index = np.zeros(proposals), np.full(proposals, NONE, dtype=np.int64)
    order = np.lexsort((pairs.truth, pairs.iou, pairs.proposal))
    last = np.flatnonzero(np.diff(pairs.proposal[order], append=NONE))
    best = order[last]
    iou[pairs.proposal[best]] = pairs.iou[best]
    index[pairs.proposal[best]] = pairs.truth[best]
    return iou, index


def one_to_one(pairs: Pairs, proposals: Rows, threshold: float) -> Indices:
    """Give each proposal a true segment of its own, the most confident one first.

    Each takes, of those that are still free and reach the threshold, the one it overlaps most; of
    equal confidence the earlier row chooses first, of equal IoU it takes the earlier row.

    Returns:
        (P,) index of the true segment, -1 for a proposal that gets none.
    """
    index = np.full(len(proposals), NONE, dtype=np.int64)
    near = np.flatnonzero(pairs.iou >= threshold)
    mine, theirs = pairs.proposal[near], pairs.truth[near]
    order = np.lexsort((theirs, -pairs.iou[near], mine, -proposals[mine, CONFIDENCE]))
    taken: set[int] = set()
    served: dict[int, int] = {}
    for proposal, truth in zip(mine[order].tolist(), theirs[order].tolist(), strict=True):
        if proposal not in served and truth not in taken:
            served[proposal] = truth
            taken.add(truth)
    index[list(served)] = list(served.values())
    return index
