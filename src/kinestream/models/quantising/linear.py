"""A product of every frame, on a grid.

Legend: ... any leading axes, C channels.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.models.quantising.grid import Grid


class GridLinear(nn.Linear):
    """``nn.Linear`` whose factors lie on a grid; for products of all joints of a frame."""

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, bias)
        self.grid = Grid()

    def matrix(self) -> Tensor:
        """(C, C')."""
        return self.weight.mT

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C')."""
        return F.linear(self.grid.frames(x), self.grid.weights(self.matrix()).mT, self.bias)
