"""Cross-entropy, with class weights and label smoothing.

Legend: K classes, T frames.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from kinestream.training.losses.class_weights import weight_of
from kinestream.training.losses.term import FrameTerm, Stretch


class CrossEntropy(FrameTerm):
    """The mean of ``-log p`` of the true class, or of a target that is partly spread.

        L = sum_t [(1 - e) w[y_t] (-log p_t[y_t]) + e/K sum_k w[k] (-log p_t[k])] / sum_t w[y_t]

    over labelled frames, w the class weights and e the label smoothing.

    Args:
        class_weights: (K,) weights w, or ``None`` for all 1.
        label_smoothing: Share e of the target that is spread evenly over all classes, 0 to 1.

    Source: Szegedy et al., Rethinking the Inception Architecture (CVPR 2016), section 7, for e.

    >>> import torch
    >>> one = Stretch(torch.zeros(4, 1), torch.tensor([2]), torch.zeros(3, 1, 5, 1))
    >>> round(float(CrossEntropy().sum(one).exp()), 4)
    4.0
    """

    def __init__(self, class_weights: Tensor | None = None, label_smoothing: float = 0.0) -> None:
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing

    def count(self, labels: Tensor, num_classes: int) -> float:
        return weight_of(labels, self.class_weights)

    def sum(self, stretch: Stretch) -> Tensor:
        logits = stretch.logits
        weights = self.class_weights
        return F.cross_entropy(
            logits[:, stretch.context :].T,
            stretch.labels[stretch.context :],
            weight=None if weights is None else weights.to(logits),
            ignore_index=-1,
            reduction="sum",
            label_smoothing=self.label_smoothing,
        )
