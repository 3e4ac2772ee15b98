"""Supervised contrastive loss: frames of one class point the same way, others elsewhere.

Legend: S frames compared, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kinestream.training.losses.embeddings import directions, same_class
from kinestream.training.losses.term import BatchTerm


class Contrastive(BatchTerm):
    """Cross-entropy of finding the frames of one's own class among all others.

        e_t = z_t / |z_t|
        L = mean_a mean_{p: y_p = y_a} -log[exp(e_a . e_p / h) / sum_{b != a} exp(e_a . e_b / h)]

    over the chosen frames a (``embeddings.chosen``) that have another of their class. e is the
    direction of the logits, since networks show no features before their head.

    Args:
        temperature: h.
        frames: Frames compared at most.

    Source: Khosla et al., Supervised Contrastive Learning (NeurIPS 2020), equation 2.
    """

    def __init__(self, temperature: float = 0.1, frames: int = 512) -> None:
        self.temperature = temperature
        self.frames = frames

    def value(self, logits: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
        e, truth = directions(logits, labels, self.frames)  # (S, K), (S,)
        positive = same_class(truth)
        count = positive.sum(1)
        if not count.any():
            return e.sum() * 0
        alike = e @ e.T / self.temperature  # (S, S)
        itself = torch.eye(len(e), dtype=torch.bool, device=e.device)
        log_share = alike - alike.masked_fill(itself, -torch.inf).logsumexp(1, keepdim=True)
        anchors = count > 0
        of_class = log_share.masked_fill(~positive, 0).sum(1)
        return -(of_class[anchors] / count[anchors]).mean()
