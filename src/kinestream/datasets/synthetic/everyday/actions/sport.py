"""What takes the whole body: squats, jumps, kicks, punches, throws."""

from __future__ import annotations

import numpy as np

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.body import OTHER, SIDES, SIGN
from kinestream.datasets.synthetic.everyday.jump import PUSH_S
from kinestream.datasets.synthetic.everyday.limbs import Arm
from kinestream.datasets.synthetic.everyday.steps import middle

GUARD = Arm(72, 38, -18, 128)


def squat(actor: Actor) -> None:
    """Go down with bent knees and stretched arms, and up again."""
    for _ in range(int(actor.rng.integers(2, 4))):
        length = actor.beat(1.0)
        actor.both(Arm(84, 122, 0, 6), length)
        actor.bend(length, 42.0)
        actor.nod(length, -20.0)
        actor.shift(length, -0.09, actor.rng.uniform(0.56, 0.68))
        actor.wait(1.05 * length)
        actor.relax(length)
        actor.shift(length, 0.09, 1.0)
        actor.wait(length)


def lunge(actor: Actor) -> None:
    """Step far forward, kneel almost, and step back."""
    for side in SIDES[:: int(actor.rng.choice((-1, 1)))]:
        _lunge(actor, side)


def _lunge(actor: Actor, side: str) -> None:
    length = actor.beat(0.9)
    ahead, _ = actor.axes()
    way = 0.42 * actor.body.height_m * ahead
    home = actor.feet[side].goal
    actor.foot(side, 0.75 * length, to=home + way, pitch=0.0)
    actor.foot(side, 0.35 * length, lift=0.05)
    actor.foot(side, 0.40 * length, lift=0.0, after=0.35 * length)
    actor.foot(OTHER[side], length, pitch=48.0, after=0.3 * length)
    actor.shift(1.1 * length, 0.20, 0.66, after=0.1 * length)
    actor.both(Arm(15, 36, -20, 95), length)
    actor.wait(1.5 * length)
    actor.foot(side, 0.75 * length, to=home)
    actor.foot(side, 0.35 * length, lift=0.05)
    actor.foot(side, 0.40 * length, lift=0.0, after=0.35 * length)
    actor.foot(OTHER[side], 0.7 * length, pitch=0.0)
    actor.shift(length, -0.20, 1.0)
    actor.relax(length)
    actor.wait(1.05 * length)


def jump(actor: Actor) -> None:
    """Jump up from a crouch."""
    for _ in range(int(actor.rng.integers(2, 4))):
        length = actor.beat(0.55)
        actor.both(Arm(108, -45, 0, 15), length)
        actor.bend(length, 40.0)
        actor.shift(length, -0.04, 0.80)
        actor.wait(length)
        _take_off(actor, actor.rng.uniform(0.40, 0.50))
        actor.both(Arm(78, 125, 0, 15), 0.50)
        actor.wait(0.42)
        length = actor.beat(0.8)
        actor.relax(length)
        actor.wait(length)


def _take_off(actor: Actor, flight_s: float) -> None:
    actor.fly(flight_s, after=PUSH_S)
    actor.shift(PUSH_S, 0.04, 1.0)
    actor.bend(PUSH_S, -2.0)
    for side in SIDES:
        actor.foot(side, 0.6 * PUSH_S, pitch=45.0, after=0.4 * PUSH_S)
        actor.foot(side, 0.25, pitch=0.0, after=PUSH_S + flight_s - 0.05)


def jumping_jack(actor: Actor) -> None:
    """Jump with the legs apart and the arms up, and back."""
    count = int(actor.rng.integers(3, 6))
    actor.wait(0.5 * PUSH_S)
    for k in range(2 * count):
        out = k % 2 == 0
        flight_s = 0.24 + 0.03 * (actor.style.pace - 1)
        actor.wait(actor.beat(0.24))
        actor.fly(flight_s)
        arms = Arm(4, 158, 0, 14) if out else Arm(10, actor.hanging.elevation, 0, 16)
        actor.both(arms, flight_s + 0.16, after=-0.08)
        for side in SIDES:
            to = actor.beside(middle(actor), actor.yaw, side, 3.2 if out else 1.0)
            actor.foot(side, flight_s, to=to)
        actor.wait(flight_s)
    actor.wait(0.3)
    actor.relax(actor.beat(0.5))
    actor.wait(0.5)


def punch(actor: Actor) -> None:
    """Box: guard, and quick straight punches of both hands."""
    length = actor.beat(0.45)
    actor.both(GUARD, length)
    actor.shift(length, 0.0, 0.96)
    actor.wait(length)
    side = OTHER[actor.style.hand]
    for _ in range(int(actor.rng.integers(5, 9))):
        length = actor.beat(0.24)
        actor.arm(side, Arm(92, 88, -30, 5), length)
        actor.bend(length, 6.0, twist=-SIGN[side] * 28)
        actor.wait(length)
        actor.arm(side, GUARD, length)
        actor.bend(length, 4.0)
        actor.wait(0.75 * length)
        side = OTHER[side]
    length = actor.beat(0.55)
    actor.relax(length)
    actor.shift(length, 0.0, 1.0)
    actor.wait(length)


def kick(actor: Actor) -> None:
    """Kick forward with the foot on the side of the better hand."""
    side = actor.style.hand
    ahead, _ = actor.axes()
    home, height_m = actor.feet[side].goal, actor.body.height_m
    over = -SIGN[side] * 0.7 * actor.style.stance_m / height_m
    for _ in range(int(actor.rng.integers(1, 4))):
        length = actor.beat(0.5)
        actor.shift(length, 0.0, 0.985, left=over)
        actor.foot(side, length, to=home - 0.16 * height_m * ahead, lift=0.07, pitch=40.0)
        actor.arm(OTHER[side], Arm(60, 45, 0, 40), length)
        actor.wait(length)
        quick = actor.beat(0.30)
        high = actor.rng.uniform(0.22, 0.34) * actor.style.size
        actor.foot(side, quick, to=home + 0.42 * height_m * ahead, lift=high, pitch=-15.0)
        actor.bend(quick, -14.0)
        actor.arm(OTHER[side], Arm(20, 45, 0, 30), quick)
        actor.arm(side, Arm(110, -35, 0, 15), quick)
        actor.wait(1.1 * quick)
        actor.foot(side, 0.9 * length, to=home, pitch=0.0)
        actor.foot(side, 1.1 * length, lift=0.0)
        actor.shift(length, 0.0, 1.0, left=-over)
        actor.relax(length)
        actor.wait(1.1 * length)


def throw(actor: Actor) -> None:
    """Throw a ball over the shoulder."""
    side = actor.style.hand
    turn = -SIGN[side]
    length = actor.beat(0.7)
    actor.arm(side, Arm(-18, 92, 78, 95), length)
    actor.arm(OTHER[side], Arm(70, 60, 0, 20), length)
    actor.bend(length, -10.0, twist=-turn * 38)
    actor.wait(1.05 * length)
    quick = actor.beat(0.30)
    actor.arm(side, Arm(62, 118, 20, 18), quick)
    actor.arm(OTHER[side], Arm(30, 15, 0, 40), 1.5 * quick)
    actor.bend(1.2 * quick, 18.0, twist=turn * 26)
    actor.wait(0.85 * quick)
    actor.arm(side, Arm(112, 42, -35, 20), 1.2 * quick)
    actor.wait(1.5 * quick)
    length = actor.beat(0.7)
    actor.relax(length)
    actor.wait(length)


def bow(actor: Actor) -> None:
    """Bow deeply."""
    length = actor.beat(1.0)
    actor.bend(length, actor.rng.uniform(55, 75))
    actor.shift(length, -0.05, 0.99)
    actor.both(Arm(60, 14, 0, 12), length)
    actor.wait(length + actor.beat(0.4))
    actor.relax(length)
    actor.shift(length, 0.05, 1.0)
    actor.wait(length)


def pick_up(actor: Actor) -> None:
    """Take something from the floor, with bent knees or a bent back."""
    length = actor.beat(1.1)
    down, bend = ((0.56, 62.0), (0.80, 108.0))[int(actor.rng.integers(2))]
    ahead, _ = actor.axes()
    actor.bend(length, bend)
    actor.nod(length, 5.0)
    actor.shift(length, -0.08, down)
    left, forward = middle(actor) + (0.24 + 0.08) * actor.body.height_m * ahead
    sides = SIDES if actor.rng.uniform() < 0.5 else (actor.style.hand,)
    for side in sides:
        _, aside = actor.axes()
        out = 0.06 * SIGN[side] * aside
        actor.touch(side, np.array([left + out[0], 0.10, forward + out[1]]), length)
    actor.wait(1.1 * length)
    actor.bend(length, 0.0)
    actor.nod(length, 0.0)
    actor.shift(length, 0.08, 1.0)
    for side in sides:
        actor.reach(side, (0.07, -0.16, 0.17), length)
    actor.wait(1.05 * length)
    length = actor.beat(0.7)
    actor.relax(length)
    actor.wait(length)
