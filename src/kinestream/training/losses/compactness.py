"""Compactness: the logits of frames of one class are pulled together.

Legend: K classes, T frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kinestream.training.losses.term import BatchTerm, labelled


class Compactness(BatchTerm):
    """The mean squared distance of a frame's logits from the mean of its class in the batch.

        m_c = mean of z_t over labelled frames t with y_t = c
        L = sum_t |z_t - m_{y_t}|^2 / (K * labelled frames)

    Its gradient is ``2 (z_t - m_{y_t}) / (K * frames)``: that through m_c is
    ``-2 sum_t (z_t - m_c)`` over a class, which is zero.

    Source: center loss (Wen et al., ECCV 2016), with the means themselves for learned centres.

    >>> logits = torch.tensor([[0.0, 2.0, 9.0], [0.0, 0.0, 9.0]])
    >>> float(Compactness().value([logits], [torch.tensor([0, 0, 1])]))  # (1 + 1 + 0) / (2 * 3)
    0.3333333432674408
    """

    def value(self, logits: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
        z, truth = labelled(logits, labels)  # (K, T), (T,)
        classes = len(z)
        counts = torch.bincount(truth, minlength=classes).clamp(min=1)  # (K,)
        sums = z.new_zeros(classes, classes).index_add(1, truth, z)  # (K, K): logits x class
        means = sums / counts
        return (z - means[:, truth]).square().sum() / max(z.numel(), 1)
