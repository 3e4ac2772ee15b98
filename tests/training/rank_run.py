"""What one of several processes does in ``test_rank_runs.py``: train, with something in its way.

    python -m tests.training.rank_run FOLDER new|resume CONFIG SABOTAGE

CONFIG and SABOTAGE are JSON. Prints a line per step, and at the end the checksum of the weights.
"""

from __future__ import annotations

import json
import math
import sys
import weakref
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from kinestream.files import sha256
from kinestream.models import Network
from kinestream.training import guard, loop, step
from kinestream.training.config import TrainConfig
from kinestream.training.run_folder import RunFolder
from kinestream.training.signals import EXIT_CODE, StoppedError, stop_signals


class Talk:
    """Prints what the loop tells it, which is told to the first process only."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        print("step", epoch, done, flush=True)

    def epoch(self, row: dict[str, Any]) -> None:
        print("epoch", row["epoch"], flush=True)


def poison(steps: list[int]) -> None:
    """This process's share of some steps, counted from 1, has no gradient that is a number."""
    taken, real = [0], step._add_up_gradients

    def spoilt(network: Network, *rest: Any) -> None:
        taken[0] += 1
        if taken[0] in steps:
            grads = [p.grad for p in network.parameters() if p.grad is not None]
            grads[0].view(-1)[0] = math.nan
        real(network, *rest)

    step._add_up_gradients = spoilt


def shrink_memory(frames: int) -> None:
    """This process finds no memory for more frames than these at once."""
    real = Network.stages

    def stages(network: Network, x: torch.Tensor, *rest: Any) -> Any:
        if network.training and x.shape[2] > frames:
            raise torch.OutOfMemoryError("no memory left")
        return real(network, x, *rest)

    Network.stages = stages  # type: ignore[method-assign]


def main(folder: str, how: str, config: str, sabotage: str) -> int:
    """Take part; returns the exit code."""
    tricks = json.loads(sabotage)
    if "poison" in tricks:
        poison(tricks["poison"])
    if "memory" in tricks:
        shrink_memory(tricks["memory"])
    seen, real = [], guard.accumulate_gradients
    groups: set[weakref.ref[Any]] = set()

    def remember(network: Network, *rest: Any) -> Any:
        seen[:] = [network]
        groups.add(weakref.ref(dist.group.WORLD))
        return real(network, *rest)

    guard.accumulate_gradients = remember
    with stop_signals(last=True) as stop:  # as the command does
        print("ready", flush=True)
        try:
            settings = TrainConfig.model_validate(json.loads(config))
            loop.train(
                settings,
                RunFolder(Path(folder)),
                resume=how == "resume",
                progress=Talk(),
                stop=stop,
            )
        except StoppedError:
            return EXIT_CODE
    assert all(group() is None for group in groups), "the processes' group outlives its end"
    weights = [p.detach().numpy().tobytes() for p in seen[0].parameters()] if seen else []
    print("weights", sha256(b"".join(weights)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
