"""Generated bodies: rigid, symmetric, on the floor, within what joints can do, never jumping."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.body import SIDES, Body
from kinestream.datasets.synthetic.everyday.figure import Figure
from kinestream.datasets.synthetic.everyday.jump import jump
from kinestream.datasets.synthetic.everyday.landmarks import joints
from kinestream.datasets.synthetic.everyday.limbs import arm_to, arm_turns
from kinestream.datasets.synthetic.everyday.scene import Scene
from kinestream.datasets.synthetic.everyday.script import perform
from kinestream.datasets.synthetic.everyday.style import Style
from kinestream.datasets.synthetic.everyday.vocabulary import ACTIONS, classes_of
from kinestream.datasets.synthetic.imu import UP
from kinestream.skeletons import Skeleton, layout_names, skeleton

Array = NDArray[np.float64]

FPS = 60.0
WHOLE = [
    n for n in layout_names() if skeleton(n).units != "imu" and n not in ("handmp21", "lara19")
]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def acted(seed: int, names: list[str] | None = None) -> tuple[Actor, Array, Array, Figure]:
    """Somebody who did things: the actor, times, what was being done, and the body."""
    random = rng(seed)
    body = Body.drawn(random, float(random.uniform(1.5, 1.95)))
    actor = Actor(random, body, Style.drawn(random, float(random.uniform(0.85, 1.2))))
    names = names or list(ACTIONS)
    perform(actor, [names[k] for k in random.permutation(len(names))], classes_of(names))
    times_s = np.arange(int(actor.now_s * FPS)) / FPS
    starts, labels = zip(*actor.marks, strict=True)
    doing = np.array(labels)[np.searchsorted(starts, times_s, side="right") - 1]
    return actor, times_s, doing, actor.figure(times_s)


@pytest.fixture(scope="module", params=range(2))
def everything(request: pytest.FixtureRequest) -> tuple[Actor, Array, Array, Figure]:
    """Everything that people can do, done by two people."""
    return acted(request.param)


Everything = tuple[Actor, Array, Array, Figure]


@pytest.mark.parametrize("name", WHOLE)
def test_bones_keep_their_length_in_every_layout(everything: Everything, name: str) -> None:
    actor, _, _, figure = everything
    layout = skeleton(name)
    placed = joints(actor.body, figure, layout)  # (T, V, 3)
    crossing = across_joints(layout)
    for bone in layout.bones:
        length = np.linalg.norm(placed[:, bone[0]] - placed[:, bone[1]], axis=1)
        assert 0.005 < length.mean() < 1.0
        if frozenset(layout.joints[j] for j in bone) not in crossing:
            assert np.ptp(length) < 1e-9, [layout.joints[j] for j in bone]


def across_joints(layout: Skeleton) -> set[frozenset[str]]:
    """Lines that layouts draw between joints that a body can move against each other."""
    sides = [(f"{side}_hip", f"{side}_shoulder") for side in SIDES]
    necks = [("nose", f"{side}_shoulder") for side in SIDES]
    necks += [(f"{side}_shoulder", "right_shoulder") for side in SIDES]
    trunk = [("neck", f"{side}_hip") for side in SIDES] + [("neck", "mid_hip"), ("nose", "neck")]
    trunk += [("head", "neck"), ("head", "shoulder_centre"), ("head", "jaw"), ("jaw", "thorax")]
    trunk += [("pelvis", "spine"), ("spine", "thorax"), ("spine", "shoulder_centre")]
    trunk += [("spine", f"{side}_hip") for side in SIDES] + [("torso", f"{s}_hip") for s in SIDES]
    trunk += [("spine1", "spine2"), ("spine2", "spine3"), ("neck", "spine"), ("torso", "neck")]
    trunk += [("spine", "hip_centre"), ("spine_mid", "spine_base"), ("spine3", "neck")]
    trunk += [("mid_hip", "neck"), ("neck", "spine_shoulder")]
    feet = [(f"{side}_knee", f"{side}_foot") for side in SIDES if layout.name == "sbu15"]
    return {frozenset(pair) for pair in (*sides, *necks, *trunk, *feet)}


def test_left_and_right_are_alike(everything: Everything) -> None:
    actor, _, _, figure = everything
    layout = skeleton("mediapipe33")
    placed = joints(actor.body, figure, layout)
    parents = {child: parent for child, parent in layout.bones if layout.joints[parent] != "nose"}
    for left, right in layout.pairs:
        if left in parents and right in parents:
            lengths = [np.linalg.norm(placed[0, j] - placed[0, parents[j]]) for j in (left, right)]
            if "shoulder" not in layout.joints[parents[left]]:
                assert lengths[0] == pytest.approx(lengths[1], abs=1e-9)


def test_nothing_is_under_the_floor(everything: Everything) -> None:
    actor, _, _, figure = everything
    for name, place in figure.points.items():
        assert place[:, UP].min() > -0.01, name


def test_who_does_not_jump_or_run_has_something_on_the_floor(everything: Everything) -> None:
    _, _, doing, figure = everything
    lowest = np.min([place[:, UP] for place in figure.points.values()], axis=0)
    on_floor = ~np.isin(doing, ("jump", "jumping_jack", "run"))
    assert lowest[on_floor].max() < 0.03


def test_a_foot_that_bears_weight_stays_where_it_is() -> None:
    for seed in range(3):
        actor, times_s, doing, figure = acted(seed, ["walk", "limp", "shuffle", "step_back"])
        pose = actor.pose(times_s)
        for side in SIDES:
            down = (pose.feet[side][:, 1] < 1e-6) & np.isin(doing, ("walk", "limp", "shuffle"))
            toe = figure.points[f"{side}_toe"]
            for stance in np.split(np.arange(len(down)), np.flatnonzero(np.diff(down)) + 1):
                if down[stance[0]] and len(stance) > 5:
                    moved = toe[stance][:, [0, 2]] - toe[stance[len(stance) // 2], [0, 2]]
                    assert np.linalg.norm(moved, axis=1).max() < 0.03


def test_joints_stay_within_what_people_can_do(everything: Everything) -> None:
    _, _, _, figure = everything
    at = figure.points
    for side in SIDES:
        knee = bend(at[f"{side}_hip"], at[f"{side}_knee"], at[f"{side}_ankle"])
        elbow = bend(at[f"{side}_shoulder"], at[f"{side}_elbow"], at[f"{side}_wrist"])
        assert knee.min() >= 0 and knee.max() < 155
        assert elbow.min() >= 0 and elbow.max() < 155
        # Knees bend forward: the shank lies behind the line of the thigh.
        shank = at[f"{side}_ankle"] - at[f"{side}_knee"]
        forward = figure.turns[f"{side}_thigh"][..., 2]
        assert np.sum(shank * forward, axis=1).max() < 0.03
    spine = bend(at["pelvis"], at["spine"], at["shoulder_centre"])
    neck = bend(at["shoulder_centre"], at["neck"], at["head"])
    assert spine.max() < 60 and neck.max() < 50


def bend(above: Array, joint: Array, below: Array) -> Array:
    """Degrees by which a joint is not straight."""
    first, second = joint - above, below - joint
    cos = np.sum(first * second, axis=1)
    return np.degrees(np.arccos(np.clip(cos / norm(first) / norm(second), -1, 1)))


def norm(vectors: Array) -> Array:
    return np.asarray(np.linalg.norm(vectors, axis=-1))


def test_nobody_is_faster_than_people_are(everything: Everything) -> None:
    _, _, _, figure = everything
    for name, place in figure.points.items():
        assert norm(np.diff(place, axis=0)).max() * FPS < 12.0, name


def test_movements_have_no_seams() -> None:
    """Where labels change nothing jumps: a tenth of the time, a tenth of the way."""
    actor, _, _, _ = acted(4)
    for start_s, _ in actor.marks[1:]:
        for step_s in (1e-2, 1e-3, 1e-4):
            at = actor.figure(np.array([start_s - step_s, start_s + step_s])).points
            assert max(norm(np.diff(place, axis=0)).max() for place in at.values()) < 25 * step_s


def test_the_arm_that_was_asked_to_reach_is_there() -> None:
    random = rng(3)
    for side in SIDES:
        for _ in range(50):
            target = random.uniform((-0.2, -0.4, -0.1), (0.4, 0.4, 0.45))
            upper, fore = 0.31, 0.26
            far = float(np.linalg.norm(target))
            if not 0.1 < far < 0.56:
                continue
            angles = arm_to(target, upper, fore, float(random.uniform(0, 1)))
            upper_turn, fore_turn = arm_turns(np.eye(3)[None], angles[None], side)
            down = np.array([0.0, -1.0, 0.0])
            wrist = upper * upper_turn[0] @ down + fore * fore_turn[0] @ down
            sign = 1.0 if side == "left" else -1.0
            np.testing.assert_allclose(wrist * (sign, 1, 1), target, atol=1e-6)
            assert -1e-9 <= angles[3] <= np.pi


def test_a_body_in_flight_falls_freely() -> None:
    times_s = np.arange(-0.5, 1.0, 1e-3)
    _, pelvis = jump(times_s, 0.45)
    force = np.gradient(np.gradient(pelvis, times_s), times_s)
    flying = (times_s > 0.01) & (times_s < 0.44)
    np.testing.assert_allclose(force[flying], -9.81, atol=1e-3)
    assert np.abs(np.diff(force)[5:-5]).max() < 1.5  # and the legs begin and end softly
    assert pelvis[times_s > 0.01].max() == pytest.approx(0.04 + 9.81 * 0.45**2 / 8, abs=1e-4)


def test_people_differ() -> None:
    bodies = [Body.drawn(rng(seed), 1.7) for seed in range(20)]
    legs = np.array([body.leg_m / body.height_m for body in bodies])
    assert 0.005 < legs.std() < 0.03
    assert {Style.drawn(rng(seed), 1.0).hand for seed in range(40)} == {"left", "right"}


def test_the_vocabulary_is_large_and_closed() -> None:
    assert len(ACTIONS) >= 30
    classes = classes_of(list(ACTIONS))
    assert classes[:3] == ("stand", "sit", "lie") and set(classes[3:]) == set(ACTIONS)
    assert classes_of(["clap"]) == ("stand", "clap")
    assert classes_of(["walk"]) == ("stand", "walk", "turn")
    assert classes_of(["get_up"]) == ("stand", "lie", "lie_down", "get_up")
    assert Scene(actions=["clap", "clap"]).names == ("clap",)
