"""Sitting down and standing up; the chair is not seen."""

from __future__ import annotations

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.limbs import Arm

BACK = 0.225  # from the feet to the seat, in body heights
LOW = 0.56  # of the pelvis, as a share of the height when standing


def sit_down(actor: Actor) -> None:
    """Sit down on a chair."""
    length = actor.beat(1.5)
    actor.bend(0.55 * length, 58.0)
    actor.both(Arm(75, 40, 0, 30), 0.5 * length)
    actor.shift(0.95 * length, -BACK, LOW)
    actor.wait(0.55 * length)
    actor.seated = True
    actor.relax(0.6 * length)
    actor.wait(0.62 * length)


def stand_up(actor: Actor) -> None:
    """Stand up from a chair."""
    length = actor.beat(1.4)
    actor.bend(0.5 * length, 55.0)
    actor.both(Arm(75, 35, 0, 35), 0.5 * length)
    actor.shift(0.8 * length, BACK, 1.0, after=0.25 * length)
    actor.wait(0.5 * length)
    actor.seated = False
    actor.relax(0.65 * length)
    actor.wait(0.66 * length)
