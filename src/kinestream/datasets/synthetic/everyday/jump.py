"""A jump: both legs push, the body flies on a parabola, both legs take it up again.

Legend: T times.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.curve import ease
from kinestream.datasets.synthetic.imu import GRAVITY

Array = NDArray[np.float64]

PUSH_S = 0.30  # how long legs push, and how long they give way afterwards
ON_TOES_M = 0.04  # how much higher than standing the pelvis is when the toes leave
UNROLL_S = 0.07  # how long feet trail behind


def thrown_up(times_s: Array, flights: Sequence[tuple[float, float]]) -> tuple[Array, Array]:
    """How far feet and pelvis are thrown up by flights of (start, length), both (T,) metres."""
    feet, pelvis = np.zeros(len(times_s)), np.zeros(len(times_s))
    for start_s, length_s in flights:
        on_feet, on_pelvis = jump(times_s - start_s, length_s)
        feet += on_feet
        pelvis += on_pelvis
    return feet, pelvis


def jump(after_s: Array, length_s: float) -> tuple[Array, Array]:
    """How far feet and pelvis are thrown up.

    Args:
        after_s: (T,) seconds since the toes left the floor.
        length_s: Duration of the flight.

    Returns:
        Metres for the feet and for the pelvis, both (T,). The pelvis falls freely in between: its
        place, speed and acceleration never jump.

    >>> feet, pelvis = jump(np.array([-1.0, 0.25, 0.5, 2.0]), 0.5)
    >>> feet.round(3).tolist()
    [0.0, 0.307, 0.0, 0.0]
    """
    left_s = np.minimum(after_s, length_s - after_s)  # to the nearer end of the flight
    parabola = GRAVITY / 2 * np.maximum(after_s * (length_s - after_s), 0.0)
    feet = parabola * ease(left_s / UNROLL_S)
    pushed = np.where(left_s < 0, _push(1 + left_s / PUSH_S, length_s), ON_TOES_M)
    return feet, parabola + pushed


def _push(part: Array, length_s: float) -> Array:
    """The pelvis while legs push: from rest to the start of a flight."""
    s = np.clip(part, 0.0, 1.0)
    speed = GRAVITY * length_s / 2 * PUSH_S
    falling = -GRAVITY * PUSH_S**2
    third = 10 * ON_TOES_M - 4 * speed + falling / 2
    fourth = -15 * ON_TOES_M + 7 * speed - falling
    fifth = 6 * ON_TOES_M - 3 * speed + falling / 2
    return np.asarray(s**3 * (third + s * (fourth + s * fifth)))
