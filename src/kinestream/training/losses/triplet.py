"""Triplet loss: the farthest frame of the same class should be nearer than the nearest of another.

Legend: S frames compared, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from kinestream.training.losses.embeddings import directions, same_class
from kinestream.training.losses.term import BatchTerm


class Triplet(BatchTerm):
    """Hinge on the hardest positive and the hardest negative of every frame.

        d(a, b) = |e_a - e_b|^2,  e_t = z_t / |z_t|
        L = mean_a max(0, m + max_{p: y_p = y_a} d(a, p) - min_{n: y_n != y_a} d(a, n))

    over the chosen frames (``embeddings.chosen``) that have a positive and a negative. e is the
    direction of the logits, since networks show no features before their head.

    Args:
        margin: m, 0 to 4, the largest squared distance of two directions.
        frames: Frames compared at most.

    Source: FaceNet (Schroff et al., CVPR 2015), equation 2; hardest pairs of a batch: Hermans et
    al., In Defense of the Triplet Loss (2017), equation 5.
    """

    def __init__(self, margin: float = 0.2, frames: int = 512) -> None:
        self.margin = margin
        self.frames = frames

    def value(self, logits: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
        e, truth = directions(logits, labels, self.frames)  # (S, K), (S,)
        positive, negative = same_class(truth), truth[:, None] != truth[None]
        anchors = positive.any(1) & negative.any(1)
        if not anchors.any():
            return e.sum() * 0
        distance = 2 - 2 * e @ e.T  # (S, S)
        farthest = distance.masked_fill(~positive, -1).amax(1)
        nearest = distance.masked_fill(~negative, 5).amin(1)
        return (self.margin + farthest - nearest)[anchors].relu().mean()
