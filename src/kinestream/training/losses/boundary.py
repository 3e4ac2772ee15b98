"""Boundaries: neighbours should differ where the labels change, and nowhere else.

Legend: K classes, T frames, B boundaries.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kinestream.training.losses.term import FrameTerm, Stretch


class Boundary(FrameTerm):
    """Binary cross-entropy of the chance that a frame has another class than the one before.

        b_t = sum_{j != k} p_{t-1}[j] p_t[k] = 1 - sum_k p_{t-1}[k] p_t[k]
        L = -sum_t [w B_t log b_t + (1 - B_t) log(1 - b_t)] / pairs

    over pairs of neighbours that are both labelled, B_t = 1 where the label changes. Gradients
    reach both frames. Published networks have a branch of their own for b_t; here it follows from
    the classes, so any network can be taught by it.

    Args:
        positive_weight: Weight w of the boundaries, which are rare.

    Source: the binary term is that of ASRF (Ishikawa et al., WACV 2021), section 3.4.

    >>> even = Stretch(torch.zeros(4, 2), torch.tensor([0, 1]), torch.zeros(3, 2, 5, 1))
    >>> round(float((-Boundary().sum(even)).exp()), 4)
    0.75
    """

    context = 1

    def __init__(self, positive_weight: float = 1.0) -> None:
        self.positive_weight = positive_weight

    def count(self, labels: Tensor, num_classes: int) -> float:
        known = labels >= 0
        return int((known[1:] & known[:-1]).sum())

    def sum(self, stretch: Stretch) -> Tensor:
        log_p = stretch.logits.log_softmax(0)
        labels = stretch.labels
        known = (labels[1:] >= 0) & (labels[:-1] >= 0)
        change = known & (labels[1:] != labels[:-1])
        before, after = log_p[:, :-1], log_p[:, 1:]
        stay = known & ~change
        log_same = (before[:, stay] + after[:, stay]).logsumexp(0)
        log_other = _log_other(before[:, change], after[:, change])
        return -log_same.sum() - self.positive_weight * log_other.sum()


def _log_other(before: Tensor, after: Tensor) -> Tensor:
    """(K, B) log-probabilities twice -> (B,) log of the chance that the classes differ.

    Summed over the K (K - 1) pairs of classes: one minus the chance of the same class would be lost
    in rounding where a network is sure and wrong. Boundaries are few, so that is cheap.
    """
    pairs = before[:, None] + after[None]  # (K, K, B)
    classes = len(before)
    same = torch.eye(classes, dtype=torch.bool, device=before.device)
    return pairs[~same].logsumexp(0)
