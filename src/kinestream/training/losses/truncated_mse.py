"""Smoothing: the log-probabilities of neighbours are pulled together, unless they jump.

Legend: K classes, T frames.
"""

from __future__ import annotations

from torch import Tensor

from kinestream.training.losses.term import FrameTerm, Stretch


class TruncatedMSE(FrameTerm):
    """The mean squared difference of neighbouring log-probabilities, cut off at a jump.

        L = sum_t sum_k min((log p_t[k] - log p_{t-1}[k])^2, c^2) / (K * pairs)

    over all pairs of neighbours, labelled or not. The earlier frame of a pair is a constant:
    gradients reach the later one only, and none where the jump is above c.

    Args:
        truncate: Jump c of log-probability above which a pair is left alone.

    Source: MS-TCN (Abu Farha and Gall, CVPR 2019), section 3.3.
    """

    context = 1

    def __init__(self, truncate: float = 4.0) -> None:
        self.truncate = truncate

    def count(self, labels: Tensor, num_classes: int) -> float:
        return num_classes * max(len(labels) - 1, 0)

    def sum(self, stretch: Stretch) -> Tensor:
        return self.jumps(stretch.logits).sum()

    def jumps(self, logits: Tensor) -> Tensor:
        """Truncated squared differences (K, T - 1) of logits (K, T)."""
        log_p = logits.log_softmax(0)
        jump = log_p[:, 1:] - log_p[:, :-1].detach()
        return jump.square().clamp(max=self.truncate**2)
