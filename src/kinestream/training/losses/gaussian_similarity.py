"""Smoothing where the body hardly moves, and little of it where it moves.

Legend: C channels, T frames, V joints, M people, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kinestream.training.losses.term import Stretch
from kinestream.training.losses.truncated_mse import TruncatedMSE


class GaussianSimilarity(TruncatedMSE):
    """Truncated smoothing, each pair weighted by how alike its inputs are.

        L = sum_t s_t sum_k min((log p_t[k] - log p_{t-1}[k])^2, c^2) / (K * pairs)
        s_t = exp(-|x_t - x_{t-1}| / (2 sigma^2))

    with x_t all C*V*M inputs of a frame as the network gets them, and the Euclidean norm. It stands
    as in the published code; the paper squares it.

    Args:
        sigma: Width, in square roots of the unit of the input; standardised inputs suit 1.
        truncate: Jump c of log-probability above which a pair is left alone.

    Source: ASRF (Ishikawa et al., WACV 2021), section 3.4, and its code.
    """

    def __init__(self, sigma: float = 1.0, truncate: float = 4.0) -> None:
        super().__init__(truncate)
        self.sigma = sigma

    def sum(self, stretch: Stretch) -> Tensor:
        frames = stretch.x.transpose(0, 1).flatten(1)  # (T, C*V*M)
        moved = torch.linalg.vector_norm(frames.diff(dim=0), dim=1)  # (T - 1,)
        alike: Tensor = (-moved / (2 * self.sigma**2)).exp()
        return (alike * self.jumps(stretch.logits)).sum()
