"""What is done with the arms, standing or seated."""

from __future__ import annotations

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.body import OTHER, SIDES, SIGN
from kinestream.datasets.synthetic.everyday.limbs import Arm

Target = tuple[float, float, float]

# (outward, up, forward) of the middle between the shoulders, in body heights.
CLAP_OPEN: Target = (0.16, -0.06, 0.22)
CLAP_SHUT: Target = (0.016, -0.07, 0.24)
AT_CHEST: Target = (0.09, -0.05, 0.12)
PUSHED_AWAY: Target = (0.09, -0.01, 0.40)
MOUTH: Target = (0.025, 0.065, 0.10)
BEFORE: Target = (0.10, -0.14, 0.22)
EAR: Target = (0.07, 0.10, 0.025)
WATCH: Target = (0.02, -0.07, 0.17)


def wave_left(actor: Actor) -> None:
    """Wave with the left hand."""
    _wave(actor, ("left",))


def wave_right(actor: Actor) -> None:
    """Wave with the right hand."""
    _wave(actor, ("right",))


def wave_both(actor: Actor) -> None:
    """Wave with both hands high over the head."""
    _raise(actor, SIDES, Arm(8, 120, 40, 40))
    for _ in range(int(actor.rng.integers(3, 6))):
        for elevation in (158.0, 112.0):
            length = actor.beat(0.36)
            actor.both(Arm(8, elevation, 30, 22), length)
            actor.wait(0.92 * length)
    _lower(actor)


def _wave(actor: Actor, sides: tuple[str, ...]) -> None:
    high = actor.rng.uniform(78, 100) * actor.style.size
    _raise(actor, sides, Arm(10, high, 82, 85))
    for _ in range(int(actor.rng.integers(3, 6))):
        for elbow in (55.0, 112.0):
            length = actor.beat(0.28)
            for side in sides:
                actor.arm(side, Arm(10, high, 82, elbow), length)
            actor.wait(0.92 * length)
    _lower(actor)


def _raise(actor: Actor, sides: tuple[str, ...], to: Arm) -> None:
    length = actor.beat(0.6)
    for side in sides:
        actor.arm(side, to, length)
    actor.wait(0.85 * length)


def _lower(actor: Actor) -> None:
    length = actor.beat(0.65)
    actor.relax(length)
    actor.wait(length)


def clap(actor: Actor) -> None:
    """Clap hands before the chest."""
    length = actor.beat(0.55)
    for _ in range(int(actor.rng.integers(4, 8))):
        for target in (CLAP_OPEN, CLAP_SHUT):
            for side in SIDES:
                actor.reach(side, target, length, out=0.15)
            actor.wait(length)
            length = actor.beat(0.22)
    _lower(actor)


def push(actor: Actor) -> None:
    """Push something away with both hands."""
    for _ in range(int(actor.rng.integers(2, 4))):
        length = actor.beat(0.6)
        for side in SIDES:
            actor.reach(side, AT_CHEST, length, out=0.3)
        actor.bend(length, -4.0)
        actor.wait(length)
        length = actor.beat(0.45)
        for side in SIDES:
            actor.reach(side, PUSHED_AWAY, length, out=0.2)
        actor.bend(length, 16.0)
        actor.wait(1.3 * length)
    _lower(actor)


def point(actor: Actor) -> None:
    """Point at something, and hold it."""
    side = actor.style.hand
    length = actor.beat(0.6)
    plane = actor.rng.uniform(30, 90)
    actor.arm(side, Arm(plane, actor.rng.uniform(78, 98), 0, 4), length)
    actor.nod(length, 0.0, turn=SIGN[side] * 0.5 * (90 - plane))
    actor.wait(length + actor.beat(1.3))
    _lower(actor)


def drink(actor: Actor) -> None:
    """Lift a glass to the mouth, drink, and put it down."""
    side = actor.style.hand
    for _ in range(int(actor.rng.integers(1, 3))):
        length = actor.beat(0.75)
        actor.reach(side, BEFORE, 0.7 * length)
        actor.wait(0.6 * length)
        actor.reach(side, MOUTH, length, out=0.45)
        actor.nod(0.6 * length, -16.0, after=0.6 * length)
        actor.wait(length + actor.beat(1.1))
        actor.reach(side, BEFORE, length)
        actor.nod(length, 0.0)
        actor.wait(length)
    _lower(actor)


def phone_call(actor: Actor) -> None:
    """Hold a telephone to the ear."""
    side = actor.style.hand
    length = actor.beat(0.8)
    actor.reach(side, EAR, length, out=0.1)
    actor.nod(length, 6.0, tilt=SIGN[side] * 8.0)
    actor.wait(length)
    for _ in range(int(actor.rng.integers(2, 4))):
        length = actor.beat(0.7)
        actor.nod(length, actor.rng.uniform(-2, 12), tilt=SIGN[side] * 8.0)
        actor.wait(length)
    _lower(actor)


def check_watch(actor: Actor) -> None:
    """Look at the watch on the other wrist."""
    side = OTHER[actor.style.hand]
    length = actor.beat(0.6)
    actor.reach(side, WATCH, length, out=0.55)
    actor.nod(length, 30.0, turn=SIGN[side] * 6.0)
    actor.wait(length + actor.beat(1.2))
    _lower(actor)


def stretch(actor: Actor) -> None:
    """Stretch with both arms over the head."""
    length = actor.beat(1.0)
    actor.both(Arm(45, 168, 0, 12), length)
    actor.bend(length, -10.0)
    actor.nod(length, -14.0)
    actor.wait(length)
    for tilt in (12.0, -12.0):
        length = actor.beat(0.8)
        actor.bend(length, -8.0, tilt=tilt)
        actor.wait(length)
    _lower(actor)
    actor.wait(0.2)
