"""Values that move between targets, and wander where they should not be perfect.

Legend: T times, D values moved together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def ease(part: ArrayLike) -> Array:
    """How far a minimum-jerk movement has come after a part of its duration; 0 before, 1 after.

    Source: Flash and Hogan, The coordination of arm movements, J. Neuroscience 1985.

    >>> ease([-1.0, 0.25, 0.5, 2.0]).round(4).tolist()
    [0.0, 0.1035, 0.5, 1.0]
    """
    s = np.clip(part, 0.0, 1.0)
    return np.asarray(s**3 * (10 - 15 * s + 6 * s**2), dtype=np.float64)


class Curve:
    """Values that go from target to target along minimum-jerk paths.

    Moves may overlap: they add up, as the submovements of a hurried reach do, so that any sequence
    of targets gives a smooth path.

    Args:
        start: (D,) or one number, the values before the first move.

    >>> height = Curve(1.0)
    >>> height.move(3.0, start_s=1.0, duration_s=2.0)
    >>> height.at(np.array([0.0, 2.0, 5.0]))[:, 0].tolist()
    [1.0, 2.0, 3.0]
    """

    def __init__(self, start: ArrayLike) -> None:
        self._start = np.atleast_1d(np.asarray(start, dtype=np.float64))
        self._moves: list[tuple[float, float, Array]] = []
        self.goal: Array = self._start

    def move(self, goal: ArrayLike, start_s: float, duration_s: float) -> None:
        """Go to ``goal``, wherever the moves before it lead."""
        goal = np.broadcast_to(np.asarray(goal, dtype=np.float64), self._start.shape)
        self._moves.append((start_s, duration_s, goal - self.goal))
        self.goal = goal

    def at(self, times_s: Array) -> Array:
        """(T,) rising seconds -> (T, D)."""
        under_way = np.zeros((len(times_s), len(self._start)))
        done = np.zeros((len(times_s) + 1, len(self._start)))
        for start_s, duration_s, by in self._moves:
            first, last = np.searchsorted(times_s, (start_s, start_s + duration_s))
            part = (times_s[first:last] - start_s) / duration_s
            under_way[first:last] += ease(part)[:, None] * by
            done[last] += by
        return np.asarray(self._start + np.cumsum(done, axis=0)[:-1] + under_way)


def wander(rng: np.random.Generator, shape: tuple[int, ...], frames: float) -> Array:
    """Smooth random values of variance 1 that forget themselves within about ``frames`` frames.

    Args:
        rng: Where the chance comes from.
        shape: (T, ...); time is the first axis.
        frames: Standard deviation of the Gaussian that smooths white noise.
    """
    reach = max(1, round(3 * frames))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    kernel /= np.sqrt(np.sum(kernel**2))
    noise = rng.standard_normal((shape[0] + 2 * reach, *shape[1:]))
    smooth = np.zeros(shape)
    for tap, weight in enumerate(kernel):
        smooth += weight * noise[tap : tap + shape[0]]
    return smooth
