"""Causal averages that go on for ever without drifting.

Legend: T frames, K values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.features.seen import Mask

Values = NDArray[np.float64]


def running(values: Values, measured: Mask, memory: int) -> Values:
    """The average up to each frame, NaN before the first that was measured.

    The first ``memory`` measured frames weigh alike; from then on the newest weighs 1 / memory and
    older ones fade.

    Args:
        values: (T, K).
        measured: (T,); other frames change nothing.
        memory: Frames, at least 1.

    Returns:
        (T, K) float64.

    >>> running(np.array([[1.0], [3.0], [5.0]]), np.array([True] * 3), 2)[:, 0].tolist()
    [1.0, 2.0, 3.5]
    """
    state: Values | None = None
    averages = np.full(values.shape, np.nan)
    for t in np.flatnonzero(measured).tolist():
        state = step(values[t], state, memory)
        averages[t] = state[:-1]
    latest = np.maximum.accumulate(np.where(measured, np.arange(len(measured)), 0))
    return averages[latest]


def step(value: Values, state: Values | None, memory: int) -> Values:
    """Take one measured frame (K,); the state (K + 1,) holds the average, then how many it took."""
    if state is None:
        return np.append(value, 1.0)
    count = min(state[-1] + 1, memory)
    return np.append(state[:-1] + (value - state[:-1]) / count, count)
