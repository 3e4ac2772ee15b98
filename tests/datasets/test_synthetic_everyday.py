"""Recordings of everyday actions: the same bytes, any layout and rate; cameras, sensors, pairs."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.clips import IMU, XYZ, Clip
from kinestream.datasets import Entry, open_dataset, write_dataset
from kinestream.datasets.synthetic import ACTIONS, PAIR_ACTIONS, Variation, generate, generate_set
from kinestream.datasets.synthetic.everyday import Scene
from kinestream.datasets.synthetic.everyday.camera import Camera, pictured
from kinestream.datasets.synthetic.everyday.flaws import held
from kinestream.datasets.synthetic.everyday.recording import performed
from kinestream.datasets.synthetic.everyday.sensors import SEATS, readings, worn
from kinestream.datasets.synthetic.imu import GRAVITY, UP
from kinestream.datasets.synthetic.sets import TEST, TRAIN
from kinestream.errors import ConfigError, DataError, SkeletonError
from kinestream.skeletons import Skeleton, layout_names, skeleton

Array = NDArray[np.float64]

NO_BODY = ("handmp21", "lara19")
FEW = ["walk", "drink", "sit_down", "wave_left"]

# Of the joints in tenths of a millimetre, so that the last bits of a mathematical library do not
# count; what differs from it is another motion.
KNOWN = "075837a339d0ca19a5732ffc4f2b20adb2af02b45b2ccbc86e3548d52dfa173b"


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def order_of(clip: Clip) -> list[str]:
    assert clip.labels is not None
    return [clip.classes[label] for label, _ in groupby(clip.labels.tolist())]


def digest(clip: Clip) -> str:
    assert clip.labels is not None
    return hashlib.sha256(clip.data.tobytes() + clip.labels.tobytes()).hexdigest()


def test_a_seed_gives_the_same_bytes_in_any_process() -> None:
    code = (
        "import hashlib; from kinestream.datasets.synthetic import generate;"
        f"c = generate('everyday', 5, actions={FEW!r}, occlusion=0.3);"
        "print(hashlib.sha256(c.data.tobytes() + c.labels.tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = generate("everyday", 5, actions=FEW, occlusion=0.3)
    assert done.stdout.strip() == digest(here)
    assert digest(here) != digest(generate("everyday", 6, actions=FEW, occlusion=0.3))


def test_a_known_recording_is_what_it_was() -> None:
    clip = generate("everyday", 7, actions=["jump", "turn", "drink"], noise=0.0, fps=15.0)
    rounded = np.round(clip.data.astype(np.float64) * 1e4).astype(np.int64)
    assert hashlib.sha256(rounded.tobytes()).hexdigest() == KNOWN


@pytest.mark.parametrize("name", [n for n in layout_names() if n not in NO_BODY])
@pytest.mark.parametrize("people", [1, 2])
def test_any_layout_can_be_had(name: str, people: int) -> None:
    actions = ["clap"] if people == 1 else ["high_five"]
    clip = generate("everyday", 3, skeleton=name, actions=actions, people=people, fps=20)
    layout = skeleton(name)
    assert clip.skeleton.joints == layout.joints and clip.num_people == people
    expected = {"imu": IMU, "px": ("x", "y", "score")}.get(layout.units, XYZ)
    assert clip.channels == expected
    assert np.isfinite(clip.data).all()
    assert clip.labels is not None and clip.labels.min() == 0


@pytest.mark.parametrize("name", NO_BODY)
def test_joints_that_a_body_does_not_have_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        generate("everyday", skeleton=name)
    with pytest.raises(ConfigError, match="ring_finger"):
        generate("everyday", skeleton=Skeleton.of_sensors("odd", ["pelvis", "ring_finger"]))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"actions": ["fly"]}, "'fly'"),
        ({"actions": []}, "empty list"),
        ({"actions": "walk"}, "list of names"),
        ({"actions": [["walk"]]}, "list of names"),
        ({"actions": 5}, "list of names"),
        ({"skeleton": 5}, "name or a Skeleton"),
        ({"people": 3}, "people must be a whole number"),
        ({"people": 2, "actions": ["walk"]}, "shake_hands"),
        ({"view": "top"}, "camera3d or image"),
        ({"view": "image", "skeleton": "imu7"}, "sensors"),
        ({"fps": 0}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"noise": -1}, "noise"),
        ({"occlusion": 2}, "occlusion"),
        ({"seconds": 1e9}, "seconds"),
        ({"trimmed": True}, "one action"),
        ({"colour": "red"}, "colour"),
        ({"variation": 3}, "Variation"),
        ({"rounds": 1.5}, "rounds"),
    ],
)
def test_what_cannot_be_made_is_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        generate("everyday", **options)  # type: ignore[arg-type]


def test_other_kinds_take_no_options_and_no_skeleton_is_guessed() -> None:
    with pytest.raises(ConfigError, match="only 'everyday'"):
        generate("kinect", fps=10)
    with pytest.raises(SkeletonError, match="there is no skeleton"):
        generate("everyday", skeleton="ntu26")
    with pytest.raises(ConfigError, match="height_m"):
        Variation(height_m=(1.9, 1.5))


# Scripts


@pytest.mark.parametrize("seed", range(3))
def test_everything_is_done_in_a_posture_that_allows_it(seed: int) -> None:
    clip = generate("everyday", seed, fps=10)
    order = order_of(clip)
    assert set(order) == set(clip.classes) and len(clip.classes) == len(ACTIONS) + 3
    assert set(order[::2]) <= {"stand", "sit", "lie"}
    for before, name, after in zip(order[:-1:2], order[1::2], order[2::2], strict=True):
        action = ACTIONS[name]
        assert before in action.begins and after == (action.ends or before), name


def test_rounds_seconds_and_trimming() -> None:
    clip = generate("everyday", 1, actions=["kick", "clap"], rounds=3)
    assert order_of(clip).count("kick") == order_of(clip).count("clap") == 3
    assert generate("everyday", 1, seconds=12.5, fps=20).num_frames == 250
    only = generate("everyday", 1, actions=["get_up"], trimmed=True)
    assert order_of(only) == ["get_up"] and only.classes == ("stand", "lie", "lie_down", "get_up")
    fast = generate("everyday", 1, actions=["walk"], tempo=2.0)
    assert fast.duration_s < 0.75 * generate("everyday", 1, actions=["walk"]).duration_s


def test_another_rate_sees_the_same_motion() -> None:
    slow = generate("everyday", 2, actions=FEW, noise=0.0, fps=30)
    fast = generate("everyday", 2, actions=FEW, noise=0.0, fps=60)
    count = min(slow.num_frames, fast.num_frames // 2)
    np.testing.assert_allclose(slow.data[:, :count], fast.data[:, ::2][:, :count], atol=1e-6)
    assert slow.labels is not None and fast.labels is not None
    np.testing.assert_array_equal(slow.labels[:count], fast.labels[::2][:count])


@pytest.mark.parametrize("skeleton_name", ["kinect20", "imu7"])
def test_pieces_leave_no_seams(skeleton_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = generate("everyday", 2, actions=["run"], skeleton=skeleton_name, fps=25)
    monkeypatch.setattr("kinestream.datasets.synthetic.everyday.blocks.BLOCK", 37)
    pieces = generate("everyday", 2, actions=["run"], skeleton=skeleton_name, fps=25)
    np.testing.assert_allclose(pieces.data, whole.data, atol=1e-4)


def test_what_would_not_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinestream.datasets.synthetic.everyday.recording.MAX_JOINTS", 2000)
    with pytest.raises(ConfigError, match="too long"):
        generate("everyday", 1, actions=["clap"])


def test_people_and_cameras_come_from_their_ranges() -> None:
    tall = Variation(height_m=(1.9, 1.95), camera_distance_m=(6.0, 6.1))
    small = Variation(height_m=(1.0, 1.05), camera_distance_m=(6.0, 6.1))
    spans = []
    for variation in (small, tall):
        clip = generate("everyday", 3, actions=["clap"], noise=0.0, variation=variation)
        data = clip.data[:, 0, :, 0]
        head, foot = (clip.skeleton.index(name) for name in ("head", "left_foot"))
        spans.append(float(np.linalg.norm(data[:, head] - data[:, foot])))
        assert 6.0 < np.nanmean(clip.data[2]) < 8.5
    assert spans[1] / spans[0] == pytest.approx(1.92 / 1.02, rel=0.05)


# Cameras


def test_who_faces_the_camera_has_the_left_hand_at_the_right_of_the_picture() -> None:
    facing = Variation(camera_yaw_deg=(0.0, 0.0))
    metres = generate("everyday", 3, actions=["clap"], noise=0.0, variation=facing)
    left, right = (metres.skeleton.index(f"{side}_shoulder") for side in ("left", "right"))
    assert (metres.data[0, :, left] < metres.data[0, :, right]).all()  # as a Kinect has it
    pixels = generate("everyday", 3, actions=["clap"], noise=0.0, variation=facing, view="image")
    assert (pixels.data[0, :, left] > pixels.data[0, :, right]).all()
    head, foot = (pixels.skeleton.index(name) for name in ("head", "left_foot"))
    assert (pixels.data[1, :, head] < pixels.data[1, :, foot]).all()  # down is up
    expected = pictured(np.moveaxis(metres.data.astype(np.float64), 0, -1))
    np.testing.assert_allclose(np.moveaxis(pixels.data[:2], 0, -1), expected, atol=0.05)


def test_a_camera_turns_but_does_not_stretch() -> None:
    points = rng().normal(size=(40, 3))
    camera = Camera(yaw=0.7, height_m=1.4, distance_m=5.0, tilt=0.2)
    seen = camera.sees(points)
    np.testing.assert_allclose(
        np.linalg.norm(seen[:, None] - seen, axis=-1),
        np.linalg.norm(points[:, None] - points, axis=-1),
    )
    at = np.array([5.0 * np.sin(0.7), 1.4, 5.0 * np.cos(0.7)])
    np.testing.assert_allclose(camera.sees(at), 0, atol=1e-12)
    tripod = seen[1:4] - seen[0]
    floor = points[1:4] - points[0]
    assert np.sign(np.linalg.det(tripod)) == np.sign(np.linalg.det(floor))  # no mirror


def test_noise_and_occlusion_grow_with_their_levels() -> None:
    exact = generate("everyday", 4, actions=FEW, noise=0.0).data
    errors = [
        float(np.abs(generate("everyday", 4, actions=FEW, noise=n).data - exact).mean())
        for n in (0.5, 1.0, 2.0)
    ]
    assert errors[1] == pytest.approx(2 * errors[0], rel=1e-3) and 0.003 < errors[1] < 0.03
    assert errors[2] == pytest.approx(2 * errors[1], rel=1e-3)
    missing = [
        float(np.isnan(generate("everyday", 4, actions=FEW, occlusion=o).data).mean())
        for o in (0.0, 0.2, 1.0)
    ]
    assert missing[0] == 0 and 0.005 < missing[1] < missing[2] < 0.6


def test_what_is_hidden_in_a_picture_has_a_low_score_and_what_is_lost_none() -> None:
    clip = generate("everyday", 4, skeleton="coco17", actions=FEW, occlusion=0.8)
    x, _, score = clip.data
    assert ((score == 0) == np.isnan(x)).all() and (score == 0).any()
    hidden = (score > 0) & (score < 0.3)
    assert hidden.any() and np.median(score[score > 0.3]) > 0.85


def test_a_joint_that_is_hidden_goes_along_with_the_one_it_hangs_on() -> None:
    at = np.array([0.0, 10.0, 20.0, 35.0, 50.0, 60.0])
    hand = at + [5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    values = np.stack([at, hand], axis=1)[:, :, None, None]  # (T, V, C, M)
    mask = np.array([[1, 1], [0, 0], [0, 1], [0, 1], [0, 1], [0, 0]], dtype=bool)[..., None]
    kept = held(values, mask, [(1, 0)], 2)[..., 0, 0]
    np.testing.assert_array_equal(kept[:, 1], [np.nan, 16, 26, 41, np.nan, 70])
    np.testing.assert_array_equal(kept[:, 0], [np.nan, 10, 20, 35, 50, 60])


def test_hidden_joints_stay_on_a_body_that_walks_away() -> None:
    options = {"skeleton": "coco17", "actions": ["walk", "turn"], "noise": 0.0, "rounds": 3}
    apart = []
    for seed in range(4):
        seen = generate("everyday", seed, occlusion=1.0, **options)  # type: ignore[arg-type]
        exact = generate("everyday", seed, **options)  # type: ignore[arg-type]
        score = seen.data[2]
        hidden = (score > 0) & (score < 0.3)
        apart.append(np.hypot(*(seen.data[:2] - exact.data[:2]))[hidden])
    assert len(np.concatenate(apart)) > 1000
    assert np.quantile(np.concatenate(apart), 0.99) < 100


# Sensors


def test_sensors_of_somebody_who_only_stands_feel_gravity() -> None:
    clip = generate("everyday", 1, skeleton="imu7", actions=["clap"], fps=50, noise=0.0)
    assert clip.labels is not None
    still = clip.data[:, 3:20, :, 0]
    assert (clip.labels[3:20] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(still[:3], axis=0), GRAVITY, atol=0.1)
    assert np.abs(still[3:]).max() < 0.1
    assert (still[1, :, 0] > 9).all()  # the second axis of a pelvis points up


def test_readings_are_the_motion_they_come_from() -> None:
    """Twice integrated, the accelerations lead along the path; the rates turn into the attitude."""
    scene = Scene(actions=["walk", "wave_right"], skeleton="imu7", noise=0.0)
    (actor,) = performed(scene, rng(3), 1.0, 1).actors
    rate_hz, seconds = 1000.0, 2.0
    frames = int(rate_hz * seconds)
    layout = Skeleton.of_sensors("two", ["pelvis", "right_wrist"])
    start_s = next(time_s for time_s, label in actor.marks if label in ("walk", "wave_right"))
    actor.marks, offset = [], start_s
    actor_figure = actor.figure
    actor.figure = lambda times_s: actor_figure(times_s + offset)  # type: ignore[method-assign]
    felt = readings(actor, layout, rate_hz, frames, rng(), noise=0.0)
    figure = actor.figure(np.arange(frames) / rate_hz)
    for v, name in enumerate(layout.joints):
        turned, place = worn(actor, figure, SEATS[name])
        attitude, speed = turned[0], (place[1] - place[0]) * rate_hz
        at = place[0].copy()
        for t in range(frames - 1):
            spin = (felt[3:, t, v] + felt[3:, t + 1, v]) / 2 / rate_hz
            force = turned[t] @ felt[:3, t, v] - np.array([0.0, GRAVITY, 0.0])
            at = at + speed / rate_hz
            speed = speed + force / rate_hz
            attitude = attitude @ rotation(spin)
        error = attitude.T @ turned[-1]
        assert np.degrees(np.arccos(np.clip((np.trace(error) - 1) / 2, -1, 1))) < 0.5, name
        assert np.linalg.norm(at - place[-1]) < 0.03, name
        assert np.linalg.norm(place[-1] - place[0]) > 0.05


def rotation(vector: Array) -> Array:
    """Rotation by a small vector of radians."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


# Pairs


@pytest.mark.parametrize("seed", range(4))
def test_hands_meet_and_people_do_not_walk_through_each_other(seed: int) -> None:
    scene = Scene(people=2)
    done = performed(scene, rng(seed), 1.0, 1)
    times_s = np.arange(0, done.end_s, 1 / 60)
    starts, labels = zip(*done.marks, strict=True)
    doing = np.array(labels)[np.searchsorted(starts, times_s, side="right") - 1]
    one, other = (actor.figure(times_s).points for actor in done.actors)

    def gap(first: str, second: str) -> Array:
        return np.asarray(np.linalg.norm(one[first] - other[second], axis=1))

    hands = gap("right_hand", "right_hand")
    for name in ("shake_hands", "high_five", "hand_over"):
        assert hands[doing == name].min() < 0.03, name
    assert (hands[doing == "shake_hands"] < 0.05).sum() / 60 > 1.0  # held while they shake
    assert hands[np.isin(doing, ("stand", "approach", "part"))].min() > 0.15
    meet = (doing == "high_five") & (hands < 0.05)
    assert (one["right_hand"][meet, UP] > one["shoulder_centre"][meet, UP]).all()
    apart = gap("pelvis", "pelvis")
    assert apart.min() > 0.45
    for name, grows in (("approach", False), ("part", True), ("push", True)):
        spells = np.flatnonzero(np.diff((doing == name).astype(int), prepend=0, append=0))
        for start, stop in spells.reshape(-1, 2):
            change = apart[stop - 1] - apart[start]
            assert change > 0.3 if grows else change < -0.3, name
    pushed = np.min(
        [
            np.linalg.norm(a[f"{side}_hand"] - b["shoulder_centre"], axis=1)
            for a, b in ((one, other), (other, one))
            for side in ("left", "right")
        ],
        axis=0,
    )
    assert pushed[doing == "push"].min() < 0.2


def test_a_pair_is_one_scene_with_one_label_for_each_frame() -> None:
    clip = generate("everyday", 3, people=2, fps=10)
    assert clip.data.shape[3] == 2 and set(order_of(clip)) == set(clip.classes)
    assert clip.classes == ("stand", *PAIR_ACTIONS)
    assert set(order_of(clip)[::2]) == {"stand"}


# Data sets


def test_a_data_set_has_other_people_and_cameras_to_test_on(tmp_path: Path) -> None:
    settings = {"train": 3, "test": 2, "actions": ["clap", "kick"], "fps": 10.0}
    info = generate_set(tmp_path / "set", seed=4, **settings)  # type: ignore[arg-type]
    train, test = (list(open_dataset(tmp_path / "set", split)) for split in ("train", "test"))
    assert (len(train), len(test)) == (3, 2)
    assert len({clip.subject for clip in train + test}) == 5
    assert {clip.classes for clip in train + test} == {("stand", "kick", "clap")}
    again = generate_set(tmp_path / "again", seed=4, **settings)  # type: ignore[arg-type]
    assert again.sha256 == info.sha256
    generate_set(tmp_path / "again", seed=4, **settings)  # type: ignore[arg-type]  # the same once more
    for other in ({"seed": 5}, {"seed": 4, "train": 4}, {"seed": 4, "fps": 12.5}):
        with pytest.raises(ConfigError, match="another data set|divided otherwise"):
            generate_set(tmp_path / "again", **settings | other)  # type: ignore[arg-type]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="not a data set"):
        generate_set(tmp_path / "mine")
    with pytest.raises(ConfigError, match="train must be"):
        generate_set(tmp_path / "none", train=0)
    write_dataset(tmp_path / "kept", [Entry("test", "a", test[0])], name="kept")
    with pytest.raises(ConfigError, match="another data set .* pass --overwrite"):
        generate_set(tmp_path / "kept", seed=4, **settings)  # type: ignore[arg-type]
    generate_set(tmp_path / "kept", seed=4, overwrite=True, **settings)  # type: ignore[arg-type]
    assert len(open_dataset(tmp_path / "kept", "train")) == 3


def test_ranges_of_training_and_test_do_not_touch() -> None:
    for name in vars(TRAIN[0]):
        for one in TRAIN:
            for other in TEST:
                (a, b), (c, d) = getattr(one, name), getattr(other, name)
                assert b < c or d < a, name
