"""Two actors who do things together.

Each has a clock; what both do begins together and ends when the slower one has finished.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.steps import middle

Array = NDArray[np.float64]

NEAR = 0.50  # how far apart people stand who meet, in body heights


class Pair:
    """Two actors and what they do together.

    Args:
        first: Who hands over and pushes; they take turns in it by chance.
        second: Faces the first.
        rng: Where chance comes from.
    """

    def __init__(self, first: Actor, second: Actor, rng: np.random.Generator) -> None:
        self.first, self.second, self.rng = first, second, rng
        self.marks: list[tuple[float, str]] = []

    @property
    def both(self) -> tuple[Actor, Actor]:
        """The first and the second."""
        return self.first, self.second

    @property
    def now_s(self) -> float:
        """The time by which both are ready."""
        return max(actor.now_s for actor in self.both)

    def swap(self) -> None:
        """Let the second be the first."""
        self.first, self.second = self.second, self.first

    def begin(self, label: str) -> None:
        """From now on this is what both are doing."""
        self.meet()
        self.marks.append((self.now_s, label))

    def meet(self) -> None:
        """Wait for the slower one."""
        now_s = self.now_s
        for actor in self.both:
            actor.now_s = now_s

    def wait(self, seconds: float) -> None:
        """Let time pass for both."""
        self.meet()
        for actor in self.both:
            actor.wait(seconds)

    @property
    def gap_m(self) -> float:
        """How far they are from each other."""
        return float(np.hypot(*(middle(self.second) - middle(self.first))))

    @property
    def near_m(self) -> float:
        """How far from each other people of this size stand to meet."""
        return NEAR * (self.first.body.height_m + self.second.body.height_m) / 2

    def between(self, height: float, aside: float = 0.0) -> Array:
        """A place (3,) between them, at a share of the smaller one's height."""
        left, forward = (middle(self.first) + middle(self.second)) / 2
        out = aside * self.first.axes()[1]
        up = height * min(actor.body.height_m for actor in self.both)
        return np.array([left + out[0], up, forward + out[1]])

    def reach(self, side: str, point: Array, length: float) -> None:
        """Both move a hand to one place, and get there together."""
        self.meet()
        for actor in self.both:
            actor.touch(side, point, length)

    def release(self, length: float) -> None:
        """Both return to ease."""
        self.meet()
        for actor in self.both:
            actor.relax(length)
            actor.wait(length)
        self.meet()
