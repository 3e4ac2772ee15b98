"""Segmental F1 made differentiable: whole segments, hit and hit once.

Legend: K classes, T frames, G true segments.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from kinestream.metrics import Run, runs
from kinestream.training.losses.term import BatchTerm


class SegmentalF1(BatchTerm):
    """One minus a soft F1 of segments, pooled over the recordings of the batch.

        TP = sum_g I_g / (|g| + O_g)      I_g = sum of p_t[c] over the frames t of g
        TP + FN = G                       O_g = the same over frames near g
        TP + FP = sum_c sum_t max(0, p_t[c] - p_{t-1}[c])
        L = 1 - 2 TP / (2 TP + FP + FN)

    A true segment g of class c is hit by as much as its soft overlap (intersection over union).
    Near it are the |g| frames before and after, but those of other true segments of c. Rises of a
    class's probability are its soft number of predicted segments, which flicker makes large. Where
    every p is 0 or 1 this is the number of segments, and the overlap the true one unless a predicted
    segment reaches farther than that. As in the metrics, unlabelled frames belong to no segment:
    there p is 0, as before the first frame.

    Args:
        background: Classes that form no segments.

    Source: our own; the score is that of Lea et al., Temporal Convolutional Networks (CVPR 2017).

    >>> logits = torch.tensor([[9.0, 9.0, -9.0, -9.0], [-9.0, -9.0, 9.0, 9.0]])
    >>> round(float(SegmentalF1().value([logits], [torch.tensor([0, 0, 1, 1])])), 4)
    0.0
    >>> round(float(SegmentalF1().value([logits], [torch.tensor([0, 0, 0, 1])])), 4)  # 1 - 7/12
    0.4167
    """

    def __init__(self, background: Collection[int] = ()) -> None:
        self.background = frozenset(background)

    def value(self, logits: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
        hits = predicted = logits[0].sum() * 0
        true = 0
        for z, truth in zip(logits, labels, strict=True):
            p = z.softmax(0) * (truth >= 0)  # (K, T)
            segments = runs(truth.cpu().numpy(), self.background)
            true += len(segments)
            predicted = predicted + self._rises(p)
            for segment in segments:
                hits = hits + _overlap(p[segment.label], truth, segment)
        return 1 - 2 * hits / (predicted + true) if true else predicted * 0

    def _rises(self, p: Tensor) -> Tensor:
        kept = [c for c in range(len(p)) if c not in self.background]
        return torch.diff(p[kept], prepend=p.new_zeros(len(kept), 1)).relu().sum()


def _overlap(p: Tensor, truth: Tensor, segment: Run) -> Tensor:
    """The soft overlap of a true segment with (T,) probabilities of its class."""
    length = segment.stop - segment.start
    near = slice(max(segment.start - length, 0), segment.stop + length)
    inside = p[segment.start : segment.stop].sum()
    outside = (p[near] * (truth[near] != segment.label)).sum()
    return inside / (length + outside)
