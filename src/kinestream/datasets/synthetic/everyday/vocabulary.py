"""What generated people can do, in what posture it begins and ends, and how much room it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from kinestream.datasets.synthetic.everyday.actions import arms, floor, going, seat, sport
from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.errors import ConfigError

Posture = Literal["stand", "sit", "lie"]
POSTURES: tuple[Posture, ...] = ("stand", "sit", "lie")


@dataclass(frozen=True)
class Action:
    """One word of the vocabulary.

    Attributes:
        perform: Does it.
        begins: Postures it can begin in.
        ends: The posture it ends in; None ends as it began.
        ahead_m: Free way ahead that it needs, below 0 behind; who has less turns round first.
    """

    perform: Callable[[Actor], None]
    begins: tuple[Posture, ...] = ("stand",)
    ends: Posture | None = None
    ahead_m: float = 0.0


UPRIGHT: tuple[Posture, ...] = ("stand", "sit")

ACTIONS: dict[str, Action] = {
    "walk": Action(going.walk, ahead_m=2.5),
    "run": Action(going.run, ahead_m=2.6),
    "step_back": Action(going.step_back, ahead_m=-1.2),
    "turn": Action(going.turn_round),
    "march": Action(going.march),
    "limp": Action(going.limp, ahead_m=2.4),
    "shuffle": Action(going.shuffle, ahead_m=1.2),
    "freeze": Action(going.freeze),
    "sit_down": Action(seat.sit_down, ends="sit"),
    "stand_up": Action(seat.stand_up, begins=("sit",), ends="stand"),
    "fall": Action(floor.fall, ends="lie"),
    "lie_down": Action(floor.lie_down, ends="lie"),
    "get_up": Action(floor.get_up, begins=("lie",), ends="stand"),
    "pick_up": Action(sport.pick_up),
    "bow": Action(sport.bow),
    "squat": Action(sport.squat),
    "lunge": Action(sport.lunge),
    "jump": Action(sport.jump),
    "jumping_jack": Action(sport.jumping_jack),
    "kick": Action(sport.kick),
    "punch": Action(sport.punch),
    "throw": Action(sport.throw),
    "push": Action(arms.push),
    "wave_left": Action(arms.wave_left, UPRIGHT),
    "wave_right": Action(arms.wave_right, UPRIGHT),
    "wave_both": Action(arms.wave_both, UPRIGHT),
    "clap": Action(arms.clap, UPRIGHT),
    "point": Action(arms.point, UPRIGHT),
    "drink": Action(arms.drink, UPRIGHT),
    "phone_call": Action(arms.phone_call, UPRIGHT),
    "check_watch": Action(arms.check_watch, UPRIGHT),
    "stretch": Action(arms.stretch, UPRIGHT),
}

# How one comes from a posture to another.
WAYS: dict[tuple[Posture, Posture], str] = {
    ("stand", "sit"): "sit_down",
    ("sit", "stand"): "stand_up",
    ("stand", "lie"): "lie_down",
    ("lie", "stand"): "get_up",
}


def classes_of(names: Sequence[str]) -> tuple[str, ...]:
    """Everything that recordings of some actions can hold: postures first, then actions.

    What an action cannot do without comes with it: who shall stand up must sit down first.

    Raises:
        ConfigError: There is no such action, or none at all.

    >>> classes_of(["drink", "stand_up"])
    ('stand', 'sit', 'sit_down', 'stand_up', 'drink')
    """
    unknown = [name for name in names if name not in ACTIONS]
    if unknown or not names:
        raise ConfigError(
            f"there is no action {', '.join(map(repr, unknown)) or 'in an empty list'}; use some of "
            f"{', '.join(ACTIONS)}."
        )
    found = set(names)
    if any(ACTIONS[name].ahead_m for name in names):
        found.add("turn")
    postures = {posture for name in names for posture in _visited(ACTIONS[name])}
    for (_, to), way in WAYS.items():
        if to in postures and to != "stand":
            found |= {way, WAYS[to, "stand"]}
    kept = tuple(posture for posture in POSTURES if posture in postures | {"stand"})
    return kept + tuple(name for name in ACTIONS if name in found)


def _visited(action: Action) -> set[Posture]:
    """Postures an action asks for: where it can stand, it does not ask for a seat."""
    begins = "stand" if "stand" in action.begins else action.begins[0]
    return {begins, action.ends or begins}
