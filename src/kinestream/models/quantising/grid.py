"""The numbers on which a product is made: all of them, unless a network is rounded.

Legend: ... any leading axes, J rows that are summed over, D output channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

FEWEST_ROWS = 16
"""Products that sum over fewer numbers stay as they are: they cost little, and hold raw features."""


class Grid(nn.Module):
    """Leaves both factors of a product as they are."""

    def frames(self, x: Tensor) -> Tensor:
        """(..., J) -> (..., J): the left factor."""
        return x

    def weights(self, matrix: Tensor) -> Tensor:
        """(J, D) -> (J, D): the right one."""
        return matrix


@runtime_checkable
class Product(Protocol):
    """A module that multiplies frames with one matrix of weights, both on a grid."""

    grid: Grid

    def matrix(self) -> Tensor:
        """(J, D): the weights as they are."""
        ...


def products(network: nn.Module) -> Iterator[tuple[str, Product]]:
    """Those of a network that are worth eight bits, with their names, in order."""
    for name, module in network.named_modules():
        if isinstance(module, Product) and len(module.matrix()) >= FEWEST_ROWS:
            yield name, module
