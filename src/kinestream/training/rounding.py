"""Eight-bit grids for a network's products, laid over what real recordings show.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from kinestream.models import Network
from kinestream.models.quantising.eight_bit import EightBit
from kinestream.models.quantising.grid import products
from kinestream.models.quantising.ranges import watching
from kinestream.training.evaluate import logits
from kinestream.training.pieces import Trial

FRAMES = 4000
"""Frames that ranges are seen on."""

LONGEST = 500
"""Frames of one recording among them, so that there are several."""


def lay_grids(network: Network, trials: Iterable[Trial]) -> None:
    """Run recordings through a network and round its products from now on.

    Args:
        network: Its products are changed, its weights are not.
        trials: Recordings that it was trained on.
    """
    with watching(network) as seen:
        for trial in trials:
            logits(network, [trial])
    for name, product in products(network):
        grid = EightBit(seen[name].low, seen[name].high)
        product.grid = grid.to(product.matrix().device)


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
