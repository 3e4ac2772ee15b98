"""A curve that also answers fast for one moment of a long recording."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.datasets.synthetic.curve import Curve

Array = NDArray[np.float64]


class Track(Curve):
    """A curve that knows from when on its first moves are over, and leaves them out.

    >>> angle = Track(0.0)
    >>> for k in range(3):
    ...     angle.move(k + 1.0, start_s=2.0 * k, duration_s=1.0)
    >>> angle.at(np.array([4.5, 9.0]))[:, 0].tolist()
    [2.5, 3.0]
    """

    def __init__(self, start: ArrayLike) -> None:
        super().__init__(start)
        self._over_s: list[float] = []  # when a move and all before it are over
        self._goals = [self.goal]  # after so many moves

    def move(self, goal: ArrayLike, start_s: float, duration_s: float) -> None:
        """Go to ``goal``, wherever the moves before it lead."""
        super().move(goal, start_s, duration_s)
        self._over_s.append(max([start_s + duration_s, *self._over_s[-1:]]))
        self._goals.append(self.goal)

    def at(self, times_s: Array) -> Array:
        """(T,) rising seconds -> (T, D)."""
        if not len(times_s):
            return np.zeros((0, len(self._start)))
        over = bisect_right(self._over_s, float(times_s[0]))
        rest = Curve(self._goals[over])
        rest._moves = self._moves[over:]
        return rest.at(times_s)
