"""Several processes that train one network: torchrun starts them, torch.distributed joins them.

Every process holds the network and takes a share of each effective batch. What they must agree on is
added up over all of them once a step, so shares may be of any size, and empty.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist

# Takes the group that is there when it is imported as a default, and PyTorch imports it in passing.
# After the start that would be ours: it would outlive its end, and its threads fall into the
# interpreter's.
import torch.distributed.nn
from torch import Tensor

from kinestream.training.signals import StoppedError

T = TypeVar("T")

PATIENCE = timedelta(hours=1)
"""How long a process waits for the others, who may be writing or testing."""


@dataclass(frozen=True)
class Ranks:
    """The processes of a run, as one of them sees them.

    Attributes:
        rank: Which one this is, from 0. The first one writes.
        size: How many there are.
        local: Which one of its machine this is, and so which GPU it takes.
    """

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes and talks."""
        return self.rank == 0

    def add_up(self, values: Tensor) -> Tensor:
        """Put the sum over all processes into a tensor, which is returned."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def add_up_with_gradient(self, values: Tensor) -> Tensor:
        """The sum over all processes of a tensor that needs a gradient."""
        if self.size == 1:
            return values
        total: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
        return total

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in some process."""
        if self.size == 1:
            return flag
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        return bool(self.add_up(torch.tensor([int(flag)], device=device)))

    def gather(self, value: T) -> list[T]:
        """The value of every process, by rank."""
        if self.size == 1:
            return [value]
        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, value)
        return found

    def shares(self, sizes: Sequence[int]) -> list[list[int]]:
        """Divide pieces of work so that all are done at about the same time.

        Args:
            sizes: Of each piece.

        Returns:
            For every process the numbers of its pieces, in rising order; some may have none.

        >>> Ranks(size=2).shares([5, 9, 4])
        [[1], [0, 2]]
        """
        loads = [0] * self.size
        shares: list[list[int]] = [[] for _ in loads]
        for piece in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
            rank = loads.index(min(loads))
            loads[rank] += sizes[piece]
            shares[rank].append(piece)
        return [sorted(share) for share in shares]


class _Sum(torch.autograd.Function):
    """A sum over processes. Each one's input moves all their losses, so gradients add up, too."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        total = slopes[0].clone()
        dist.all_reduce(total)
        return total


def leads() -> bool:
    """Whether this process, alone or started by torchrun, is the one that talks."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def joined(*, gpu: bool) -> Iterator[Ranks]:
    """In the block the processes that torchrun started are joined; a process alone stays alone.

    Args:
        gpu: Talk from GPU to GPU (NCCL) rather than through memory (gloo).
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "RANK" not in os.environ:
        yield Ranks()
        return
    ranks = Ranks(int(os.environ["RANK"]), size, int(os.environ.get("LOCAL_RANK", "0")))
    if gpu:
        torch.cuda.set_device(ranks.local)
    dist.init_process_group("nccl" if gpu else "gloo", timeout=PATIENCE)
    try:
        yield ranks
    except StoppedError:
        dist.destroy_process_group()
        raise
    # After any other error it stays: taking leave would wait for those who know nothing of it.
    dist.destroy_process_group()
