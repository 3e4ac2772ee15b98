"""Generated recordings: the same bytes for a seed, a rigid body, and readings that obey physics."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import kinestream
from kinestream.clips import IMU, XYZ, Clip
from kinestream.datasets.synthetic import Kind, generate, labels_at
from kinestream.datasets.synthetic.actions import ACTIONS, perform, start_of
from kinestream.datasets.synthetic.actor import Actor
from kinestream.datasets.synthetic.body import SIDES, Body, heading, joints, two_bones
from kinestream.datasets.synthetic.curve import Curve, ease, wander
from kinestream.datasets.synthetic.gait import Gait
from kinestream.datasets.synthetic.imu import FORWARD, GRAVITY, LEFT, UP, inertial, turn
from kinestream.datasets.synthetic.kinect import in_camera, seen, tracked
from kinestream.datasets.synthetic.phonewatch import POCKETS, RATE_HZ, UpAndGo
from kinestream.errors import ConfigError
from kinestream.skeletons import skeleton

Array = NDArray[np.float64]

KINDS: tuple[Kind, ...] = ("phonewatch", "kinect")
SEEDS = range(4)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def actor(seed: int = 0) -> Actor:
    somebody = Actor(rng(seed), Body().scaled(1.04), start_of(1.0), pace=1.0)
    perform(somebody, tuple(ACTIONS))
    return somebody


def order_of(clip: Clip) -> list[str]:
    """Names of the segments, one after the other."""
    assert clip.labels is not None
    return [clip.classes[label] for label, _ in groupby(clip.labels.tolist())]


def digest(clip: Clip) -> str:
    assert clip.labels is not None
    return hashlib.sha256(clip.data.tobytes() + clip.labels.tobytes()).hexdigest()


# The recordings


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_bytes_in_any_process(kind: Kind) -> None:
    np.random.seed(1)  # neither the global generator nor the order of hashes may matter
    code = (
        "import hashlib; from kinestream.datasets.synthetic import generate;"
        f"c = generate({kind!r}, 5);"
        "print(hashlib.sha256(c.data.tobytes() + c.labels.tobytes()).hexdigest())"
    )
    paths = os.pathsep.join([str(Path(kinestream.__file__).parents[1]), *sys.path])
    other = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == digest(generate(kind, 5)) == digest(generate(kind, 5))


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_differ_in_length_and_content(kind: Kind) -> None:
    clips = [generate(kind, seed) for seed in SEEDS]
    assert len({digest(clip) for clip in clips}) == len(clips)
    assert len({clip.num_frames for clip in clips}) > 1
    shortest = min(clip.num_frames for clip in clips)
    first, second = (clip.data[:, :shortest] for clip in clips[:2])
    assert np.abs(first - second).mean() > 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_phonewatch_is_one_up_and_go(seed: int) -> None:
    clip = generate("phonewatch", seed)
    assert clip.data.shape == (6, clip.num_frames, 2, 1) and clip.data.dtype == np.float32
    assert (clip.channels, clip.fps, clip.skeleton.name) == (IMU, 25.0, "phonewatch2")
    assert clip.classes == ("SEATED", "STANDING_UP", "WALKING", "TURNING", "SITTING_DOWN")
    assert 8 < clip.duration_s < 18
    assert np.isfinite(clip.data).all()
    walk = ["WALKING", "TURNING"]
    assert order_of(clip) == ["SEATED", "STANDING_UP", *walk, *walk, "SITTING_DOWN", "SEATED"]


@pytest.mark.parametrize("seed", SEEDS)
def test_kinect_is_ten_actions_with_background_between(seed: int) -> None:
    clip = generate("kinect", seed)
    assert clip.data.shape == (3, clip.num_frames, 20, 1) and clip.data.dtype == np.float32
    assert (clip.channels, clip.fps, clip.skeleton.name) == (XYZ, 15.0, "kinect20")
    actions = list(clip.classes[1:])
    assert actions[:5] == ["walk", "sitDown", "standUp", "pickUp", "carry"]
    assert actions[5:] == ["throw", "push", "pull", "waveHands", "clapHands"]
    assert 25 < clip.duration_s < 60
    assert np.isfinite(clip.data).all()
    assert order_of(clip)[1::2] == actions
    assert clip.classes[0] == "background" and set(order_of(clip)[::2]) == {"background"}
    x, _, z = clip.data[:, :, 0, 0]
    assert np.abs(x).max() < 1.5 and z.min() > 1.2 and z.max() < 4.0  # stays in the picture


@pytest.mark.parametrize("kind", KINDS)
def test_rounds_repeat_and_tempo_hurries(kind: Kind) -> None:
    once, thrice = generate(kind, 2), generate(kind, 2, rounds=3)
    assert 2.4 < thrice.num_frames / once.num_frames < 3.6
    for name in once.classes[1:]:
        assert order_of(thrice).count(name) == 3 * order_of(once).count(name)
    assert generate(kind, 2, tempo=1.5).num_frames < 0.75 * once.num_frames


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"kind": "video"}, "phonewatch or kinect"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"tempo": 0.0}, "tempo"),
        ({"tempo": float("nan")}, "tempo"),
        ({"rounds": 0}, "rounds"),
        ({"rounds": 10**9}, "rounds"),
    ],
)
def test_what_cannot_be_made_is_refused(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        generate(**{"kind": "kinect", **arguments})  # type: ignore[arg-type]


def test_a_label_holds_until_the_next_begins() -> None:
    marks = [(0.0, "a"), (0.5, "b"), (2.0, "a")]
    times_s = np.array([0.0, 0.49, 0.5, 1.99, 2.0, 9.0])
    assert labels_at(times_s, marks, ("b", "a")).tolist() == [1, 1, 0, 0, 1, 1]


# The body


@pytest.mark.parametrize("seed", SEEDS)
def test_bones_keep_their_length(seed: int) -> None:
    layout = skeleton("kinect20")
    exact = seen(actor(seed), layout, fps=15.0)  # (T, V, 3)
    for child, parent in layout.bones:
        length = np.linalg.norm(exact[:, child] - exact[:, parent], axis=1)
        assert np.ptp(length) < 1e-9, layout.joints[child]
        assert 0.05 < length[0] < 0.55
    for left, right in layout.pairs:
        arms = [
            np.linalg.norm(exact[0, v] - exact[0, dict(layout.bones)[v]]) for v in (left, right)
        ]
        assert arms[0] == pytest.approx(arms[1], abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_floats_or_slides(seed: int) -> None:
    somebody, fps = actor(seed), 60.0
    times_s = np.arange(0, somebody.now_s, 1 / fps)
    at = joints(somebody.body, somebody.motion(times_s))
    ankles = np.stack([at[f"{side}_ankle"] for side in SIDES], axis=1)  # (T, 2, 3)
    assert ankles[..., 1].min() > -1e-6
    assert ankles[..., 1].min(axis=1).max() < 0.05  # one foot is on the floor or on its toes
    speed = np.linalg.norm(np.diff(ankles[..., [0, 2]], axis=0), axis=-1) * fps
    assert speed.min(axis=1).max() < 0.35  # and stays about where it is
    assert np.abs(np.diff(at["head"], axis=0)).max() * fps < 2.5  # m/s: nothing jumps


def test_sitting_is_low_and_waving_is_high() -> None:
    somebody = actor()
    times_s = np.arange(0, somebody.now_s, 1 / 15)
    at = joints(somebody.body, somebody.motion(times_s))
    names = tuple(ACTIONS)
    is_now = labels_at(times_s, somebody.marks, ("background", *names))

    def during(name: str) -> NDArray[np.bool_]:
        return np.asarray(is_now == 1 + names.index(name))

    height = {joint: place[:, 1] for joint, place in at.items()}
    seated = np.flatnonzero(during("sitDown"))[-1]
    assert height["hip_centre"][seated] < 0.65 < height["hip_centre"][during("clapHands")].min()
    assert (height["right_hand"] > height["head"])[during("waveHands")].any()
    assert not (height["right_hand"] > height["head"])[during("carry")].any()
    assert height["left_wrist"][during("pickUp")].min() < 0.4
    apart = np.linalg.norm(at["left_hand"] - at["right_hand"], axis=1)[during("clapHands")]
    assert apart.min() < 0.25 < 0.6 < apart.max()
    forward = somebody.motion(times_s).pelvis[:, 2] - at["right_hand"][:, 2]
    assert forward[during("push")][-1] - forward[during("push")][0] > 0.25
    assert forward[during("pull")][-1] - forward[during("pull")][0] < -0.25


@given(
    target=st.tuples(*[st.floats(-2, 2)] * 3),
    first=st.floats(0.1, 0.6),
    second=st.floats(0.1, 0.6),
)
def test_two_bones_reach_as_far_as_they_can(
    target: tuple[float, float, float], first: float, second: float
) -> None:
    root, bend = np.array([[0.1, -0.2, 0.3]]), np.array([[0.2, 1.0, -0.4]])
    goal = root + np.array([target])
    middle, end = two_bones(root, goal, first, second, bend)
    assert np.linalg.norm(middle - root) == pytest.approx(first, abs=1e-6) or _folded(target)
    assert np.linalg.norm(end - middle) == pytest.approx(second, abs=1e-6) or _folded(target)
    far = np.linalg.norm(goal - root)
    if 1.02 * abs(first - second) + 1e-6 < far < 0.999 * (first + second):
        np.testing.assert_allclose(end, goal, atol=1e-9)


def _folded(target: tuple[float, float, float]) -> bool:
    """There is no way to a target that is where the bones begin."""
    return bool(np.linalg.norm(target) < 1e-6)


def test_the_camera_is_level_with_its_own_height_and_sees_the_floor_rise() -> None:
    near, far = in_camera(np.array([[0.0, 0.0, 1.5], [0.0, 0.0, 3.5]]))
    assert near[1] < far[1] < 0 and 0 < near[2] < far[2]
    assert np.linalg.norm(far - near) == pytest.approx(2.0)


def test_left_is_left() -> None:
    """Somebody who faces the camera has the left hand at -x; who walks to +x has it nearer."""
    body = Body()
    standing = Actor(rng(), body, (0.0, 2.5), 1.0)
    at = joints(body, standing.motion(np.zeros(1)))
    assert at["left_hand"][0, 0] < at["right_hand"][0, 0]
    standing.walk((1.5, 2.5))
    assert heading(np.array([1.0, 0.0])) == pytest.approx(-np.pi / 2)
    at = joints(body, standing.motion(np.array([standing.now_s])))
    assert at["left_shoulder"][0, 2] < at["right_shoulder"][0, 2]
    assert at["right_foot"][0, 0] > at["right_ankle"][0, 0]


def test_a_tracker_is_nearly_right() -> None:
    layout = skeleton("kinect20")
    exact = seen(actor(), layout, 15.0)
    error = np.linalg.norm(tracked(exact, rng(), 15.0) - exact, axis=-1)
    assert 0.003 < np.median(error) < 0.03 and error.max() < 0.2


# Curves


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_ease_rises_and_is_symmetric(parts: list[float]) -> None:
    part = np.sort(parts)
    assert (np.diff(ease(part)) >= 0).all()
    np.testing.assert_allclose(ease(part) + ease(1 - part), 1, atol=1e-9)


def test_overlapping_moves_add_up_to_the_last_goal() -> None:
    curve = Curve((0.0, 1.0))
    moves = [([2.0, 0.0], 0.5, 2.0), ([-1.0, 4.0], 1.0, 0.7), ([0.5, 0.5], 1.2, 3.0)]
    times_s = np.arange(0, 6, 0.05)
    expected = np.tile([0.0, 1.0], (len(times_s), 1))
    before = np.array([0.0, 1.0])
    for goal, start_s, duration_s in moves:
        curve.move(goal, start_s, duration_s)
        for row, time_s in enumerate(times_s):
            s = min(max((time_s - start_s) / duration_s, 0.0), 1.0)
            expected[row] += (10 * s**3 - 15 * s**4 + 6 * s**5) * (np.array(goal) - before)
        before = np.array(goal)
    np.testing.assert_allclose(curve.at(times_s), expected, atol=1e-12)
    np.testing.assert_allclose(curve.at(times_s)[-1], [0.5, 0.5])


def test_wandering_is_smooth_and_of_variance_one() -> None:
    values = wander(rng(), (4000, 5), frames=8.0)
    assert np.std(values) == pytest.approx(1.0, abs=0.05)
    assert np.std(np.diff(values, axis=0)) < 0.15


# Sensors


def rodrigues(axis: Array, angle: float) -> Array:
    """Rotation about a unit axis, written out."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


@pytest.mark.parametrize("axis", [LEFT, UP, FORWARD])
def test_turn_is_a_right_hand_rotation(axis: int) -> None:
    for angle in (-2.0, 0.3, 1.0):
        np.testing.assert_allclose(turn(axis, angle), rodrigues(np.eye(3)[axis], angle), atol=1e-12)


def test_a_sensor_at_rest_feels_gravity_upwards_in_its_own_axes() -> None:
    tilted = rodrigues(np.array([0.6, 0.0, 0.8]), 0.7)
    felt = inertial(np.tile(tilted, (9, 1, 1)), np.tile([1.0, 2.0, 3.0], (9, 1)), 100.0)
    np.testing.assert_allclose(felt[:3], np.tile((tilted.T[:, UP] * GRAVITY)[:, None], 9))
    np.testing.assert_array_equal(felt[3:], 0)


def test_a_sensor_on_a_turntable_feels_the_middle() -> None:
    rate, radius, rate_hz = 3.0, 0.5, 200.0
    angle = rate * np.arange(200) / rate_hz
    rotation = turn(UP, angle)
    felt = inertial(rotation, rotation[:, :, FORWARD] * radius, rate_hz)[:, 3:-3]
    np.testing.assert_allclose(felt[3 + UP], rate, rtol=1e-3)
    np.testing.assert_allclose(felt[FORWARD], -(rate**2) * radius, rtol=1e-3)
    np.testing.assert_allclose(felt[UP], GRAVITY, rtol=1e-9)
    np.testing.assert_allclose(felt[LEFT], 0, atol=1e-6)


def test_gyro_about_a_tilted_axis_is_the_derivative_of_the_angle() -> None:
    axis, times_s = np.array([2.0, -1.0, 2.0]) / 3, np.arange(0, 2, 0.005)
    angle = 0.8 * np.sin(2 * np.pi * times_s)
    rotation = np.stack([rodrigues(axis, a) for a in angle])
    felt = inertial(rotation, np.zeros((len(times_s), 3)), 200.0)[3:, 1:-1]
    rate = 0.8 * 2 * np.pi * np.cos(2 * np.pi * times_s)[1:-1]
    np.testing.assert_allclose(felt, axis[:, None] * rate, atol=0.005)


@pytest.mark.parametrize("sensor", ["phone", "watch"])
def test_gyro_agrees_with_the_orientation_it_was_made_from(sensor: str) -> None:
    person = UpAndGo(rng(3), tempo=1.0)
    person.perform(rounds=1)
    rotation, position_m = getattr(person, sensor)(person.times())
    felt = inertial(rotation, position_m, RATE_HZ)[3:]
    for t in range(1, len(rotation) - 1, 7):  # the angle between the neighbours, from the trace
        between = rotation[t - 1].T @ rotation[t + 1]
        angle = np.arccos(np.clip((np.trace(between) - 1) / 2, -1, 1))
        skew = between - between.T
        axis = np.array([skew[2, 1], skew[0, 2], skew[1, 0]])
        scale = angle / (2 * np.sin(angle)) if angle > 1e-6 else 0.5
        np.testing.assert_allclose(felt[:, t], scale * axis * RATE_HZ / 2, atol=0.02)
    assert np.abs(felt).max() > 2  # it did turn


@pytest.mark.parametrize("seed", range(8))
def test_a_person_who_sits_still_measures_gravity_alone(seed: int) -> None:
    clip = generate("phonewatch", seed)
    still = clip.data[:, :8, :, 0]  # (6, 8, 2)
    np.testing.assert_allclose(np.linalg.norm(still[:3], axis=0), GRAVITY, atol=0.5)
    assert np.linalg.norm(still[3:], axis=0).max() < 0.1
    walking = clip.data[:3, clip.labels == 2, :, 0]
    assert (
        np.linalg.norm(walking, axis=0).std(axis=0).min()
        > 5 * np.linalg.norm(still[:3], axis=0).std(axis=0).max()
    )


@pytest.mark.parametrize("seed", range(8))
def test_turning_is_half_a_turn_about_the_vertical(seed: int) -> None:
    person = UpAndGo(rng(seed), tempo=1.0)
    person.perform(rounds=1)
    times_s = person.times()
    rotation, position_m = person.phone(times_s)
    felt = inertial(rotation, position_m, RATE_HZ)[3:].T
    about_up = np.einsum("tj,tj->t", rotation[:, UP], felt)  # world's up in sensor axes
    marks = [start_s for start_s, name in person.marks if name == "TURNING"]
    for start_s in marks:
        around = (times_s > start_s - 0.3) & (times_s < start_s + 1.8)
        assert abs(about_up[around].sum() / RATE_HZ) == pytest.approx(np.pi, abs=0.3)


def test_all_ways_to_carry_a_phone_occur() -> None:
    """Upright or upside down, screen out or in: as gravity shows when walking and when seated."""
    ways = set()
    for seed in range(60):
        clip = generate("phonewatch", seed)
        upright = clip.data[1, clip.labels == 2, 0, 0].mean() > 0
        ways.add((bool(upright), bool(clip.data[2, :8, 0, 0].mean() > 0)))
    assert len(ways) == len(POCKETS)


def test_gait_returns_after_a_stride_and_heels_land_once_in_it() -> None:
    gait = Gait(stride_hz=0.8, phase=1.0, legs=1.0, arms=1.0, impact=1.0)
    times_s = np.arange(0, 1.25, 0.01)
    rates = ((1.0, 20.0), (0.5, -90.0))
    np.testing.assert_allclose(
        gait.swing(rates, times_s), gait.swing(rates, times_s + 1.25), atol=1e-9
    )
    slope = np.gradient(gait.swing(rates, times_s), times_s)[1:-1]
    pace = 2 * np.pi * 0.8 * times_s[1:-1] + 1.0
    expected = np.cos(pace + np.radians(20)) + 0.5 * np.cos(2 * pace - np.radians(90))
    np.testing.assert_allclose(slope, expected, atol=0.01)
    np.testing.assert_allclose(np.diff(gait.landings(0.3, until_s=12.0)), 1.25)
