"""Two people who meet: they approach, shake hands, hand something over, push, and part.

Labels follow the same rule as those of one person: they change with the first movement of either, and
when both have come to rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kinestream.datasets.synthetic.everyday.actions.going import BACK, SPOT, WALK
from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.body import SIDES, SIGN
from kinestream.datasets.synthetic.everyday.pair import Pair
from kinestream.datasets.synthetic.everyday.steps import go, middle, turn
from kinestream.errors import ConfigError

APART_M = (2.4, 3.2)  # at the beginning
FAR_M = 0.25  # farther than that they have to come nearer first


def perform(pair: Pair, names: Sequence[str]) -> None:
    """Do things together one after the other; between them both stand still."""
    _pause(pair)
    for name in names:
        if name != "approach" and pair.gap_m > pair.near_m + FAR_M:
            _do(pair, "approach")
        elif name == "approach" and pair.gap_m < pair.near_m + FAR_M:
            _do(pair, "part")
        if pair.rng.uniform() < 0.5:
            pair.swap()
        _do(pair, name)


def _do(pair: Pair, name: str) -> None:
    pair.begin(name)
    PAIR_ACTIONS[name](pair)
    _pause(pair)


def _pause(pair: Pair) -> None:
    pair.begin("stand")
    pair.wait(pair.rng.uniform(0.5, 1.2))


def approach(pair: Pair) -> None:
    """Turn to each other and walk until the other is near."""
    goals = [_towards(pair.first, pair.second), _towards(pair.second, pair.first)]
    for actor, goal, metres in zip(pair.both, goals, _ways(pair), strict=True):
        by = (goal - actor.yaw + np.pi) % (2 * np.pi) - np.pi
        if abs(by) > 0.3:
            turn(actor, by, SPOT)
            by = 0.0
        if metres > 0.1:
            go(actor, WALK, metres, turn=by)


def _ways(pair: Pair) -> tuple[float, float]:
    """How far each has to walk, so that both meet as near to the middle of the room as can be."""
    start, gap_m = middle(pair.first), pair.gap_m
    along = (middle(pair.second) - start) / gap_m
    spare_m = gap_m - pair.near_m
    first = float(np.clip(-start @ along - pair.near_m / 2, 0.25 * spare_m, 0.75 * spare_m))
    return first, spare_m - first


def part(pair: Pair) -> None:
    """Turn round and walk away."""
    for actor in pair.both:
        turn(actor, actor.rng.choice((-1.0, 1.0)) * np.pi, SPOT)
        go(actor, WALK, actor.rng.uniform(0.9, 1.2))


def shake_hands(pair: Pair) -> None:
    """Shake right hands."""
    length = pair.first.beat(0.8)
    pair.reach("right", pair.between(0.60), length)
    pair.wait(length)
    for _ in range(int(pair.rng.integers(3, 6))):
        for height in (0.625, 0.585):
            length = pair.first.beat(0.2)
            pair.reach("right", pair.between(height), length)
            pair.wait(length)
    pair.release(pair.first.beat(0.8))


def high_five(pair: Pair) -> None:
    """Clap right hands over the heads."""
    length = pair.first.beat(0.6)
    pair.meet()
    for actor in pair.both:
        actor.reach("right", (0.17, 0.16, 0.05), length, out=0.6)
    pair.wait(length)
    quick = pair.first.beat(0.28)
    pair.reach("right", pair.between(0.98), quick)
    pair.wait(quick + 0.08)
    length = pair.first.beat(0.4)
    for actor in pair.both:
        actor.reach("right", (0.15, 0.04, 0.10), length, out=0.3)
    pair.wait(0.8 * length)
    pair.release(pair.first.beat(0.8))


def hand_over(pair: Pair) -> None:
    """The first gives something to the second, who takes it to the chest."""
    first, second = pair.both
    length = first.beat(0.8)
    first.reach("right", (0.06, -0.12, 0.18), length)
    first.wait(length)
    pair.meet()
    length = first.beat(0.8)
    pair.reach("right", pair.between(0.66), length)
    pair.wait(length + first.beat(0.4))
    length = first.beat(0.7)
    second.reach("right", (0.06, -0.12, 0.16), length)
    first.relax(length)
    pair.wait(length + first.beat(0.3))
    pair.release(first.beat(0.7))


def push(pair: Pair) -> None:
    """The first pushes the second, who has to step back."""
    first, second = pair.both
    length = first.beat(0.45)
    for side in SIDES:
        first.reach(side, (0.09, -0.05, 0.13), length, out=0.3)
    first.wait(length)
    pair.meet()
    quick = first.beat(0.32)
    first.bend(quick, 14.0)
    first.shift(quick, 0.05, 0.99)
    chest = second.figure(np.array([second.now_s + quick])).points["shoulder_centre"][0]
    for side in SIDES:
        ahead, aside = first.axes()
        to = -0.06 * ahead + SIGN[side] * 0.10 * aside
        first.touch(side, chest + np.array([to[0], -0.12, to[1]]), quick)
    pair.wait(quick)
    second.bend(0.3, -14.0)
    go(second, BACK, second.rng.uniform(0.5, 0.7), back=True)
    length = first.beat(0.8)
    first.wait(0.15)
    first.relax(length)
    first.shift(length, -0.05, 1.0)
    first.wait(length)
    pair.meet()


PAIR_ACTIONS: dict[str, Callable[[Pair], None]] = {
    "approach": approach,
    "shake_hands": shake_hands,
    "high_five": high_five,
    "hand_over": hand_over,
    "push": push,
    "part": part,
}


def pair_classes_of(names: Sequence[str]) -> tuple[str, ...]:
    """Everything that recordings of some actions of two people can hold.

    Raises:
        ConfigError: There is no such action, or none at all.

    >>> pair_classes_of(["shake_hands"])
    ('stand', 'approach', 'shake_hands', 'part')
    """
    unknown = [name for name in names if name not in PAIR_ACTIONS]
    if unknown or not names:
        raise ConfigError(
            f"two people cannot do {', '.join(map(repr, unknown)) or 'nothing at all'}; use some of "
            f"{', '.join(PAIR_ACTIONS)}."
        )
    found = {*names, "approach", "part"}
    return ("stand", *(name for name in PAIR_ACTIONS if name in found))


def _towards(actor: Actor, other: Actor) -> float:
    left, forward = middle(other) - middle(actor)
    return float(np.arctan2(left, forward))
