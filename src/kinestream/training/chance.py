"""All that is random in training, from a seed and a place.

Every draw has a generator of its own, made from numbers that say where it belongs. So a resumed run
draws what it would have drawn, and a recording is changed alike whichever process takes it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

_ORDER, _CHANGES, _DROPOUT = range(3)


def order_of(seed: int, epoch: int, recordings: int) -> NDArray[np.int64]:
    """The order in which an epoch takes its recordings."""
    return np.random.default_rng([seed, _ORDER, epoch]).permutation(recordings)


def changes_of(seed: int, epoch: int, recording: int) -> np.random.Generator:
    """What changes a recording in an epoch."""
    return np.random.default_rng([seed, _CHANGES, epoch, recording])


def seed_dropout(seed: int, epoch: int, step: int, rank: int) -> None:
    """Turn torch's generators to where a step begins, each process to a place of its own."""
    place = np.random.default_rng([seed, _DROPOUT, epoch, step, rank])
    torch.manual_seed(int(place.integers(1 << 62)))
