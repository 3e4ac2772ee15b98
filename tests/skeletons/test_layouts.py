"""Skeletons: the shipped layouts, sensor graphs, the user's own JSON, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kinestream.skeletons
from kinestream.errors import MissingFileError, SkeletonError
from kinestream.skeletons import Skeleton, hop_distance, layout_names, skeleton
from kinestream.skeletons.skeleton import MAX_JOINTS

LAYOUTS = Path(kinestream.skeletons.__file__).parent / "layouts"
ARM: dict[str, Any] = {"num_node": 3, "edge": [[1, 0], [2, 1]], "center": 0}
SIZES = {
    "coco17": 17,
    "daphnet3": 3,
    "florence15": 15,
    "h36m17": 17,
    "handmp21": 21,
    "hugadb6": 6,
    "imu7": 7,
    "kinect20": 20,
    "lara19": 19,
    "mediapipe33": 33,
    "msr20": 20,
    "ntu25": 25,
    "openpose18": 18,
    "openpose25": 25,
    "phonewatch2": 2,
    "sbu15": 15,
    "smpl24": 24,
    "utd20": 20,
    "utdmhad1": 1,
}


def other_side(joint: str) -> str:
    swapped = joint.replace("left", "RIGHT").replace("right", "left")
    return swapped.replace("RIGHT", "right")


def test_every_promised_layout_is_there() -> None:
    assert {name: skeleton(name).num_joints for name in layout_names()} == SIZES


@pytest.mark.parametrize("name", SIZES)
def test_a_layout_is_one_connected_body(name: str) -> None:
    body = skeleton(name)
    assert body.name == name
    hops = hop_distance(body)
    assert (hops < body.num_joints).all()
    # hugadb6 hangs the left thigh on the right foot as well: the graph in use for it.
    assert len({frozenset(bone) for bone in body.bones}) == body.num_joints - 1


@pytest.mark.parametrize("name", sorted(set(SIZES) - {"lara19"}))
def test_pairs_are_what_the_joint_names_say(name: str) -> None:
    body = skeleton(name)
    named = {joint for joint in body.joints if "left" in joint}
    assert {body.joints[left] for left, _ in body.pairs} == named
    for left, right in body.pairs:
        assert body.joints[right] == other_side(body.joints[left])


def test_mirrored_bones_are_bones() -> None:
    for name in sorted(set(SIZES) - {"hugadb6", "lara19"}):
        body = skeleton(name)
        mirror = dict(body.pairs) | {right: left for left, right in body.pairs}
        bones = {frozenset(bone) for bone in body.bones}
        assert {frozenset(mirror.get(joint, joint) for joint in bone) for bone in bones} == bones


@pytest.mark.parametrize("name", sorted(set(SIZES) - {"imu7"}))
def test_bones_point_to_the_centre(name: str) -> None:
    """All but imu7, whose published graph has them the other way round."""
    body = skeleton(name)
    to_centre = hop_distance(body)[body.centre]
    for child, parent in body.bones:
        assert to_centre[child] == to_centre[parent] + 1


@pytest.mark.parametrize("name", SIZES)
def test_a_layout_says_where_it_comes_from(name: str) -> None:
    about = json.loads((LAYOUTS / f"{name}.json").read_text(encoding="utf-8"))
    assert len(about["source"]) > 20
    assert about["name"] == name and "pairs" in about and "units" in about


def test_joints_lie_where_the_field_expects_them() -> None:
    """Some well-known places, from the documentation of each layout."""
    for name, places in {
        "openpose25": {
            0: "nose",
            8: "mid_hip",
            11: "right_ankle",
            19: "left_big_toe",
            24: "right_heel",
        },
        "mediapipe33": {
            0: "nose",
            7: "left_ear",
            12: "right_shoulder",
            25: "left_knee",
            32: "right_foot_index",
        },
        "h36m17": {
            0: "pelvis",
            3: "right_ankle",
            6: "left_ankle",
            8: "thorax",
            10: "head",
            16: "right_wrist",
        },
        "smpl24": {3: "spine1", 9: "spine3", 15: "head", 16: "left_shoulder", 21: "right_wrist"},
        "handmp21": {0: "wrist", 4: "thumb_tip", 8: "index_tip", 17: "pinky_mcp", 20: "pinky_tip"},
        "utd20": {0: "head", 3: "hip_centre", 7: "left_hand", 16: "right_hip"},
    }.items():
        assert {place: skeleton(name).joints[place] for place in places} == places


def test_sensors_form_a_star_or_the_graph_that_is_given() -> None:
    star = Skeleton.of_sensors("imu", ["pelvis", "left_shank", "right_shank"])
    assert (star.bones, star.centre, star.units) == (((1, 0), (2, 0)), 0, "imu")
    chain = Skeleton.of_sensors("leg", ["hip", "knee", "foot"], [(1, 0), (2, 1)])
    assert chain.bones == ((1, 0), (2, 1))
    assert Skeleton.of_sensors("watch", ["wrist"]).bones == ()


def test_a_joint_is_found_by_name() -> None:
    assert skeleton("kinect20").index("right_hip") == 16
    with pytest.raises(SkeletonError, match="'phonewatch2' has no joint 'nose'; it has phone"):
        skeleton("phonewatch2").index("nose")


def test_a_json_file_of_the_user_is_read(tmp_path: Path) -> None:
    path = tmp_path / "arm.json"
    path.write_text("\ufeff" + json.dumps({**ARM, "edge": [[0, 0], [1, 0], [1, 1], [2, 1]]}))
    arm = skeleton(path)
    assert arm == Skeleton("arm", ("joint0", "joint1", "joint2"), ((1, 0), (2, 1)))
    full = {**ARM, "name": "mine", "names": ["s", "e", "h"], "pairs": [[1, 2]], "units": "mm"}
    path.write_text(json.dumps(full | {"center": 1, "source": "me"}))
    assert skeleton(str(path)) == Skeleton(
        "mine", ("s", "e", "h"), ((1, 0), (2, 1)), centre=1, pairs=((1, 2),), units="mm"
    )


def test_what_is_written_is_read() -> None:
    for name in layout_names():
        body = skeleton(name)
        assert Skeleton.from_dict(json.loads(json.dumps(body.to_dict()))) == body


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"num_node": None}, "num_node must be a whole number, got None"),
        ({"num_node": True}, "num_node must be a whole number, got True"),
        ({"num_node": 3.0}, "whole number, got 3.0"),
        ({"num_node": 0}, "must be 1 to 1024, got 0"),
        ({"num_node": MAX_JOINTS + 1}, "must be 1 to 1024, got 1025"),
        ({"num_node": 10**30}, "must be 1 to 1024"),
        ({"edge": "0-1"}, "edge must be a list of pairs"),
        ({"edge": [[0, 1, 2]]}, r"edge must hold pairs, got \[0, 1, 2\]"),
        ({"edge": [[0, "1"]]}, "edge must be a whole number, got '1'"),
        ({"edge": [[0, 3]]}, r"edge \[0, 3\] must join two different joints between 0 and 2"),
        ({"edge": [[-1, 0]]}, r"edge \[-1, 0\]"),
        ({"pairs": [[1, 1]]}, r"pairs \[1, 1\] must join two different"),
        ({"pairs": [[1, 2], [0, 1]]}, "pairs use joint 1 twice"),
        ({"center": 3}, "center 3 must be between 0 and 2"),
        ({"center": -1}, "center -1"),
        ({"names": ["a", "b"]}, "names must list 3 joints"),
        ({"names": {"a": 1, "b": 2, "c": 3}}, "names must list 3 joints"),
        ({"names": ["a", "b", "a"]}, "uses a joint name twice"),
        ({"bones": []}, r"unknown keys \['bones'\]; allowed are \['center', 'edge'"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(SkeletonError, match=says):
        Skeleton.from_dict({**ARM, **change})


@pytest.mark.parametrize("key", sorted(ARM))
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(SkeletonError, match=rf"missing keys \['{key}'\]"):
        Skeleton.from_dict({k: v for k, v in ARM.items() if k != key})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"num_node: 3", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1, 2]", "a skeleton is a JSON object .*, got list"),
        (b" " * ((1 << 20) + 1), "over 1 MiB"),
    ],
)
def test_a_file_that_is_no_skeleton_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "arm.json"
    path.write_bytes(content)
    with pytest.raises(SkeletonError, match=says):
        skeleton(path)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SkeletonError, match="no skeleton 'ntu'; use one of coco17, daphnet3"):
        skeleton("ntu")
    with pytest.raises(SkeletonError, match="no skeleton '../ntu25'"):
        skeleton("../ntu25")
    with pytest.raises(MissingFileError, match="there is no skeleton file .*arm.json"):
        skeleton(tmp_path / "arm.json")
