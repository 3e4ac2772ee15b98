"""The loss of frame-wise networks, as sums over frames and one denominator for all of them.

Legend: K classes, T frames.

A mean over each chunk, averaged over chunks, is not the mean over the recording as soon as chunks
differ in length or class weights. So every term is a plain sum, and what it is divided by is counted
once over the whole effective batch, before the first chunk is run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Denominators:
    """What the sums of one effective batch are divided by.

    Attributes:
        weight: Sum of the class weights of all labelled frames.
        pairs: Classes times neighbouring frame pairs.
    """

    weight: float
    pairs: int


class FrameLoss:
    """Class-weighted cross-entropy plus ``smoothing`` times the truncated MSE of neighbours.

        CE   = sum_t w[y_t] (-log p_t[y_t]) / sum_t w[y_t]
        TMSE = sum_t sum_k min((log p_t[k] - log p_{t-1}[k])^2, truncate^2) / (K * pairs)

    The earlier frame of a pair is a constant: gradients reach the later one only.

    Args:
        class_weights: (K,) weights w, or ``None`` for all 1.
        smoothing: Weight of the second term.
        truncate: Jump of log-probability above which a pair is left alone.
        label_smoothing: Share of the target spread evenly over all classes.

    Source: MS-TCN (Abu Farha and Gall, CVPR 2019), section 3.3.
    """

    def __init__(
        self,
        class_weights: Tensor | None = None,
        *,
        smoothing: float = 0.15,
        truncate: float = 4.0,
        label_smoothing: float = 0.0,
    ) -> None:
        self.class_weights = class_weights
        self.smoothing = smoothing
        self.truncate = truncate
        self.label_smoothing = label_smoothing

    def denominators(self, labels: Iterable[Tensor], num_classes: int) -> Denominators:
        """Count what the recordings of an effective batch, labels (T,) each, are divided by."""
        weight, pairs = 0.0, 0
        for recording in labels:
            known = recording[recording >= 0]
            weight += float(
                len(known) if self.class_weights is None else self.class_weights[known].sum()
            )
            pairs += num_classes * max(len(recording) - 1, 0)
        return Denominators(weight, pairs)

    def __call__(
        self, logits: Tensor, labels: Tensor, over: Denominators, *, context: int = 0
    ) -> Tensor:
        """The part of the batch's loss that a stretch of frames carries.

        Args:
            logits: (K, T) of the stretch.
            labels: (T,) class indices, -1 where unknown.
            over: Denominators of the effective batch.
            context: Leading frames (0 or 1) that belong to the stretch before: they only serve as
                the earlier frame of the first pair.

        Returns:
            A scalar; the sum over all stretches of a batch is its loss.
        """
        cross_entropy = F.cross_entropy(
            logits[:, context:].T,
            labels[context:],
            weight=self.class_weights,
            ignore_index=-1,
            reduction="sum",
            label_smoothing=self.label_smoothing,
        )
        loss = cross_entropy / max(over.weight, 1e-12)
        if self.smoothing > 0 and over.pairs:
            log_p = F.log_softmax(logits, dim=0)
            jump = log_p[:, 1:] - log_p[:, :-1].detach()
            loss = (
                loss + self.smoothing * jump.square().clamp(max=self.truncate**2).sum() / over.pairs
            )
        return loss


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
