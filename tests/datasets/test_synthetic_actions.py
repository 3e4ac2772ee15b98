"""Every action of the generator is what its name says, by something that can be measured.

Legend: T frames. Places are in the axes of the person when the action begins: (left, up, forward).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.body import Body
from kinestream.datasets.synthetic.everyday.figure import Figure
from kinestream.datasets.synthetic.everyday.landmarks import at
from kinestream.datasets.synthetic.everyday.script import perform
from kinestream.datasets.synthetic.everyday.style import Style
from kinestream.datasets.synthetic.everyday.vocabulary import ACTIONS, classes_of
from kinestream.datasets.synthetic.imu import UP, turn

Array = NDArray[np.float64]

FPS, BEFORE_S = 60.0, 0.4
LEFT, FORWARD = 0, 2


@dataclass
class Seen:
    """An action, with 0.4 s of rest before it, in body heights."""

    actor: Actor
    before: int
    yaw: Array
    _heading: Array
    _start: Array
    _figure: Figure

    def __getitem__(self, name: str) -> Array:
        body = self.actor.body
        place = at(body, self._figure, name)
        return np.asarray((place - self._start) @ self._heading / body.height_m)

    def gap(self, one: str, other: str) -> Array:
        return np.asarray(np.linalg.norm(self[one] - self[other], axis=1))

    def up(self, name: str) -> Array:
        return self[name][:, UP]

    @property
    def hand(self) -> str:
        return self.actor.style.hand

    @property
    def other(self) -> str:
        return "left" if self.hand == "right" else "right"


@cache
def see(name: str, seed: int) -> Seen:
    rng = np.random.Generator(np.random.PCG64(seed))
    actor = Actor(rng, Body.drawn(rng, float(rng.uniform(1.5, 1.95))), Style.drawn(rng, 1.0))
    perform(actor, [name], classes_of([name]))
    k = max(k for k, (_, label) in enumerate(actor.marks) if label == name)
    begin_s, end_s = actor.marks[k][0], actor.marks[k + 1][0]
    times_s = np.arange(begin_s - BEFORE_S, end_s, 1 / FPS)
    yaw = actor.hips.at(times_s)[:, 0]
    figure = actor.figure(times_s)
    start = figure.points["pelvis"][0] * (1, 0, 1)
    return Seen(actor, round(BEFORE_S * FPS), yaw, turn(UP, yaw[0]), start, figure)


def peaks(values: Array, prominence: float) -> int:
    """How often values rise from a low by more than ``prominence`` and fall as far again."""
    count, low, high, rising = 0, values[0], values[0], True
    for value in values:
        if rising:
            high = max(high, value)
            if value < high - prominence:
                rising, low, count = False, value, count + (high > low + prominence)
            low = min(low, value)
        else:
            low = min(low, value)
            if value > low + prominence:
                rising, high = True, value
    return count


def lifts(seen: Seen) -> tuple[Array, Array]:
    return tuple(
        np.minimum(seen.up(f"{s}_heel"), seen.up(f"{s}_foot_index")) for s in ("left", "right")
    )  # type: ignore[return-value]


def way(seen: Seen) -> float:
    return float(np.linalg.norm((seen["pelvis"][-1] - seen["pelvis"][0])[[LEFT, FORWARD]]))


def speed(seen: Seen) -> float:
    """Fastest of the pelvis, body heights a second."""
    return float(np.linalg.norm(np.diff(seen["pelvis"], axis=0), axis=1).max() * FPS)


def trunk_lean(seen: Seen) -> Array:
    """How far the trunk leans forward, degrees."""
    spine = seen["shoulder_centre"] - seen["pelvis"]
    return np.degrees(np.arctan2(spine[:, FORWARD], spine[:, UP]))


def walks(seen: Seen) -> bool:
    both_off = np.minimum(*lifts(seen)).max() < 0.005
    return way(seen) > 1.3 and both_off and 0.4 < speed(seen) < 1.3


def runs(seen: Seen) -> bool:
    return way(seen) > 1.4 and np.minimum(*lifts(seen)).max() > 0.01 and speed(seen) > 1.2


def steps_back(seen: Seen) -> bool:
    return bool(seen["pelvis"][-1, FORWARD] < -0.5)


def turns(seen: Seen) -> bool:
    return abs(seen.yaw[-1] - seen.yaw[0]) > 0.3 and way(seen) < 0.1


def marches(seen: Seen) -> bool:
    knees = [seen.up(f"{s}_knee") for s in ("left", "right")]
    return way(seen) < 0.1 and all(peaks(knee, 0.08) >= 3 for knee in knees)


def limps(seen: Seen) -> bool:
    """One foot stays on the floor far longer than the other."""
    moving = np.linalg.norm(np.diff(seen["pelvis"], axis=0), axis=1) * FPS > 0.15
    if way(seen) < 0.8:
        return False
    down = sorted(float((lift[1:][moving] < 0.002).mean()) for lift in lifts(seen))
    return down[1] - down[0] > 0.10


def shuffles(seen: Seen) -> bool:
    lean = trunk_lean(seen).max() > 18
    return 0.5 < way(seen) < 1.4 and max(lift.max() for lift in lifts(seen)) < 0.015 and lean


def freezes(seen: Seen) -> bool:
    heels = [peaks(seen.up(f"{s}_heel"), 0.01) for s in ("left", "right")]
    return way(seen) < 0.05 and min(heels) >= 4 and trunk_lean(seen).max() > 18


def sits_down(seen: Seen) -> bool:
    height = seen.up("pelvis")
    knee, hip = seen["left_knee"][-1], seen["left_hip"][-1]
    return height[-1] < 0.62 * height[0] and abs(knee[UP] - hip[UP]) < 0.06


def stands_up(seen: Seen) -> bool:
    height = seen.up("pelvis")
    return height[-1] > 1.6 * height[0]


def lies(seen: Seen) -> bool:
    return seen.up("head")[-1] < 0.12 and seen.up("pelvis")[-1] < 0.12


def falls(seen: Seen) -> bool:
    return lies(seen) and -np.diff(seen.up("head")).min() * FPS > 1.2


def lies_down(seen: Seen) -> bool:
    return lies(seen) and -np.diff(seen.up("head")).min() * FPS < 1.2


def gets_up(seen: Seen) -> bool:
    return seen.up("head")[0] < 0.12 and seen.up("head")[-1] > 0.85


def picks_up(seen: Seen) -> bool:
    low = np.minimum(seen.up("left_hand"), seen.up("right_hand"))
    return low.min() < 0.16 and seen.up("head")[-1] > 0.85


def bows(seen: Seen) -> bool:
    return trunk_lean(seen).max() > 40 and seen.up("pelvis").min() > 0.45


def squats(seen: Seen) -> bool:
    height = seen.up("pelvis")
    apart = np.abs(seen["left_heel"] - seen["right_heel"])[:, FORWARD].max()
    return height.min() < 0.72 * height[0] and height[-1] > 0.97 * height[0] and apart < 0.05


def lunges(seen: Seen) -> bool:
    apart = np.abs(seen["left_foot_index"] - seen["right_foot_index"])[:, FORWARD].max()
    return apart > 0.35 and seen.up("pelvis").min() < 0.72 * seen.up("pelvis")[0]


def jumps(seen: Seen) -> bool:
    off = np.minimum(*lifts(seen))
    return off.max() > 0.08 and peaks(off, 0.05) >= 2


def jumps_jacks(seen: Seen) -> bool:
    apart = seen.gap("left_ankle", "right_ankle")
    hands = np.minimum(seen.up("left_hand"), seen.up("right_hand"))
    return (
        peaks(apart, 0.15) >= 3 and peaks(hands, 0.3) >= 3 and np.minimum(*lifts(seen)).max() > 0.02
    )


def kicks(seen: Seen) -> bool:
    foot = seen[f"{seen.hand}_ankle"]
    high = foot[:, UP].argmax()
    other = np.ptp(seen[f"{seen.other}_ankle"], axis=0).max() < 0.05
    return foot[high, UP] > 0.2 and foot[high, FORWARD] > 0.25 and other


def punches(seen: Seen) -> bool:
    ahead = [seen[f"{s}_wrist"] - seen[f"{s}_shoulder"] for s in ("left", "right")]
    straight = [peaks(way[:, FORWARD], 0.12) for way in ahead]
    return min(straight) >= 2 and all(way[:, FORWARD].max() > 0.26 for way in ahead)


def throws(seen: Seen) -> bool:
    hand = seen[f"{seen.hand}_hand"]
    behind, ahead = hand[:, FORWARD].argmin(), hand[:, FORWARD].argmax()
    high = hand[behind, UP] > seen.up("shoulder_centre")[behind]
    fast = np.linalg.norm(np.diff(hand, axis=0), axis=1).max() * FPS > 2.5
    return bool(behind < ahead and high and fast)


def pushes(seen: Seen) -> bool:
    ahead = [(seen[f"{s}_hand"] - seen["shoulder_centre"])[:, FORWARD] for s in ("left", "right")]
    together = np.abs(ahead[0] - ahead[1]).max() < 0.08
    return together and all(peaks(way, 0.12) >= 2 for way in ahead)


def waves(*sides: str) -> Callable[[Seen], bool]:
    def check(seen: Seen) -> bool:
        high = {s: seen.up(f"{s}_hand") > seen.up("head") for s in ("left", "right")}
        swings = all(peaks(seen[f"{s}_hand"][:, LEFT], 0.03) >= 2 for s in sides)
        return swings and all(high[s].any() == (s in sides) for s in high)

    return check


def claps(seen: Seen) -> bool:
    apart = seen.gap("left_hand", "right_hand")
    return apart.min() < 0.05 and peaks(-apart, 0.15) >= 3


def points(seen: Seen) -> bool:
    arm = seen[f"{seen.hand}_wrist"] - seen[f"{seen.hand}_shoulder"]
    straight = np.linalg.norm(arm, axis=1) > 0.32
    return bool((straight & (np.abs(arm[:, UP]) < 0.09)).sum() > 0.8 * FPS)


def near(one: str, other: str, distance: float) -> Callable[[Seen], bool]:
    def check(seen: Seen) -> bool:
        held = seen.gap(f"{seen.hand}_{one}", other.format(hand=seen.hand)) < distance
        return bool(held.sum() > 0.7 * FPS and not held[: seen.before].any())

    return check


def checks_watch(seen: Seen) -> bool:
    before = seen[f"{seen.other}_wrist"] - seen["shoulder_centre"]
    held = (before[:, FORWARD] > 0.08) & (np.abs(before[:, LEFT]) < 0.12) & (before[:, UP] > -0.16)
    return bool(held.sum() > 0.7 * FPS)


def stretches(seen: Seen) -> bool:
    over = np.minimum(seen.up("left_wrist"), seen.up("right_wrist")) - seen.up("head")
    return bool((over > 0.1).sum() > 1.0 * FPS)


MEANING: dict[str, Callable[[Seen], bool]] = {
    "walk": walks,
    "run": runs,
    "step_back": steps_back,
    "turn": turns,
    "march": marches,
    "limp": limps,
    "shuffle": shuffles,
    "freeze": freezes,
    "sit_down": sits_down,
    "stand_up": stands_up,
    "fall": falls,
    "lie_down": lies_down,
    "get_up": gets_up,
    "pick_up": picks_up,
    "bow": bows,
    "squat": squats,
    "lunge": lunges,
    "jump": jumps,
    "jumping_jack": jumps_jacks,
    "kick": kicks,
    "punch": punches,
    "throw": throws,
    "push": pushes,
    "wave_left": waves("left"),
    "wave_right": waves("right"),
    "wave_both": waves("left", "right"),
    "clap": claps,
    "point": points,
    "drink": near("hand", "nose", 0.12),
    "phone_call": near("hand", "{hand}_ear", 0.10),
    "check_watch": checks_watch,
    "stretch": stretches,
}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_what_its_name_says(name: str) -> None:
    for seed in range(4):
        assert MEANING[name](see(name, seed)), f"seed {seed}"


def test_no_two_actions_mean_the_same() -> None:
    """The measures tell actions apart: each fits few others."""
    fits = {name: see(name, 3) for name in ACTIONS}
    for name, check in MEANING.items():
        others = [other for other, seen in fits.items() if other != name and check(seen)]
        assert len(others) <= 4, (name, others)


@pytest.mark.parametrize("name", ACTIONS)
def test_a_label_begins_with_the_first_movement_and_ends_with_the_last(name: str) -> None:
    """Before and after its frames the body moves no more than one that only stands."""
    seen = see(name, 1)
    for point in ("left_hand", "right_hand", "left_ankle", "right_ankle", "nose"):
        moved = np.linalg.norm(np.diff(seen[point], axis=0), axis=1) * FPS
        assert moved[: seen.before].max() < 0.06, point
        assert moved[-1] < 0.08, point
    fastest = max(
        np.linalg.norm(np.diff(seen[p], axis=0), axis=1).max() * FPS
        for p in ("left_hand", "right_hand", "left_ankle", "right_ankle", "nose")
    )
    assert fastest > 0.2


def test_feet_leave_the_floor_together_only_in_jumps_and_runs() -> None:
    flying = {name for name in ACTIONS if np.minimum(*lifts(see(name, 2))).max() > 0.01}
    assert flying == {"jump", "jumping_jack", "run"}
