"""The ranges of frames that eight bits are laid over, seen on real recordings.

Legend: ... any leading axes, J rows that are summed over.

A range holds all that was seen. A narrower one has finer steps, but what it cuts off errs to one side,
and sums over frames and joints add that up: of a network of sliding sums the logits were four times
as far off, when ranges were those of the smallest square error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from kinestream.models.quantising.grid import Grid, products


class Watching(Grid):
    """Leaves frames as they are, and remembers how far they reach.

    Attributes:
        low: The lowest value seen, 0 or below.
        high: The highest, 0 or above.
    """

    def __init__(self) -> None:
        super().__init__()
        self.low = self.high = 0.0

    def frames(self, x: Tensor) -> Tensor:
        self.low = min(self.low, float(x.detach().min()))
        self.high = max(self.high, float(x.detach().max()))
        return x


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
