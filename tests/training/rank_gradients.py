"""What one of several processes does in ``test_ranks.py``: its share of some batches.

    python -m tests.training.rank_gradients OUT

The first process writes the gradients of all cases to OUT as an ``.npz``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from tests.contracts.zoo import CHANNELS, CLASSES, partition
from tests.training.recordings import gradient, network_of, trials_of
from tests.training.test_losses_steps import loss_named

from kinestream.models import Network, build_network
from kinestream.training.computing import ALONE, Computing
from kinestream.training.ranks import joined
from kinestream.training.step import accumulate_gradients

F64 = torch.float64

BATCH_NORMS: dict[str, dict[str, Any]] = {
    "strided": {"channels": (4, 6), "kernel": 3, "strides": (2, 1), "lookahead": "centred"},
    "clip": {"channels": (4, 6), "kernel": 3, "head": "clip", "averaging": {"over": "clip"}},
}


class Case(NamedTuple):
    """A network, the lengths of a batch, and how long chunks are.

    Attributes:
        network: A number of ``recordings.NETWORKS`` or a name of ``BATCH_NORMS``.
        lengths: Of the recordings.
        segment: Frames of a chunk.
    """

    network: int | str
    lengths: tuple[int, ...]
    segment: int


CASES = [
    Case(0, (31, 7, 18, 25, 3), 0),
    Case(3, (31, 7, 18), 9),
    Case(4, (22, 40), 12),
    Case(5, (30,), 0),  # fewer recordings than processes
    Case(7, (12, 12, 12, 12), 0),
    Case("strided", (31, 7, 18, 25, 4), 0),
    Case("strided", (16,), 0),
    Case("clip", (12, 12, 12), 0),
]


def network_for(case: Case) -> Network:
    """Its network, the same in every process."""
    if isinstance(case.network, int):
        return network_of(case.network, F64)
    torch.manual_seed(0)
    arguments = BATCH_NORMS[case.network] | {"norm": "batch"}
    made = build_network("stgcn", partition(), CHANNELS, CLASSES, **arguments)
    return made.to(F64).train()


def gradients(computing: Computing = ALONE) -> Iterator[np.ndarray[Any, Any]]:
    """Loss, frames right and gradient of every case, over all processes."""
    for number, case in enumerate(CASES):
        batch = trials_of(list(case.lengths), number, F64)
        if case.network == "clip":
            batch = [trial.__class__(trial.x, trial.labels[-1:]) for trial in batch]
        loss, network = loss_named("all", batch, F64), network_for(case)
        shares: Sequence[Sequence[int]] = computing.ranks.shares(case.lengths)
        own = [batch[place] for place in shares[computing.ranks.rank]]
        sums = accumulate_gradients(network, loss, own, case.segment, computing, shares)
        yield np.concatenate([[sums.loss, sums.right, sums.frames], gradient(network).numpy()])


def main(out: str) -> None:
    """Take part."""
    with joined(gpu=False) as ranks:
        found = list(gradients(Computing(ranks=ranks)))
        if ranks.first:
            np.savez(out, *found)


if __name__ == "__main__":
    main(sys.argv[1])
