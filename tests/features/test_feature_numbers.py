"""Features on numbers small enough to be worked out by hand, and against what others publish."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.clips import XYZ
from kinestream.features import Pipeline
from kinestream.features.published import pyskl, pyskl_streams
from kinestream.skeletons import Skeleton, skeleton

Array = NDArray[np.float32]
Specs = list[str | dict[str, Any]]

ARM = Skeleton("arm", ("shoulder", "elbow", "hand"), ((1, 0), (2, 1)))
NAN = math.nan
IMPATIENT = {"name": "hold", "hold_frames": 0}


def on_a_line(*frames: list[float]) -> Array:
    """(1, T, V, 1) of one channel, frame by frame."""
    return np.array(frames, np.float32)[None, ..., None]


def made(specs: Specs, x: Array, channels: tuple[str, ...] = ("x",)) -> dict[str, Any]:
    """Each channel's frames as lists."""
    pipeline = Pipeline(ARM, channels, specs)
    rows = pipeline.clip(x)[..., 0].astype(float).round(6).tolist()
    return dict(zip(pipeline.channels, rows, strict=True))


def test_hold_keeps_a_joint_for_a_while() -> None:
    x = on_a_line([NAN, 1, 5], [7, NAN, 5], [NAN, NAN, 5], [NAN, NAN, 5], [NAN, 2, 5])
    found = made([{"name": "hold", "hold_frames": 2, "fill": -1}], x)
    assert found["x"] == [[-1, 1, 5], [7, 1, 5], [7, 1, 5], [7, -1, 5], [-1, 2, 5]]
    third = round(1 / 3, 6), round(2 / 3, 6)
    assert found["seen"] == [
        [0, 1, 1],
        [1, third[1], 1],
        [third[1], third[0], 1],
        [third[0], 0, 1],
        [0, 1, 1],
    ]


def test_hold_without_patience_masks_at_once() -> None:
    found = made([IMPATIENT], on_a_line([1, 2, 3], [4, NAN, 6]))
    assert found == {"x": [[1, 2, 3], [4, 0, 6]], "seen": [[1, 1, 1], [1, 0, 1]]}


def test_a_joint_with_one_value_missing_is_missing() -> None:
    x = np.array([[[1, 2, 3]], [[NAN, 5, 6]]], np.float32)[..., None]
    found = made(["hold"], x, ("x", "y"))
    assert found == {"x": [[0, 2, 3]], "y": [[0, 5, 6]], "seen": [[0, 1, 1]]}


def test_a_joint_of_low_score_is_missing() -> None:
    frames = [[[1, 2, 3], [4, 5, 6], [0.9, 0.9, 0.9]], [[9, 9, 9], [9, 9, 9], [0.25, 0.75, NAN]]]
    x = np.array(frames, np.float32).transpose(1, 0, 2)[..., None]
    patient = {"name": "hold", "hold_frames": 3, "min_score": 0.75}  # which is enough
    found = made([patient], x, ("x", "y", "score"))
    assert found["x"][1] == [1, 9, 3] and found["y"][1] == [4, 9, 6]
    assert found["score"][1] == [0.25, 0.75, 0] and found["seen"][1] == [0.75, 1, 0.75]


def test_a_joint_that_comes_back_does_not_jump() -> None:
    x = on_a_line([1, 1, 1], [2, NAN, 2], [3, NAN, 3], [4, 9, 4], [5, 10, 5])
    found = made([IMPATIENT, "displacement"], x)
    assert [row[1] for row in found["x"]] == [1, 0, 0, 9, 10]
    assert [row[1] for row in found["seen"]] == [1, 0, 0, 1, 1]
    assert [row[1] for row in found["d_x"]] == [0, 0, 0, 0, 1]
    assert [row[0] for row in found["d_x"]] == [0, 1, 1, 1, 1]


def test_centre_follows_a_joint_or_its_first_place() -> None:
    x = on_a_line([NAN, 2, 3], [1, 2, 4], [NAN, 4, 6], [5, 6, 8])
    assert made([IMPATIENT, "centre"], x)["x"] == [[0, 0, 0], [0, 1, 3], [0, 3, 5], [0, 1, 3]]
    first = {"name": "centre", "when": "first"}
    assert made([IMPATIENT, first], x)["x"] == [[0, 0, 0], [0, 1, 3], [0, 3, 5], [4, 5, 7]]
    ends = {"name": "centre", "joint": ["shoulder", 2]}
    assert made([IMPATIENT, ends], x)["x"][1] == [-1.5, -0.5, 1.5]


def test_an_absent_person_of_zeros_is_not_centred_on() -> None:
    x = on_a_line([0, 0, 0], [1, 2, 4], [0, 0, 0], [2, 2, 5])
    first = {"name": "centre", "when": "first"}
    assert made([first], x)["x"] == [[0, 0, 0], [0, 1, 3], [0, 0, 0], [1, 1, 4]]


def test_relative_stands_beside_the_positions() -> None:
    found = made([{"name": "relative", "joint": "hand"}], on_a_line([1, 2, 4]))
    assert found == {"x": [[1, 2, 4]], "r_x": [[-3, -2, 0]]}


def test_bones_and_their_motion() -> None:
    x = on_a_line([1, 3, 9], [2, 6, 9])
    assert made(["bone"], x) == {"b_x": [[0, 2, 6], [0, 4, 3]]}
    assert made(["bone", "motion"], x) == {"d_b_x": [[0, 0, 0], [0, 2, -3]]}
    assert made(["bone_motion"], x) == made(["bone", "motion"], x)
    assert made(["displacement", "bone"], x)["d_b_x"] == [[0, 0, 0], [0, 2, -3]]
    assert made(["motion"], x) == {"d_x": [[0, 0, 0], [1, 3, 0]]}


def test_a_bone_is_trusted_like_its_ends() -> None:
    x = np.array([[[1, 3, 9]], [[0.5, 0.75, 0.25]]], np.float32)[..., None]
    assert made(["bone"], x, ("x", "score"))["score"] == [[0.5, 0.625, 0.5]]
    found = made([IMPATIENT, "bone"], on_a_line([1, NAN, 9]))
    assert found == {"b_x": [[0, 0, 0]], "seen": [[1, 0, 0]]}


def test_scale_measures_the_bones() -> None:
    x = on_a_line([NAN, 2, NAN], [1, 3, 7], [1, 5, 9], [1, NAN, NAN])
    first = [[0, 0, 0], [0.333333, 1, 2.333333], [0.333333, 1.666667, 3], [0.333333, 0, 0]]
    assert made([IMPATIENT, "scale"], x)["x"] == first  # bones of 2 and 4
    running = {"name": "scale", "when": "running"}
    assert made([IMPATIENT, running], x)["x"][2] == [
        round(v / 3.5, 6) for v in (1, 5, 9)
    ]  # then of 4 and 4
    one = {"name": "scale", "bones": [["shoulder", "hand"]]}
    assert made([IMPATIENT, one], x)["x"][1] == [round(v / 6, 6) for v in (1, 3, 7)]


def test_a_running_scale_forgets() -> None:
    x = on_a_line(*([0, s, 2 * s] for s in (1.0, 2.0, 4.0, 4.0, 4.0)))
    found = made([{"name": "scale", "when": "running", "memory_frames": 2}], x)["x"]
    sizes = [s / row[1] for s, row in zip((1, 2, 4, 4, 4), found, strict=True)]
    np.testing.assert_allclose(sizes, [1, 1.5, 2.75, 3.375, 3.6875], atol=1e-5)


def test_a_body_without_size_is_not_divided_by() -> None:
    assert made(["scale"], on_a_line([2, 2, 2], [2, 3, 4]))["x"] == [[0, 0, 0], [2, 3, 4]]


def person(frames: int, seed: int = 0) -> Array:
    """(3, T, 25, 1) of an upright person who walks about and turns."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.3, (3, 1, 25, 1)) + rng.normal(0, 0.02, (3, frames, 25, 1)).cumsum(axis=1)
    x[1, :, 1] = x[1, :, 0] + 1
    return np.asarray(x + np.array([0.4, 0.2, 3.0]).reshape(3, 1, 1, 1), np.float32)


def test_first_frame_features_are_the_published_preparation() -> None:
    x = person(12)
    pipeline = Pipeline(
        skeleton("ntu25"), XYZ, [{"name": "centre", "joint": 1, "when": "first"}, "body_frame"]
    )
    truth = pyskl.pre_normalise_3d(x.transpose(3, 1, 2, 0)).points
    np.testing.assert_allclose(pipeline.clip(x).transpose(3, 1, 2, 0), truth, atol=1e-5)


@pytest.mark.parametrize(
    ("stream", "specs"),
    [("b", ["bone"]), ("jm", ["motion"]), ("bm", ["bone", "motion"]), ("bm", ["bone_motion"])],
)
def test_streams_are_the_published_ones_a_frame_later(stream: str, specs: Specs) -> None:
    x = person(9)
    found = Pipeline(skeleton("ntu25"), XYZ, specs).clip(x).transpose(3, 1, 2, 0)
    truth = pyskl_streams.streams(x.transpose(3, 1, 2, 0), "ntu", [stream])
    bones = {*skeleton("ntu25").bones} == {
        (v, p) for v, p in enumerate(pyskl_streams.PARENTS["ntu"]) if v != p
    }
    assert bones
    if stream == "b":
        np.testing.assert_array_equal(found, truth)
    else:
        np.testing.assert_array_equal(found[:, 1:], truth[:, :-1])
        assert not found[:, 0].any() and not truth[:, -1].any()


def test_bone_scores_are_the_published_ones() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((3, 5, 18, 1)).astype(np.float32)
    channels = ("x", "y", "score")
    pairs = [[v, p] for v, p in enumerate(pyskl_streams.PARENTS["openpose"])]  # not quite ours
    bone = {"name": "bone", "bones": pairs}
    for stream, spec in (("b", bone), ("jm", "motion")):
        found = Pipeline(skeleton("openpose18"), channels, [spec]).clip(x).transpose(3, 1, 2, 0)
        truth = pyskl_streams.streams(x.transpose(3, 1, 2, 0), "openpose", [stream])
        if stream == "jm":
            found, truth = found[:, 1:], truth[:, :-1]
        np.testing.assert_allclose(found, truth, atol=1e-6)


def test_running_axes_follow_a_body_that_turns() -> None:
    body = skeleton("ntu25")
    x = np.repeat(person(1), 200, axis=1)
    x[:, :, [4, 8]] = x[:, :, :1] + np.array([[-0.2, 0.2], [1.0, 1.0], [0, 0]]).reshape(3, 1, 2, 1)
    x[:, :, 1] = x[:, :, 0] + np.array([0, 0.5, 0]).reshape(3, 1, 1)
    quarter = np.stack([x[2], x[1], -x[0]])
    x[:, 100:] = quarter[:, 100:]
    specs: Specs = [{"name": "body_frame", "mode": "running", "memory_frames": 10}]
    y = Pipeline(body, XYZ, specs).clip(x)[..., 0]
    shoulders = y[:, :, 8] - y[:, :, 4]
    np.testing.assert_allclose(shoulders[:, 50], [0.4, 0, 0], atol=1e-5)
    assert abs(shoulders[1, 100]) > 0.1  # it has just turned
    np.testing.assert_allclose(shoulders[:, -1], [0.4, 0, 0], atol=1e-3)
    spine = y[:, :, 1] - y[:, :, 0]
    np.testing.assert_allclose(spine[:, -1], [0, 0, 0.5], atol=1e-5)


@pytest.mark.parametrize("spine", [(0, 0, -1), (0, 0, 1), (1e-9, 0, -1), (0, 1e-5, -1)])
@pytest.mark.parametrize("across", [(-1, 0, 0), (1, 0, 0), (-1, 1e-9, 0), (0, 1, 0)])
def test_a_body_upside_down_is_turned_not_mirrored(
    spine: tuple[float, ...], across: tuple[float, ...]
) -> None:
    x = person(1)
    x[:, 0, 1, 0] = x[:, 0, 0, 0] + np.array(spine)
    x[:, 0, 8, 0] = x[:, 0, 4, 0] + np.array(across)
    y = Pipeline(skeleton("ntu25"), XYZ, ["body_frame"]).clip(x)
    for a, b, to in ((4, 8, 0), (0, 1, 2)):
        way = y[:, 0, b, 0] - y[:, 0, a, 0]
        np.testing.assert_allclose(way / np.linalg.norm(way), np.eye(3)[to], atol=1e-3)
    triples = [np.linalg.det(body[:, 0, 10:13, 0].astype(float)) for body in (x, y)]
    assert triples[0] == pytest.approx(triples[1], rel=1e-4)


def test_features_of_ms_gcn_are_its_own_a_frame_later() -> None:
    """Frame differences, and positions relative to joint 0."""
    x = person(7)
    specs: Specs = ["displacement", {"name": "centre", "joint": 0}]
    found = Pipeline(skeleton("ntu25"), XYZ, specs).clip(x)
    np.testing.assert_array_equal(found[:3], x - x[:, :, :1])
    np.testing.assert_array_equal(found[3:, 1:], x[:, 1:] - x[:, :-1])
    both = Pipeline(skeleton("ntu25"), XYZ, ["displacement", {"name": "relative", "joint": 0}])
    assert both.channels[3:] == ("d_x", "d_y", "d_z", "r_x", "r_y", "r_z")
    np.testing.assert_array_equal(both.clip(x)[6:], found[:3])


def test_standardise_measures_what_is_seen_and_leaves_confidences() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(5, 2, (3, 400, 17, 1)).astype(np.float32)
    x[2] = 0.5
    x[:, rng.random((400, 17)) < 0.3] = np.nan
    x[:, :, 4] = np.nan  # a joint that is never seen
    hold = {**IMPATIENT, "fill": -7}
    pipeline = Pipeline(skeleton("coco17"), ("x", "y", "score"), [hold, "standardise"])
    pipeline.fit([x])
    y = pipeline.clip(x)[..., 0]
    seen = y[3] > 0
    assert set(np.unique(y[3])) == {0.0, 1.0} and set(np.unique(y[2])) == {0.0, 0.5}
    for c in (0, 1):
        assert (y[c][~seen] == 0).all()
        for v in (0, 16):
            assert abs(y[c, seen[:, v], v].mean()) < 1e-4
        assert y[c][seen].std() == pytest.approx(1, abs=0.01)
