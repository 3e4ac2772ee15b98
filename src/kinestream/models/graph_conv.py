"""The graph convolution of one frame.

Legend: ... any leading axes, P partitions, V joints, C channels.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.quantising.grid import Grid

Edges = Literal["importance", "offset", "learned", "fixed"]


class GraphConv(nn.Module):
    """``y[w] = sum_p sum_v (W_p x[v] + b_p) E_p[v, w]``.

    The neighbourhood is summed first: ``[E_1 x | ... | E_P x]`` is (V, P*C) and one product with
    all the weights follows. That is a third of the output and no sum over partitions, and what the
    biases add is one constant (V, C').

    Args:
        in_channels: C.
        out_channels: C'.
        partition: (P, V, V) normalised adjacency A.
        edges: What E is: ``importance`` is A * M with a learned M, initially 1; ``offset`` is A + M,
            initially 0; ``learned`` starts as A and is learned itself; ``fixed`` is A.
        bias: ``edges`` adds one bias per partition, weighted by its edges, as in the formula;
            ``plain`` adds one bias after the sum; ``none`` adds none.

    Raises:
        ConfigError: There is no such kind of edges.

    Source: ST-GCN (Yan et al., AAAI 2018), section 3.3.
    """

    partition: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        partition: NDArray[np.float64] | Tensor,
        *,
        edges: Edges = "importance",
        bias: Literal["edges", "plain", "none"] = "edges",
    ) -> None:
        super().__init__()
        adjacency = torch.as_tensor(partition, dtype=torch.float32)
        parts = len(adjacency)
        self.kind = edges
        self.grid = Grid()
        self.mask: nn.Parameter | None = None
        if edges == "learned":
            self.mask = nn.Parameter(adjacency.clone())
        elif edges in ("importance", "offset", "fixed"):
            self.register_buffer("partition", adjacency)
            if edges != "fixed":
                fill = 1.0 if edges == "importance" else 0.0
                self.mask = nn.Parameter(torch.full_like(adjacency, fill))
        else:
            raise ConfigError(
                f"edges must be 'importance', 'offset', 'learned' or 'fixed', got {edges!r}."
            )
        self.weight = nn.Parameter(torch.empty(parts, in_channels, out_channels))
        self.bias: nn.Parameter | None = None
        if bias != "none":
            shape = (parts, out_channels) if bias == "edges" else (out_channels,)
            self.bias = nn.Parameter(torch.zeros(shape))
        nn.init.normal_(self.weight, std=math.sqrt(2 / (parts * in_channels)))

    def edges(self) -> Tensor:
        """(P, V, V): E."""
        if self.mask is None:
            return self.partition
        if self.kind == "learned":
            return self.mask
        return (
            self.partition * self.mask if self.kind == "importance" else self.partition + self.mask
        )

    def matrix(self) -> Tensor:
        """(P*C, C'): all weights."""
        return self.weight.flatten(0, 1)

    def forward(self, x: Tensor, edges: Tensor | None = None) -> Tensor:
        """(..., V, C) -> (..., V, C'), along E or along edges (..., P, V, V) made for the frame."""
        if edges is None:
            edges = self.edges()
        gather = edges.movedim(-1, -3).flatten(-3, -2)  # (..., W*P, V)
        x = torch.matmul(gather, x)  # (..., W*P, C)
        x = torch.unflatten(x, -2, (edges.shape[-1], edges.shape[-3])).flatten(-2)  # (..., W, P*C)
        y = self.grid.frames(x) @ self.grid.weights(self.matrix())  # (..., W, C')
        if self.bias is None:
            return y
        if self.bias.dim() == 1:
            return y + self.bias
        return y + torch.matmul(edges.sum(-2).transpose(-2, -1), self.bias)
