"""Rounding to eight bits, as training sees it: the numbers of the graph, and a slope to learn by.

Legend: ... any leading axes, J rows that are summed over, D output channels.

A frame's values lie on 256 equal steps, one of which is zero: ``x = (q - zero) * scale``. The weights
of each output channel lie on steps of its own, ``w = q * step``, so that a channel of small weights
does not suffer from one of large. Sums over J are exact; only what goes in is rounded.

Processors without VNNI add the products of two neighbouring rows in 16 bits. So steps are such that
the codes of no two neighbours add up to more than 128: ``255 * 128`` still fits, and a graph gives the
same answers wherever it runs.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from kinestream.models.quantising.grid import Grid

HIGHEST = 255
"""Of the frames' codes, from 0 on."""

LARGEST = 127
"""Of two neighbouring weights' codes together, before they are rounded."""


class EightBit(Grid):
    """Rounds both factors of a product.

    In the backward pass rounding has the slope 1, and values beyond the range have none.

    Args:
        low: Of the frames' range, 0 or below.
        high: Of the frames' range, 0 or above.

    >>> grid = EightBit(-1.0, 4.1)
    >>> [round(value, 3) for value in grid.frames(torch.tensor([-2.0, 0.009, 0.011, 9.0])).tolist()]
    [-1.0, 0.0, 0.02, 4.1]
    """

    scale: Tensor
    zero: Tensor

    def __init__(self, low: float = 0.0, high: float = 1.0) -> None:
        super().__init__()
        scale = (high - low) / HIGHEST or 1.0  # nothing but zeros was seen
        self.register_buffer("scale", torch.tensor(scale), persistent=False)
        self.register_buffer("zero", torch.tensor(float(round(-low / scale))), persistent=False)

    def frames(self, x: Tensor) -> Tensor:
        codes = rounded(x / self.scale) + self.zero
        return (codes.clamp(0, HIGHEST) - self.zero) * self.scale

    def weights(self, matrix: Tensor) -> Tensor:
        steps = self.steps(matrix)
        return rounded(matrix / steps) * steps

    def steps(self, matrix: Tensor) -> Tensor:
        """(J, D) -> (D,): between neighbouring values of each output channel."""
        even = F.pad(matrix.detach(), (0, 0, 0, len(matrix) % 2))
        pairs = torch.unflatten(even, 0, (-1, 2))
        up, down = pairs.clamp(min=0).sum(1), pairs.clamp(max=0).sum(1)  # (J / 2, D)
        largest = torch.maximum(up, -down).amax(0)
        return torch.where(largest > 0, largest, 1.0) / LARGEST


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.round()  # halves to even, as the graph does

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        return slopes[0]


def rounded(x: Tensor) -> Tensor:
    """To whole numbers, with the slope 1."""
    y: Tensor = _Rounded.apply(x)  # type: ignore[no-untyped-call]
    return y
