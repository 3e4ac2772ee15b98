"""Fair timing: contestants take turns, so that a busy moment of the machine hits all of them.

Legend: R rounds, B frames of a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter, thread_time

import numpy as np
from numpy.typing import NDArray

WARM_S = 15.0
"""A contestant that is not warm after so long is measured as it is."""

TURN_S = 1.0
"""Turns of slow contestants have fewer frames, so that one takes about so long."""

FEWEST = 2


@dataclass(frozen=True)
class Contestant:
    """Something that takes one frame after another.

    Attributes:
        name: Unique among those that are timed together.
        step: Takes the next frame, of each of its people.
        warm: Frames before it is timed: an engine makes a plan for every phase of its rings when it
            first comes round, so it is warm after a whole period of them.
        people: How many take a frame in one step.
    """

    name: str
    step: Callable[[], object]
    warm: int = 20
    people: int = 1

    def renamed(self, name: str) -> Contestant:
        """The same under another name."""
        return replace(self, name=name)


@dataclass(frozen=True)
class Times:
    """What one contestant needed.

    Attributes:
        seconds: (R, B) of each step.
        people: That took a frame in each.
        cpu_s: (R,) seconds of the mean step that its thread was running in, by the processor's clock.
    """

    seconds: NDArray[np.float64]
    people: int = 1
    cpu_s: NDArray[np.float64] | None = None

    def percentile_us(self, share: float) -> float:
        """Microseconds that ``share`` percent of all steps needed at most."""
        return 1e6 * float(np.percentile(self.seconds, share))

    @property
    def frames_per_s(self) -> float:
        """Frames of one person that one core takes in a second, of the median step."""
        return self.people / float(np.median(self.seconds))

    @property
    def running(self) -> float:
        """Share of the time that the thread ran; less than 1 where others took the core from it.

        Two clocks are compared, so the quotient may come out a little above 1: it is cut there.

        >>> Times(np.full((2, 3), 0.004), cpu_s=np.full(2, 0.003)).running
        0.75
        """
        if self.cpu_s is None:
            return 1.0
        return min(1.0, float(self.cpu_s.sum() / self.seconds.mean(1).sum()))

    def people_at(self, fps: float) -> float:
        """People that one core keeps up with.

        >>> Times(np.full((3, 4), 0.002), people=8).people_at(30)
        133.33333333333334
        """
        return self.frames_per_s / fps

    def to_dict(self) -> dict[str, float]:
        """Rounded, for a file."""
        return {
            **{f"p{share}_us": round(self.percentile_us(share), 1) for share in (50, 95, 99)},
            "frames_per_s": round(self.frames_per_s, 1),
        }


def times_as_long(one: Times, other: Times) -> float:
    """How many times as long one step takes as another: the median of the ratios of each round.

    A round in which the machine was busy slows both and leaves its ratio.

    >>> quick = Times(np.array([[1.0, 1.0], [9.0, 9.0], [1.0, 1.0]]))
    >>> slow = Times(np.array([[2.0, 2.0], [18.0, 18.0], [3.0, 3.0]]))
    >>> times_as_long(slow, quick)
    2.0
    """
    ratios = np.median(one.seconds, axis=1) / np.median(other.seconds, axis=1)
    return float(np.median(ratios))


def cpu_times_as_long(one: Times, other: Times) -> float:
    """As :func:`times_as_long`, by the time that threads ran, which a busy machine leaves right.

    NaN where it was not measured.
    """
    if one.cpu_s is None or other.cpu_s is None:
        return float("nan")
    return float(np.median(one.cpu_s / other.cpu_s))


def take_turns(contestants: Sequence[Contestant], *, rounds: int, frames: int) -> dict[str, Times]:
    """Warm all up, then time them in turns.

    Args:
        contestants: Each begins as many rounds as the others.
        rounds: R.
        frames: Most frames of a turn; a contestant that needs longer takes fewer.

    Returns:
        The times of each, by name.
    """
    turns = {each.name: _frames_of_a_turn(_warm_up(each), frames) for each in contestants}
    times: dict[str, list[list[float]]] = {each.name: [] for each in contestants}
    cpu: dict[str, list[float]] = {each.name: [] for each in contestants}
    for turn in range(rounds):
        first = turn % len(contestants) if contestants else 0
        for each in (*contestants[first:], *contestants[:first]):
            begun = thread_time()
            times[each.name].append(timed(each.step, turns[each.name]))
            cpu[each.name].append((thread_time() - begun) / turns[each.name])
    return {
        each.name: Times(np.array(times[each.name]), each.people, np.array(cpu[each.name]))
        for each in contestants
    }


def timed(step: Callable[[], object], frames: int) -> list[float]:
    """Seconds of each of so many steps."""
    measured = []
    for _ in range(frames):
        start = perf_counter()
        step()
        measured.append(perf_counter() - start)
    return measured


def _warm_up(contestant: Contestant) -> float:
    """Seconds of a step of a contestant that is warm by now."""
    begun, newest = perf_counter(), [0.0]
    for _ in range(max(1, contestant.warm)):
        newest = [*newest[-8:], *timed(contestant.step, 1)]
        if perf_counter() - begun > WARM_S:
            break
    return float(np.median(newest[1:]))


def _frames_of_a_turn(step_s: float, most: int) -> int:
    """As many as fit into a turn, within bounds.

    >>> _frames_of_a_turn(0.001, 60), _frames_of_a_turn(0.1, 60), _frames_of_a_turn(2, 60)
    (60, 10, 2)
    """
    return max(min(FEWEST, most), min(most, int(TURN_S / max(step_s, 1e-9))))
