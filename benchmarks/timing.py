"""Fair timing: contestants take turns, so that a busy moment of the machine hits all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np


def interleave(
    steps: Mapping[str, Callable[[np.ndarray], object]],
    frames: np.ndarray,
    *,
    rounds: int,
    block: int,
) -> dict[str, np.ndarray]:
    """Time every contestant in every round.

    Returns:
        For each contestant (rounds, block) seconds per frame.
    """
    names = list(steps)
    times: dict[str, list[list[float]]] = {name: [] for name in names}
    for turn in range(rounds + 1):  # the first round warms up
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            measured = []
            for i in range(block):
                frame = frames[(turn * block + i) % len(frames)]
                start = time.perf_counter()
                steps[name](frame)
                measured.append(time.perf_counter() - start)
            if turn:
                times[name].append(measured)
    return {name: np.array(values) for name, values in times.items()}
