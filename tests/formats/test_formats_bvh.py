"""BVH: forward kinematics against a slow one with 4 x 4 matrices, and the file's grammar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.formats import Stated, read_recording
from kinestream.formats.bvh import write_bvh
from kinestream.skeletons import Skeleton, layout_names, skeleton
from tests.formats.samples.bvh import HIERARCHY, MOTION

Joint = tuple[str, int | None, Sequence[float], Sequence[str]]


def rotation(axis: str, degrees: float) -> np.ndarray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rows = {
        "X": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "Y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "Z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }[axis]
    matrix = np.eye(4)
    matrix[:3, :3] = rows
    return matrix


def slow_positions(joints: Sequence[Joint], row: Sequence[float]) -> np.ndarray:
    """One frame, one joint after the other, with homogeneous matrices."""
    world: list[np.ndarray] = []
    column = 0
    for _, parent, offset, channels in joints:
        move, turn = np.eye(4), np.eye(4)
        move[:3, 3] = offset
        for channel in channels:
            if channel.endswith("position"):
                move["XYZ".index(channel[0]), 3] = row[column]
            else:
                turn = turn @ rotation(channel[0], row[column])
            column += 1
        local = move @ turn
        world.append(local if parent is None else world[parent] @ local)
    return np.array([matrix[:3, 3] for matrix in world])


def text(joints: Sequence[Joint], rows: np.ndarray, frame_time: str = "0.04") -> str:
    def nested(place: int) -> list[str]:
        name, parent, offset, channels = joints[place]
        inner = [f"OFFSET {' '.join(map(repr, offset))}"]
        if channels:
            inner.append(f"CHANNELS {len(channels)} {' '.join(channels)}")
        for child, each in enumerate(joints):
            if each[1] == place:
                inner += nested(child)
        head = "ROOT" if parent is None else "JOINT"
        first = f"{head} {name}" if not name.endswith("_end") else "End Site"
        return [first, "{", *inner, "}"]

    lines = ["HIERARCHY", *nested(0), "MOTION", f"Frames: {len(rows)}", f"Frame Time: {frame_time}"]
    return "\n".join(lines + [" ".join(map(repr, row.tolist())) for row in rows]) + "\n"


def random_joints(rng: np.random.Generator) -> list[Joint]:
    """A tree in the order of a hierarchy, with channels in any order."""
    parents: list[int | None] = [None, 0, 1, 1, 3, 0, 5]
    kinds = [f"{axis}{kind}" for kind in ("position", "rotation") for axis in "XYZ"]
    joints: list[Joint] = []
    for k, parent in enumerate(parents):
        chosen = [str(c) for c in rng.permutation(kinds)[: rng.integers(0 if k else 1, 7)]]
        joints.append((f"j{k}", parent, rng.normal(size=3).tolist(), chosen))
    return joints


@pytest.mark.parametrize("seed", range(12))
def test_positions_equal_slow_kinematics(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    joints = random_joints(rng)
    rows = rng.uniform(-180, 180, (4, sum(len(channels) for *_, channels in joints)))
    path = tmp_path / "any.bvh"
    path.write_text(text(joints, rows))
    clip, _ = read_recording(path, Stated())
    expected = np.stack([slow_positions(joints, row) for row in rows])
    np.testing.assert_allclose(clip.data[..., 0].transpose(1, 2, 0), expected, atol=2e-4)
    assert clip.skeleton.bones == tuple(
        (k, p) for k, (_, p, _, _) in enumerate(joints) if p is not None
    )


def test_a_quarter_turn_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "walk.bvh"
    path.write_text(HIERARCHY + MOTION)
    clip, repairs = read_recording(path, Stated())
    names = ("Hips", "LeftLeg", "LeftLeg_end", "RightLeg", "RightLeg_end")
    assert clip.skeleton.joints == names
    assert clip.skeleton.bones == ((1, 0), (2, 1), (3, 0), (4, 3))
    assert (clip.skeleton.pairs, clip.skeleton.units, clip.fps) == (((1, 3), (2, 4)), "file", 30.0)
    assert clip.data[:, 0, :, 0].T.tolist() == [
        [0, 90, 0],
        [3, 80, 0],
        [3, 71, 1],
        [-3, 80, 0],
        [-3, 71, 1],
    ]
    assert repairs.rows == 3
    turned = MOTION.replace("0 90 0 0 0 0", "0 90 0 90 0 0")  # x becomes y, y becomes -x
    path.write_text(HIERARCHY + turned)
    clip, _ = read_recording(path, Stated())
    np.testing.assert_allclose(clip.data[:, 0, 2, 0], [19, 93, 1], atol=1e-5)


def test_blocks_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joints = random_joints(np.random.default_rng(3))
    width = sum(len(channels) for *_, channels in joints)
    (tmp_path / "a.bvh").write_text(text(joints, np.random.default_rng(0).normal(size=(11, width))))
    whole = read_recording(tmp_path / "a.bvh", Stated()).clip.data
    monkeypatch.setattr("kinestream.formats.bvh.BLOCK", 20)
    assert (read_recording(tmp_path / "a.bvh", Stated()).clip.data == whole).all()


def test_braces_blanks_bom_and_letters_are_free(tmp_path: Path) -> None:
    path = tmp_path / "walk.bvh"
    path.write_text(HIERARCHY + MOTION)
    whole = read_recording(path, Stated()).clip
    loose = (
        HIERARCHY.replace("\n{", " {").replace("\n", "\r\n\r\n").replace("Xrotation", "xRotation")
    )
    path.write_bytes(b"\xef\xbb\xbf" + (loose + MOTION.replace("Frames:", "  FRAMES :")).encode())
    assert (read_recording(path, Stated()).clip.data == whole.data).all()


@pytest.mark.parametrize(
    ("frame_time", "fps"),
    [("0.0333333", 30.0), (".008333", 120.0), ("0.04", 25.0), ("0.01666667", 60.0), ("1", 1.0)],
)
def test_the_rate_is_the_roundest(tmp_path: Path, frame_time: str, fps: float) -> None:
    path = tmp_path / "walk.bvh"
    path.write_text(HIERARCHY + MOTION.replace("0.0333333", frame_time))
    assert read_recording(path, Stated()).clip.fps == fps


def test_a_stated_skeleton_chooses_joints_by_name(tmp_path: Path) -> None:
    path = tmp_path / "walk.bvh"
    path.write_text(HIERARCHY + MOTION)
    legs = Skeleton("legs", ("right_leg", "hips"), ((0, 1),), units="cm")
    clip, _ = read_recording(path, Stated(legs))
    assert clip.skeleton == legs
    assert clip.data[:, 0, :, 0].T.tolist() == [[-3, 80, 0], [0, 90, 0]]
    with pytest.raises(SkeletonError, match="holds 5 joints .*, skeleton 'coco17' has 17"):
        read_recording(path, Stated(skeleton("coco17")))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("MOTION\n", "", "has no line MOTION"),
        ("HIERARCHY\n", "HIERARCHY\nJOINT a\n{\n}\n", "line 2: a BVH file has one ROOT"),
        ("  OFFSET 0 0 0\n", "  OFFSET 0 0\n", "line 4: OFFSET needs three numbers"),
        ("  OFFSET 0 0 0\n", "  OFFSET 0 0 nan\n", "line 4: OFFSET needs three numbers"),
        ("CHANNELS 6", "CHANNELS 5", "line 5: CHANNELS needs their number"),
        ("CHANNELS 6", "CHANNELS 1000000000", "line 5: CHANNELS needs their number"),
        ("6 Xposition", "6 Yposition", "CHANNELS needs their number and names"),
        ("  JOINT LeftLeg\n", "  LeftLeg\n", "'LeftLeg' is out of place"),
        ("JOINT RightLeg", "JOINT LeftLeg", "names the joint 'LeftLeg' twice"),
        ("  }\n}\n", "  }\n", "hierarchy is cut off"),
        ("}\nMOTION", "}\n}\nMOTION", "is out of place"),
        ("OFFSET 0 -9 1", "JOINT a { OFFSET 0 0 0 }", "has one ROOT, and joints inside it"),
        ("Frames: 3", "Frames: 1000000000", "claims 1000000000 frames and holds 3"),
        ("Frames: 3", "Frames: -1", "claims -1 frames"),
        ("Frames: 3", "", "line 26: MOTION begins with Frames"),
        ("0.0333333", "0", "Frame Time must be seconds above 0"),
        ("0.0333333", "soon", "Frame Time must be seconds above 0"),
        ("1 90.5", "1 x", "line 29: a frame must be 12 finite numbers"),
        ("1 90.5", "90.5", "line 29: a frame must be 12 finite numbers"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "walk.bvh"
    whole = HIERARCHY + MOTION
    assert old in whole
    path.write_text(whole.replace(old, new, 1))
    with pytest.raises(DataError, match=says) as caught:
        read_recording(path, Stated(), "bvh")
    assert str(path) in str(caught.value)


def test_depth_is_no_danger(tmp_path: Path) -> None:
    path = tmp_path / "deep.bvh"
    path.write_text("HIERARCHY\nROOT a {\n" + "".join(f"JOINT j{k} {{\n" for k in range(200_000)))
    with pytest.raises(DataError, match="no line MOTION"):
        read_recording(path, Stated())
    path.write_text(path.read_text() + "MOTION\n")
    with pytest.raises(DataError, match="at most 1024 joints"):
        read_recording(path, Stated())


def test_joints_that_cannot_move_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "still.bvh"
    still = "JOINT j{} {{ OFFSET 0 1 0 }}\n"
    hierarchy = "HIERARCHY\nROOT a {\nCHANNELS 1 Xrotation\n" + "".join(
        map(still.format, range(16))
    )
    path.write_text(hierarchy + "}\nMOTION\nFrames: 1\nFrame Time: 0.04\n0\n")
    with pytest.raises(DataError, match="has 17 joints and only 1 channels"):
        read_recording(path, Stated())


@pytest.mark.parametrize("name", layout_names())
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    layout = skeleton(name)
    rng = np.random.default_rng(0)
    data = rng.normal(size=(3, 4, layout.num_joints, 1)).astype(np.float32)
    clip = Clip(data, layout, 29.97)
    write_bvh(clip, tmp_path / "walk.bvh")
    again = read_recording(tmp_path / "walk.bvh", Stated(layout)).clip
    np.testing.assert_array_equal(again.data, data)
    assert (again.fps, again.skeleton) == (29.97, layout)


def test_joints_without_bones_and_loops_are_written(tmp_path: Path) -> None:
    layout = Skeleton("loose", ("a", "b", "c", "d"), ((1, 0), (2, 1), (0, 2)), centre=1)
    data = np.arange(24, dtype=np.float32).reshape(3, 2, 4, 1)
    write_bvh(Clip(data, layout, 30.0), tmp_path / "walk.bvh")
    again = read_recording(tmp_path / "walk.bvh", Stated()).clip
    assert again.skeleton.joints == ("b", "a", "c", "d")
    np.testing.assert_array_equal(again.data, data[:, :, [1, 0, 2, 3]])


def test_other_clips_are_not_written(tmp_path: Path) -> None:
    data = np.ones((3, 2, 3, 1), dtype=np.float32)
    arm = Skeleton("arm", ("a", "b", "c"), ((1, 0), (2, 1)))
    gap = data.copy()
    gap[:, 1, 2] = np.nan
    blank = Skeleton("arm", ("a", "b b", "c"), ((1, 0), (2, 1)))
    for clip, says in (
        (Clip(gap, arm, 30.0), "with joints missing"),
        (Clip(np.ones((3, 2, 3, 2)), arm, 30.0), "the clip has 2 people"),
        (Clip(data[:2], arm, 30.0, ("x", "y")), "1 people and x, y"),
        (Clip(data, blank, 30.0), "no blanks or braces"),
    ):
        with pytest.raises(DataError, match=says):
            write_bvh(clip, tmp_path / "walk.bvh")
