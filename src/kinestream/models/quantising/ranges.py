"""The ranges of frames that eight bits are laid over, seen on real recordings.

Legend: ... any leading axes, J rows that are summed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from kinestream.models.quantising.eight_bit import EightBit
from kinestream.models.quantising.grid import Grid, products

SAMPLE = 1 << 14
"""Values kept of one look at a product's frames, at most."""

SHARES = [share / 40 for share in range(12, 41)]
"""Of what was seen, tried as ranges."""


class Watching(Grid):
    """Leaves frames as they are, and keeps what shows their range.

    Attributes:
        low: The lowest value seen, 0 or below.
        high: The highest, 0 or above.
    """

    def __init__(self) -> None:
        super().__init__()
        self.low = self.high = 0.0
        self._kept: list[Tensor] = []

    def frames(self, x: Tensor) -> Tensor:
        values = x.detach().flatten()
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        self._kept.append(values[:: -(-len(values) // SAMPLE)].float().cpu())
        return x

    def values(self) -> Tensor:
        """An even sample of all values seen."""
        return torch.cat(self._kept)


@contextmanager
def watching(network: nn.Module) -> Iterator[dict[str, Watching]]:
    """In the block, all products of a network are exact and watched, by their names."""
    found = list(products(network))
    before = [product.grid for _, product in found]
    seen = {name: Watching() for name, _ in found}
    for name, product in found:
        product.grid = seen[name]
    try:
        yield seen
    finally:
        for (_, product), grid in zip(found, before, strict=True):
            product.grid = grid


def best_grid(seen: Watching) -> EightBit:
    """The grid that rounds what was seen with the smallest mean square error.

    Few values lie at the ends of what was seen. A narrower range cuts those off and has finer steps
    for all others.

    >>> seen = Watching()
    >>> _ = seen.frames(torch.cat([torch.linspace(0, 1, 5000), torch.tensor([2.0])]))
    >>> round(float(best_grid(seen).scale) * 255, 2)
    2.0
    """
    values = seen.values()
    grids = [EightBit(share * seen.low, share * seen.high) for share in SHARES]
    errors = [float((grid.frames(values) - values).square().mean()) for grid in grids]
    return grids[errors.index(min(errors))]
