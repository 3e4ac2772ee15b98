"""How much the frames of a class count.

Legend: K classes, T frames.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def balanced_weights(labels: Iterable[Tensor], num_classes: int) -> Tensor:
    """(K,) weights inverse to how often a class occurs, 1 on average over frames.

    Classes that never occur get weight 0.

    >>> balanced_weights([torch.tensor([0, 0, 0, 1])], 2).tolist()
    [0.6666666865348816, 2.0]
    """
    counts = torch.zeros(num_classes)
    for recording in labels:
        counts += torch.bincount(recording[recording >= 0], minlength=num_classes)
    present = counts > 0
    weights = torch.zeros(num_classes)
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return weights


def weight_of(labels: Tensor, class_weights: Tensor | None) -> float:
    """The class weights of the labelled frames of (T,) added up; without weights their number."""
    known = labels[labels >= 0]
    return float(len(known) if class_weights is None else class_weights[known].sum())
