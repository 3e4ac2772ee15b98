"""Conversion between layouts, against a naive reading of the JSON files, for every ordered pair."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import kinestream.skeletons
from kinestream.errors import DataError, SkeletonError
from kinestream.skeletons import Conversion, Skeleton, layout_names, skeleton

HOME = Path(kinestream.skeletons.__file__).parent
ANATOMY: dict[str, Any] = json.loads((HOME / "anatomy.json").read_text(encoding="utf-8"))
LAYOUTS: dict[str, Any] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in (HOME / "layouts").glob("*.json")
}
POSITIONS = sorted(name for name, about in LAYOUTS.items() if about["units"] != "imu")
ALONE = {"lara19", "handmp21"}  # joints without names, and a hand without a body
BODIES = sorted(set(POSITIONS) - ALONE)
PAIRS = list(product(BODIES, BODIES))
Array = NDArray[np.float32]


def meant(layout: str, joint: str) -> str:
    """The point of the body that a joint is."""
    for wanted in (f"{layout}/{joint}", joint):
        for point, about in ANATOMY["points"].items():
            if wanted in about["names"]:
                return str(point)
    return joint


def ways(source: str, target: str) -> list[dict[int, float]]:
    """For each joint of the target the joints of the source and their weights; empty: missing."""
    have = {meant(source, joint): v for v, joint in enumerate(LAYOUTS[source]["names"])}
    found: list[dict[int, float]] = []
    for joint in LAYOUTS[target]["names"]:
        point = meant(target, joint)
        recipes = [{point: 1.0}] + [r["from"] for r in ANATOMY["derived"].get(point, [])]
        usable = [r for r in recipes if all(part in have for part in r)]
        found.append({have[p]: w for p, w in usable[0].items()} if usable else {})
    return found


def slowly(data: Array, source: str, target: str) -> Array:
    """Joint by joint, number by number."""
    found = ways(source, target)
    channels, frames, _, people = data.shape
    made = np.zeros((channels, frames, len(found), people), np.float32)
    for c, t, v, m in np.ndindex(made.shape):
        values = [w * float(data[c, t, s, m]) for s, w in found[v].items()]
        made[c, t, v, m] = sum(values) if values else np.nan
    return made


def bodies(layout: str, seed: int, frames: int = 3, people: int = 2) -> Array:
    """Random positions with every ninth joint missing."""
    rng = np.random.default_rng(seed)
    data = rng.normal(0, 1, (3, frames, len(LAYOUTS[layout]["names"]), people))
    data[:, rng.random(data.shape[1:]) < 1 / 9] = np.nan
    return data.astype(np.float32)


def bits(data: Array) -> NDArray[np.uint32]:
    return np.ascontiguousarray(data).view(np.uint32)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_pair_equals_the_slow_reading(source: str, target: str) -> None:
    data = bodies(source, seed=len(source) * len(target))
    way = Conversion(skeleton(source), skeleton(target))
    made = way.apply(data)
    assert made.dtype == np.float32
    assert made.shape == (3, 3, len(LAYOUTS[target]["names"]), 2)
    np.testing.assert_array_equal(made, slowly(data, source, target))
    for origin, expected in zip(way.joints, ways(source, target), strict=True):
        had = {skeleton(source).index(joint): weight for joint, weight in origin.weights}
        assert had == expected
        assert origin.how == {0: "missing", 1: "exact"}.get(len(expected), "derived")
        assert bool(origin.note) == (origin.how == "derived")


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_there_and_back_keeps_shared_joints_bit_for_bit(one: str, other: str) -> None:
    data = bodies(one, seed=len(one) + 7 * len(other))
    there = Conversion(skeleton(one), skeleton(other))
    back = Conversion(skeleton(other), skeleton(one))
    returned = back.apply(there.apply(data))
    shared = {o.weights[0][0] for o in there.joints if o.how == "exact"}
    assert shared == set(back.exact)
    assert len(shared) >= 8
    kept = [skeleton(one).index(joint) for joint in shared]
    assert np.array_equal(bits(returned[:, :, kept]), bits(data[:, :, kept]))
    lost = [skeleton(one).index(joint) for joint in back.missing]
    assert np.isnan(returned[:, :, lost]).all()
    reference = slowly(slowly(data, one, other), other, one)
    np.testing.assert_array_equal(returned, reference)


def test_kinect_to_coco_and_back() -> None:
    kinect, coco = skeleton("kinect20"), skeleton("coco17")
    limbs = [
        f"{side}_{part}"
        for side in ("left", "right")
        for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    ]
    there, back = Conversion(kinect, coco), Conversion(coco, kinect)
    assert set(there.exact) == set(back.exact) == set(limbs)
    assert there.derived == ()
    assert set(there.missing) == {"nose", "left_eye", "right_eye", "left_ear", "right_ear"}
    assert back.derived == ("hip_centre", "spine", "shoulder_centre", "head")
    assert back.missing == ("left_hand", "right_hand", "left_foot", "right_foot")
    data = bodies("kinect20", seed=1, frames=50)
    returned = back.apply(there.apply(data))
    shared = [kinect.index(joint) for joint in limbs]
    assert np.array_equal(bits(returned[:, :, shared]), bits(data[:, :, shared]))
    # The ears are lost on the way, and the head with them.
    lost = [kinect.index(joint) for joint in ("head", *back.missing)]
    assert np.isnan(returned[:, :, lost]).all()


@given(
    st.sampled_from(PAIRS),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
)
def test_any_numbers_are_copied_as_they_are(
    pair: tuple[str, str], frames: int, people: int, seed: int
) -> None:
    """Any bit pattern: infinities, denormals, NaN with a payload, minus zero."""
    source, target = (skeleton(name) for name in pair)
    rng = np.random.default_rng(seed)
    shape = (3, frames, source.num_joints, people)
    data = rng.integers(0, 2**32, shape, dtype=np.uint32).view(np.float32)
    kept = data.copy()
    way = Conversion(source, target)
    made = way.apply(data)
    assert np.array_equal(bits(data), bits(kept))
    for v, origin in enumerate(way.joints):
        sources = [source.index(joint) for joint, _ in origin.weights]
        if origin.how == "exact":
            assert np.array_equal(bits(made[:, :, v]), bits(data[:, :, sources[0]]))
        elif origin.how == "derived":
            unknown = np.isnan(data[:, :, sources]).any(axis=2)
            assert np.isnan(made[:, :, v][unknown]).all()
            finite = np.isfinite(data[:, :, sources]).all(axis=2)
            assert np.isfinite(made[:, :, v][finite]).all()
        else:
            assert np.isnan(made[:, :, v]).all()


def test_a_derived_joint_is_the_mean_that_is_stated() -> None:
    coco, kinect = skeleton("coco17"), skeleton("kinect20")
    data = np.zeros((2, 1, 17, 1), np.float32)
    for joint, at in {
        "left_hip": (10, 2),
        "right_hip": (20, 4),
        "left_shoulder": (0, 102),
        "right_shoulder": (30, 104),
        "left_ear": (14, 150),
        "right_ear": (18, 151),
    }.items():
        data[:, 0, coco.index(joint), 0] = at
    made = Conversion(coco, kinect).apply(data, ("x", "y"))[:, 0, :, 0].T
    assert made[kinect.index("hip_centre")].tolist() == [15, 3]
    assert made[kinect.index("shoulder_centre")].tolist() == [15, 103]
    assert made[kinect.index("head")].tolist() == [16, 150.5]
    np.testing.assert_allclose(made[kinect.index("spine")], [15, 0.83 * 3 + 0.17 * 103], rtol=1e-6)


def test_a_derived_joint_is_computed_in_double_precision() -> None:
    coco, kinect = skeleton("coco17"), skeleton("kinect20")
    data = np.random.default_rng(0).normal(500, 100, (3, 400, 17, 1)).astype(np.float32)
    way = Conversion(coco, kinect)
    weights = way.joints[kinect.index("spine")].weights
    parts = [(weight, data[:, :, coco.index(joint)]) for joint, weight in weights]
    double = sum(weight * part.astype(np.float64) for weight, part in parts)
    single = sum(np.float32(weight) * part for weight, part in parts)
    made = way.apply(data)[:, :, kinect.index("spine")]
    assert np.array_equal(made, np.asarray(double).astype(np.float32))
    assert not np.array_equal(made, single)
    huge = np.full((3, 1, 17, 1), np.finfo(np.float32).max, np.float32)
    assert np.isfinite(Conversion(coco, skeleton("openpose18")).apply(huge)).all()


def test_a_confidence_is_the_lowest_of_its_sources() -> None:
    coco, body25 = skeleton("coco17"), skeleton("openpose25")
    data = np.zeros((3, 2, 17, 1), np.float32)
    data[2, :, :, 0] = 0.9
    data[2, 0, coco.index("left_hip"), 0] = 0.25
    data[2, 1, coco.index("right_hip"), 0] = np.nan
    data[0, 1, coco.index("left_hip"), 0] = np.nan
    for name in ("score", "confidence", "visibility"):
        made = Conversion(coco, body25).apply(data, ("x", "y", name))[..., 0]
        assert made[2, 0, body25.index("mid_hip")] == np.float32(0.25)
        assert np.isnan(made[2, 1, body25.index("mid_hip")])
        assert made[2, 0, body25.index("neck")] == np.float32(0.9)
        assert made[2, :, body25.index("left_heel")].tolist() == [0, 0]
        assert np.isnan(made[:2, :, body25.index("left_heel")]).all()
        assert np.isnan(made[0, 1, body25.index("mid_hip")])
        assert made[1, 1, body25.index("mid_hip")] == 0


def test_a_layout_is_its_own_copy() -> None:
    for name in POSITIONS:
        body = skeleton(name)
        way = Conversion(body, body)
        assert way.exact == body.joints
        assert all(origin.weights == ((origin.joint, 1.0),) for origin in way.joints)
        data = bodies(name, seed=3)
        assert np.array_equal(bits(way.apply(data)), bits(data))


def test_a_skeleton_of_the_user_is_known_by_its_names() -> None:
    mine = Skeleton("mine", ("root", "pelvis", "hip_centre", "left_ankle"), ((1, 0), (2, 0)))
    to_kinect = Conversion(mine, skeleton("kinect20"))
    assert to_kinect.exact == ("hip_centre", "left_ankle")
    # Two joints at one point: the one of the same name is taken, else the first.
    assert to_kinect.joints[0].weights == (("hip_centre", 1.0),)
    assert Conversion(mine, skeleton("h36m17")).joints[0].weights == (("pelvis", 1.0),)
    assert Conversion(mine, skeleton("ntu25")).joints[0].weights == (("pelvis", 1.0),)
    assert Conversion(skeleton("coco17"), mine).derived == ("pelvis", "hip_centre")


def test_joints_that_are_only_numbered_are_not_taken_for_one_another() -> None:
    one = Skeleton.from_dict({"name": "one", "num_node": 2, "edge": [[1, 0]], "center": 0})
    other = Skeleton.from_dict({"name": "other", "num_node": 2, "edge": [[1, 0]], "center": 0})
    assert Conversion(one, one).exact == ("joint0", "joint1")
    with pytest.raises(SkeletonError, match="no joint of 'other' can be had from 'one'"):
        Conversion(one, other)


def test_what_shares_no_joint_is_refused() -> None:
    for one, other in product(POSITIONS, ALONE):
        if one != other:
            for pair in ((one, other), (other, one)):
                with pytest.raises(SkeletonError, match="no names agree"):
                    Conversion(*(skeleton(name) for name in pair))


def test_sensors_are_refused() -> None:
    sensors = [name for name in layout_names() if skeleton(name).units == "imu"]
    assert len(sensors) >= 5
    for name in sensors:
        says = re.escape(f"'{name}' is a layout of sensors: what a sensor measures depends on how")
        for pair in (("ntu25", name), (name, "ntu25"), (name, name)):
            with pytest.raises(SkeletonError, match=says):
                Conversion(*(skeleton(each) for each in pair))


@pytest.mark.parametrize(
    ("shape", "channels", "error", "says"),
    [
        ((3, 4, 25, 1), "xyz", SkeletonError, r"\(C, T, 17, M\) for skeleton 'coco17', got"),
        ((3, 4, 17), "xyz", DataError, r"must be \(C, T, V, M\), got shape \(3, 4, 17\)"),
        ((2, 4, 17, 1), "xyz", DataError, "name 3 values, the data has 2"),
    ],
)
def test_data_of_another_shape_is_refused(
    shape: tuple[int, ...], channels: str, error: type[Exception], says: str
) -> None:
    way = Conversion(skeleton("coco17"), skeleton("ntu25"))
    with pytest.raises(error, match=says):
        way.apply(np.zeros(shape, np.float32), tuple(channels))


def test_nothing_to_convert_gives_nothing() -> None:
    way = Conversion(skeleton("coco17"), skeleton("ntu25"))
    assert way.apply(np.zeros((3, 0, 17, 2), np.float32)).shape == (3, 0, 25, 2)
    assert way.apply(np.zeros((0, 4, 17, 1), np.float32), ()).shape == (0, 4, 25, 1)
