"""The graph convolution of one frame.

Legend: ... any leading axes, P partitions, V joints, C channels.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class GraphConv(nn.Module):
    """``y[w] = sum_p sum_v (W_p x[v] + b_p) (A_p * M_p)[v, w]``.

    The neighbourhood is summed first: ``[A_1 x | ... | A_P x]`` is (V, P*C) and one product with
    all the weights follows. That is a third of the output and no sum over partitions, and what the
    biases add is one constant (V, C').

    Args:
        in_channels: C.
        out_channels: C'.
        partition: (P, V, V) normalised adjacency A.
        importance: Learn an edge importance M, initially 1.
        bias: Learn b.

    Source: ST-GCN (Yan et al., AAAI 2018), section 3.3.
    """

    partition: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        partition: NDArray[np.float64] | Tensor,
        *,
        importance: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.register_buffer("partition", torch.as_tensor(partition, dtype=torch.float32))
        parts = len(self.partition)
        self.importance = nn.Parameter(torch.ones_like(self.partition)) if importance else None
        self.weight = nn.Parameter(torch.empty(parts, in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(parts, out_channels)) if bias else None
        nn.init.normal_(self.weight, std=math.sqrt(2 / (parts * in_channels)))

    def edges(self) -> Tensor:
        """(P, V, V): the adjacency in use, with its importance."""
        return self.partition if self.importance is None else self.partition * self.importance

    def forward(self, x: Tensor) -> Tensor:
        edges = self.edges()  # (P, V, W)
        gather = edges.permute(2, 0, 1).flatten(0, 1)  # (W*P, V)
        x = torch.matmul(gather, x)  # (..., W*P, C)
        x = torch.unflatten(x, -2, (edges.shape[2], edges.shape[0])).flatten(-2)  # (..., W, P*C)
        y = x @ self.weight.flatten(0, 1)  # (..., W, C')
        return y if self.bias is None else y + edges.sum(1).T @ self.bias
