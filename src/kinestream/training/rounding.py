"""Products rounded to eight bits: ranges from real recordings, and epochs that learn with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from kinestream.models import Network
from kinestream.models.quantising.eight_bit import EightBit
from kinestream.models.quantising.grid import products
from kinestream.models.quantising.ranges import watching
from kinestream.training.computing import ALONE, Computing
from kinestream.training.evaluate import logits
from kinestream.training.job import Job
from kinestream.training.pieces import Trial

Ranges = Mapping[str, tuple[float, float]]
"""The lowest and highest value of each product's frames, by the product's name."""

FRAMES = 4000
"""Frames that ranges are seen on."""

LONGEST = 500
"""Frames of one recording among them, so that there are several."""


@contextmanager
def rounding(job: Job, epoch: int) -> Iterator[None]:
    """In the block the network learns with rounded products, if this epoch is to.

    Ranges are seen anew before an epoch, by the weights as they are then. An epoch that is gone on with
    keeps those that it began with.

    Args:
        job: Its standing keeps the ranges.
        epoch: Number of the epoch, from 1.
    """
    settings, standing, learner = job.config.training, job.learner.standing, job.learner
    if not settings.quantise or epoch < settings.quantise_from:
        yield
        return
    if standing.tally.steps == 0 or not standing.ranges:
        trials = shown(len(job.clips), lambda number: job.maker(job.clips[number]))
        found = ranges_of(learner.network, trials, learner.computing)
        standing.ranges = dict(job.ranks.gather(found)[0])
    with on_grids(learner.network, standing.ranges):
        yield


@contextmanager
def on_grids(network: Network, ranges: Ranges) -> Iterator[None]:
    """In the block the products of a network are rounded; afterwards they are what they were."""
    before = [(product, product.grid) for _, product in products(network)]
    lay_grids(network, ranges)
    try:
        yield
    finally:
        for product, grid in before:
            product.grid = grid


def lay_grids(network: Network, ranges: Ranges) -> None:
    """Round the products of a network from now on; its weights are left as they are."""
    for name, product in products(network):
        product.grid = EightBit(*ranges[name]).to(product.matrix().device)


def ranges_of(
    network: Network, trials: Iterable[Trial], computing: Computing = ALONE
) -> dict[str, tuple[float, float]]:
    """What recordings show of a network's products, run exactly.

    Args:
        network: Any network; left as it is.
        trials: Recordings that it was trained on.
        computing: Device and precision.
    """
    with watching(network) as seen:
        for trial in trials:
            logits(network, [trial], computing)
    return {name: (grid.low, grid.high) for name, grid in seen.items()}


def shown(count: int, make: Callable[[int], Trial]) -> list[Trial]:
    """Some thousand frames of recordings, always the same ones.

    Args:
        count: How many recordings there are.
        make: Makes the recording of a number ready, as the network sees it in use.
    """
    found: list[Trial] = []
    frames = 0
    for number in np.random.default_rng(0).permutation(count):
        trial = make(int(number))
        found.append(Trial(trial.x[:, :LONGEST], trial.labels[:LONGEST]))
        frames += found[-1].x.shape[1]
        if frames >= FRAMES:
            break
    return found
