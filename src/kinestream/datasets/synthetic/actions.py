"""The vocabulary of a generated Kinect recording: what each action is made of, and their order.

Positions of wrists are (outward, up, forward) from their shoulder in arm lengths. To add an action,
write how it is prepared and done and put it into ``ACTIONS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kinestream.datasets.synthetic.actor import Actor
from kinestream.datasets.synthetic.body import Vector

SEAT_M = 0.50  # above the ankles
SEAT_BEHIND_M = 0.32  # from the feet

ON_LAP: Vector = (0.12, -0.62, 0.38)
HOLDING: Vector = (-0.10, -0.62, 0.42)
TO_FLOOR: Vector = (0.05, -0.88, 0.25)
COCKED: Vector = (0.11, 0.22, 0.20)
THROWN: Vector = (0.44, 0.22, 0.80)
FOLLOWED: Vector = (0.36, -0.74, 0.56)
AT_CHEST: Vector = (0.05, 0.00, 0.33)
STRETCHED: Vector = (0.38, 0.18, 0.85)
PULLED: Vector = (0.10, -0.05, 0.20)
WIDE: Vector = (0.92, 0.36, 0.26)
RAISED: Vector = (0.46, 0.72, 0.40)
CROSSED: Vector = (-0.22, 0.70, 0.54)
BY_THE_SEAT: Vector = (0.15, -0.90, 0.00)
CLAP_OPEN: Vector = (0.42, -0.33, 0.44)
CLAP_SHUT: Vector = (-0.18, -0.31, 0.64)


@dataclass(frozen=True)
class Action:
    """One word of the vocabulary.

    Attributes:
        prepare: What comes before it and belongs to the background.
        perform: The action itself.
    """

    prepare: Callable[[Actor], None]
    perform: Callable[[Actor], None]


def perform(actor: Actor, script: Sequence[str]) -> None:
    """Do actions one after the other, with background before, between and after them."""
    for name in script:
        actor.begin("background")
        ACTIONS[name].prepare(actor)
        actor.begin(name)
        ACTIONS[name].perform(actor)
    actor.begin("background")
    actor.rest(0.8)
    actor.wait(1.2)


def start_of(side: float) -> tuple[float, float]:
    """Where a recording begins, on the left (-1) or right (1) of the picture: (x, z) in metres."""
    return (0.95 * side, 2.75)


def _side(actor: Actor) -> float:
    """-1 on the left half of the picture, 1 on the right."""
    return -1.0 if actor.place.goal[0] < 0 else 1.0


def _go_to_start(actor: Actor) -> None:
    actor.walk(start_of(_side(actor)))
    actor.face(0.0)
    actor.wait(1.2)


def _walk_across(actor: Actor) -> None:
    actor.walk((-0.4 * _side(actor), 1.85))


def _go_to_chair(actor: Actor) -> None:
    actor.stop()
    actor.wait(0.5)
    side = _side(actor)
    actor.walk((0.5 * side, 2.65))
    actor.face(0.35 * side)
    actor.rest(0.6)
    x, z = actor.place.goal
    actor.walk((x, z + 0.2), back=True, swing=0)
    actor.stop()


def _sit_down(actor: Actor) -> None:
    actor.lean(0.7, 0.60)
    actor.shift(1.1, SEAT_BEHIND_M, SEAT_M)
    actor.wait(0.9)
    actor.reach(0.7, ON_LAP, ON_LAP, elbow=0.2)
    actor.lean(0.7, -0.08)
    actor.wait(0.95)


def _stay_seated(actor: Actor) -> None:
    actor.wait(0.6)


def _stand_up(actor: Actor) -> None:
    actor.lean(0.7, 0.55)
    actor.wait(0.45)
    actor.shift(1.1, -SEAT_BEHIND_M, actor.body.standing_m)
    actor.reach(0.9, BY_THE_SEAT, BY_THE_SEAT)
    actor.wait(0.35)
    actor.lean(0.8, 0.03)
    actor.wait(0.8)


def _go_to_box(actor: Actor) -> None:
    actor.rest(0.6)
    actor.wait(0.4)
    actor.walk((0.1 * _side(actor), 2.40))
    actor.face(0.5 * _side(actor))
    actor.stop()


def _pick_up(actor: Actor) -> None:
    actor.reach(0.8, TO_FLOOR, TO_FLOOR)
    actor.lean(0.8, 0.95, tilt=0.2 * _side(actor))
    actor.nod.move(0.3, actor.now_s, 0.5)
    actor.shift(1.0, -0.06, 0.42)
    actor.wait(1.2)
    actor.reach(0.9, HOLDING, HOLDING)
    actor.lean(0.9, 0.0)
    actor.nod.move(0.05, actor.now_s, 0.8)
    actor.shift(0.9, 0.06, actor.body.standing_m)
    actor.wait(0.9)


def _hold(actor: Actor) -> None:
    actor.wait(0.6)


def _carry(actor: Actor) -> None:
    side = _side(actor)
    actor.walk((0.6 * side, 2.0), swing=0)
    actor.walk((-0.5 * side, 2.0), swing=0)
    actor.face(0.0)


def _put_away(actor: Actor) -> None:
    actor.stop()
    actor.rest(0.8)
    actor.walk((0.1 * _side(actor), 2.2))
    actor.face(0.0)
    actor.stop()
    actor.rest(0.6)
    actor.wait(0.8)


def _raise_to_throw(actor: Actor) -> None:
    _put_away(actor)
    actor.lean(0.6, 0.0, twist=-0.35)
    actor.reach(0.6, right=COCKED)
    actor.wait(0.6)


def _throw(actor: Actor) -> None:
    actor.wait(0.2)
    actor.lean(0.5, 0.08, twist=0.1)
    actor.reach(0.35, right=THROWN, elbow=0.4)
    actor.wait(0.3)
    actor.reach(0.4, right=FOLLOWED, elbow=0.2)
    actor.wait(0.35)


def _raise_to_push(actor: Actor) -> None:
    actor.rest(0.7)
    actor.wait(1.5)
    actor.lean(0.6, 0.0, twist=-0.25)
    actor.reach(0.6, right=AT_CHEST)
    actor.wait(0.6)


def _push(actor: Actor) -> None:
    actor.wait(0.1)
    actor.lean(0.5, 0.06, twist=0.45)
    actor.reach(0.5, right=STRETCHED, elbow=0.4)
    actor.wait(0.55)


def _stretch_again(actor: Actor) -> None:
    actor.wait(0.3)
    actor.rest(0.6)
    actor.wait(0.8)
    actor.lean(0.6, 0.03, twist=0.4)
    actor.reach(0.6, right=STRETCHED, elbow=0.4)
    actor.wait(0.55)


def _pull(actor: Actor) -> None:
    actor.wait(0.25)
    actor.lean(0.7, -0.02, twist=-0.25)
    actor.reach(0.65, right=PULLED)
    actor.wait(0.75)


def _stand_at_ease(actor: Actor) -> None:
    actor.rest(0.7)
    actor.wait(1.2)


def _wave_hands(actor: Actor) -> None:
    actor.reach(0.45, WIDE, WIDE, elbow=0.6)
    actor.wait(0.45)
    for _ in range(3):
        for place in (RAISED, CROSSED, RAISED, WIDE):
            actor.reach(0.42, place, place, elbow=0.8)
            actor.wait(0.26)


def _clap_hands(actor: Actor) -> None:
    actor.reach(0.5, CLAP_OPEN, CLAP_OPEN, elbow=0.2)
    actor.wait(0.35)
    for _ in range(3):
        for place in (CLAP_SHUT, CLAP_OPEN):
            actor.reach(0.35, place, place, elbow=0.2)
            actor.wait(0.3)


ACTIONS: dict[str, Action] = {
    "walk": Action(_go_to_start, _walk_across),
    "sitDown": Action(_go_to_chair, _sit_down),
    "standUp": Action(_stay_seated, _stand_up),
    "pickUp": Action(_go_to_box, _pick_up),
    "carry": Action(_hold, _carry),
    "throw": Action(_raise_to_throw, _throw),
    "push": Action(_raise_to_push, _push),
    "pull": Action(_stretch_again, _pull),
    "waveHands": Action(_stand_at_ease, _wave_hands),
    "clapHands": Action(_stand_at_ease, _clap_hands),
}
