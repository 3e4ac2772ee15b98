"""Going: walking, running, turning, and the gaits of people who cannot walk well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.body import OTHER, SIDES, SIGN
from kinestream.datasets.synthetic.everyday.limbs import Arm
from kinestream.datasets.synthetic.everyday.steps import Gait, go, middle, step, stop, turn

WALK = Gait()
RUN = Gait(
    step=0.52,
    seconds=0.36,
    stance=0.68,
    lift=0.14,
    push=55,
    strike=4,
    height=0.95,
    bob=0.02,
    swing=38,
    elbow=80,
    bend=14,
    twist=9,
    sway=0.15,
)
BACK = Gait(step=0.26, seconds=0.55, lift=0.03, push=10, strike=-12, swing=8, twist=2, bend=4)
LIMP = Gait(step=0.28, seconds=0.60, stance=1.25, lift=0.03, push=20, strike=8, swing=9, twist=2)
SHUFFLE = Gait(
    step=0.12, seconds=0.42, stance=1.35, lift=0.008, push=6, strike=0, height=0.95, swing=4,
    elbow=65, bend=32, twist=1, sway=0.5,
)  # fmt: skip
SPOT = Gait(lift=0.03, push=14, strike=4, swing=0, twist=0)


def walk(actor: Actor) -> None:
    """Walk a few metres, straight or in a slight curve."""
    metres = min(actor.rng.uniform(2.4, 3.6), actor.way_m())
    go(actor, WALK, metres, turn=actor.rng.uniform(-0.4, 0.4))


def run(actor: Actor) -> None:
    """Run a few metres."""
    metres = min(actor.rng.uniform(3.6, 4.8), actor.way_m())
    go(actor, RUN, metres, turn=actor.rng.uniform(-0.2, 0.2))


def step_back(actor: Actor) -> None:
    """Walk backwards."""
    metres = min(actor.rng.uniform(1.0, 1.7), actor.way_m(back=True))
    go(actor, BACK, metres, back=True)


def turn_round(actor: Actor) -> None:
    """Turn on the spot, by a quarter to a half."""
    turn(actor, actor.rng.choice((-1.0, 1.0)) * actor.rng.uniform(1.6, np.pi), SPOT)


def limp(actor: Actor) -> None:
    """Walk with one leg that may bear weight only briefly; the trunk falls to its side."""
    rng = actor.rng
    bad = SIDES[int(rng.integers(2))]
    size = LIMP.step * actor.style.step * actor.body.height_m
    actor.next_foot = bad
    for _ in range(2 * int(rng.integers(3, 5))):
        side = actor.next_foot
        good = side != bad  # which foot swings
        gait = replace(
            LIMP,
            seconds=0.46 if good else 0.78,
            lift=0.03 if good else 0.012,
            tilt=13 if good else 3,
        )
        ahead, _aside = actor.axes()
        share = 0.55 if good else 1.25
        step(actor, gait, side, middle(actor) + share * size * ahead, actor.yaw)
    stop(actor, WALK)


def shuffle(actor: Actor) -> None:
    """Walk bent, with small steps that hardly leave the floor and arms that hardly swing."""
    _stoop(actor)
    go(actor, SHUFFLE, min(actor.rng.uniform(1.2, 1.8), actor.way_m()))


def freeze(actor: Actor) -> None:
    """Want to walk and cannot: bent, heels tremble, feet stay where they are."""
    _stoop(actor)
    side = actor.next_foot
    for _ in range(int(actor.rng.integers(12, 20))):
        length = actor.beat(0.17)
        actor.foot(side, 0.5 * length, pitch=14.0)
        actor.foot(side, 0.5 * length, pitch=0.0, after=0.5 * length)
        actor.shift(length, 0.0, 0.955 if side == "left" else 0.945)
        side = OTHER[side]
        actor.wait(0.8 * length)
    actor.shift(0.7, 0.0, 1.0)
    actor.relax(0.7)
    actor.wait(0.7)


def _stoop(actor: Actor) -> None:
    length = actor.beat(0.6)
    for side in SIDES:
        actor.arm(side, Arm(70, 16, -20, 65), length)
    actor.bend(length, SHUFFLE.bend)
    actor.nod(length, -10.0)
    actor.shift(length, 0.0, SHUFFLE.height)
    actor.wait(0.8 * length)


def march(actor: Actor) -> None:
    """Walk on the spot with high knees."""
    for _ in range(2 * int(actor.rng.integers(3, 5))):
        side, length = actor.next_foot, actor.beat(0.55)
        ahead, aside = actor.axes()
        spot = middle(actor)
        ground = actor.beside(spot, actor.yaw, side)
        actor.leaning = -SIGN[side] * 0.5 * actor.style.stance_m * aside
        actor.place.move(spot + actor.leaning, actor.now_s, 0.6 * length)
        lifted = ground + 0.13 * actor.body.height_m * ahead
        for to, lift, pitch, after in ((lifted, 0.20, 20.0, 0.0), (ground, 0.0, 0.0, 0.5)):
            actor.foot(side, 0.5 * length, to=to, lift=lift, pitch=pitch, after=after * length)
        actor.arm(OTHER[side], Arm(75, 40, 0, 70), 0.6 * length)
        actor.arm(side, Arm(105, -22, 0, 45), 0.6 * length)
        actor.next_foot = OTHER[side]
        actor.wait(length)
    stop(actor, SPOT)
