"""One person alone: actions in any order, with all that has to come between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinestream.datasets.synthetic.everyday.actions.going import SPOT
from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.steps import turn
from kinestream.datasets.synthetic.everyday.vocabulary import ACTIONS, WAYS, Posture

SEATED_SHARE = 0.4  # of what can be done seated too, if there is a seat


def perform(actor: Actor, names: Sequence[str], classes: Sequence[str]) -> None:
    """Do actions one after the other; between them the person stands, sits or lies still.

    Labels change with the first movement of an action and when its last one has come to rest, so
    that no frame is half one thing and half another.

    Args:
        actor: Who; stands.
        names: The actions.
        classes: What else may happen, as ``classes_of`` says.
    """
    posture: Posture = "stand"
    _pause(actor, posture)
    for name in names:
        action = ACTIONS[name]
        begins = _posture(actor, action.begins, posture, classes)
        posture = _come_to(actor, posture, begins)
        back = action.ahead_m < 0
        if actor.way_m(back) < abs(action.ahead_m):
            _turn_to_room(actor, back)
        posture = _do(actor, name, posture)


def _posture(
    actor: Actor, begins: tuple[Posture, ...], now: Posture, classes: Sequence[str]
) -> Posture:
    if "sit" in begins and "sit" in classes and len(begins) > 1:
        return "sit" if actor.rng.uniform() < SEATED_SHARE else "stand"
    return now if now in begins else begins[0]


def _come_to(actor: Actor, now: Posture, wanted: Posture) -> Posture:
    while now != wanted:
        step: Posture = wanted if now == "stand" else "stand"
        now = _do(actor, WAYS[now, step], now)
    return now


def _do(actor: Actor, name: str, posture: Posture) -> Posture:
    actor.begin(name)
    ACTIONS[name].perform(actor)
    posture = ACTIONS[name].ends or posture
    _pause(actor, posture)
    return posture


def _pause(actor: Actor, posture: Posture) -> None:
    actor.begin(posture)
    actor.wait(actor.rng.uniform(0.5, 1.3))


def _turn_to_room(actor: Actor, back: bool) -> None:
    """Turn so that the way leads through the middle of the room, or nearly."""
    left, forward = actor.place.goal * (1 if back else -1)
    wanted = float(np.arctan2(left, forward)) + actor.rng.uniform(-0.25, 0.25)
    by = (wanted - actor.yaw + np.pi) % (2 * np.pi) - np.pi
    actor.begin("turn")
    turn(actor, by, SPOT)
    _pause(actor, "stand")
