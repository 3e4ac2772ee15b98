"""Falling, lying, and getting up from the floor."""

from __future__ import annotations

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.body import SIDES
from kinestream.datasets.synthetic.everyday.limbs import Arm

FLAT = 0.115  # of the pelvis of who lies, as a share of the height when standing


def fall(actor: Actor) -> None:
    """Lose balance, fall backwards and lie on the back."""
    _fall(actor, 1.0)


def lie_down(actor: Actor) -> None:
    """Sit down on the floor and lie down, slowly and on purpose."""
    length = actor.beat(1.3)
    actor.bend(length, 50.0)
    actor.both(Arm(78, 128, 0, 15), length)
    actor.shift(length, -0.22, FLAT)
    actor.wait(1.1 * length)
    _lay(actor, actor.beat(1.3))


def _fall(actor: Actor, size: float) -> None:
    rng = actor.rng
    length = actor.beat(0.38)
    actor.tip(length, -12.0 * size)
    actor.both(Arm(rng.uniform(30, 60), rng.uniform(50, 90), 0, 35), length)
    actor.shift(length, -0.08, 0.93)
    actor.wait(0.8 * length)
    length = 0.55 * rng.uniform(0.9, 1.1)  # nobody falls slowly
    actor.tip(length, -48.0)
    actor.nod(length, 30.0)
    actor.shift(length, -0.22, FLAT)
    actor.wait(0.85 * length)
    _lay(actor, 0.5 * rng.uniform(0.9, 1.1))


def _lay(actor: Actor, length: float) -> None:
    """Put the trunk on the floor and stretch the legs."""
    actor.trunk.move((0.0, 0.0, 0.0), actor.now_s, length)
    actor.tip(length, -90.0)
    actor.nod(length, 0.0)
    actor.both(Arm(0, actor.rng.uniform(18, 60), 0, 20), length)
    ahead, aside = actor.axes()
    reach_m = 0.99 * actor.body.leg_m + 0.085 * actor.body.height_m
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        to = actor.place.goal + reach_m * ahead + 0.11 * sign * aside
        actor.foot(side, 1.15 * length, to=to, pitch=-62.0, after=0.2 * length)
    actor.wait(1.4 * length)


def get_up(actor: Actor) -> None:
    """Sit up, draw in the feet, and rise over them."""
    length = actor.beat(1.1)
    home = actor.place.goal + 0.27 * actor.body.height_m * actor.axes()[0]
    actor.tip(length, -8.0)
    actor.trunk.move((0.55, 0.0, 0.0), actor.now_s, length)
    actor.both(Arm(80, 75, 0, 20), length)
    for side in SIDES:
        actor.foot(
            side,
            0.9 * length,
            to=actor.beside(home, actor.yaw, side),
            pitch=0.0,
            after=0.2 * length,
        )
    actor.wait(1.05 * length)
    length = actor.beat(1.0)
    actor.bend(0.9 * length, 75.0)
    actor.both(Arm(80, 122, 0, 15), 0.6 * length)
    actor.place.move(home, actor.now_s + 0.1 * length, 1.1 * length)
    actor.height.move(0.5 * actor.body.standing_m, actor.now_s + 0.2 * length, length)
    actor.wait(1.05 * length)
    length = actor.beat(1.0)
    actor.height.move(actor.body.standing_m, actor.now_s, length)
    actor.relax(length)
    actor.wait(length)
