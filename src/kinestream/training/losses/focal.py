"""Focal loss: cross-entropy that cares less for what is already right.

Legend: K classes, T frames.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kinestream.training.losses.class_weights import weight_of
from kinestream.training.losses.term import FrameTerm, Stretch


class Focal(FrameTerm):
    """Cross-entropy times ``(1 - p)^g`` of the true class.

        L = sum_t w[y_t] (1 - p_t[y_t])^g (-log p_t[y_t]) / sum_t w[y_t]

    over labelled frames; g = 0 is cross-entropy.

    Args:
        class_weights: (K,) weights w, or ``None`` for all 1.
        focus: g, 0 or more.

    Source: Lin et al., Focal Loss for Dense Object Detection (ICCV 2017), equation 5.

    >>> sure = Stretch(torch.tensor([[2.0], [0.0]]), torch.tensor([0]), torch.zeros(3, 1, 5, 1))
    >>> bool(Focal().sum(sure) < 0.1 * Focal(focus=0).sum(sure))
    True
    """

    def __init__(self, class_weights: Tensor | None = None, focus: float = 2.0) -> None:
        self.class_weights = class_weights
        self.focus = focus

    def count(self, labels: Tensor, num_classes: int) -> float:
        return weight_of(labels, self.class_weights)

    def sum(self, stretch: Stretch) -> Tensor:
        labels = stretch.labels[stretch.context :]
        known = labels >= 0
        truth = labels[known]
        log_p = stretch.logits[:, stretch.context :][:, known].log_softmax(0)  # (K, T)
        log_p = log_p.gather(0, truth[None])[0]  # (T,)
        # Where 1 - p rounds to 0 a power below 1 has no slope.
        wrong = (1 - log_p.exp()).clamp(min=torch.finfo(log_p.dtype).eps)
        loss = wrong**self.focus * -log_p
        if self.class_weights is not None:
            loss = loss * self.class_weights.to(loss)[truth]
        return loss.sum()
