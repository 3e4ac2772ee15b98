"""OpenPose folders: frames by number, people, missing joints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import DataError, KinestreamError, SkeletonError
from kinestream.formats import Stated, find_recordings, read_recording, read_recordings
from kinestream.formats.openpose import write_openpose
from kinestream.skeletons import skeleton

STATED = Stated(fps=25.0)


def person(x: float, joints: int = 25, **more: Any) -> dict[str, Any]:
    pose = [v for k in range(joints) for v in (x, k + 1, 0.5 if k != 2 else 0)]
    return {"pose_keypoints_2d": pose, "pose_keypoints_3d": [], **more}


def frame(folder: Path, number: int, people: list[dict[str, Any]], name: str = "walk_") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}{number:012d}_keypoints.json"
    path.write_text(json.dumps({"version": 1.3, "people": people}))
    return path


def test_frames_are_numbered_and_gaps_are_empty(tmp_path: Path) -> None:
    for number, people in ((3, [person(1), person(2)]), (4, []), (6, [person(3)])):
        frame(tmp_path / "walk", number, people)
    clip, repairs = read_recording(tmp_path / "walk", STATED)
    assert (clip.skeleton.name, clip.channels, clip.fps) == (
        "openpose25",
        ("x", "y", "score"),
        25.0,
    )
    seen = np.nan_to_num(clip.data[0, :, 0], nan=-1).tolist()
    assert seen == [[1, 2], [-1, -1], [-1, -1], [3, -1]]
    assert np.isnan(clip.data[:, 0, 2, 0]).all()
    assert clip.data[:, 0, 3, 0].tolist() == [1, 4, 0.5]
    assert (repairs.rows, repairs.gaps, repairs.empty_frames) == (3, 1, 2)
    assert repairs.missing_joints == 3


def test_tracked_people_keep_their_slot(tmp_path: Path) -> None:
    frame(tmp_path, 0, [person(1, person_id=[7]), person(2, person_id=[5])])
    frame(tmp_path, 1, [person(3, person_id=[7])])
    clip, _ = read_recording(tmp_path, STATED)
    assert np.nan_to_num(clip.data[0, :, 0], nan=-1).tolist() == [[2, 1], [-1, 3]]
    frame(tmp_path, 2, [person(4, person_id=[-1])])
    clip, _ = read_recording(tmp_path, STATED)
    assert np.nan_to_num(clip.data[0, :, 0], nan=-1).tolist() == [[1, 2], [3, -1], [4, -1]]


def test_poses_in_space_go_first(tmp_path: Path) -> None:
    pose = [v for k in range(18) for v in (1, 2, 3, 0.25)]
    frame(tmp_path, 0, [{**person(9, 18), "pose_keypoints_3d": pose}])
    frame(tmp_path, 1, [person(9, 18)])
    clip, repairs = read_recording(tmp_path, STATED)
    assert (clip.skeleton.name, clip.channels) == ("openpose18", ("x", "y", "z", "score"))
    assert clip.data[:, 0, 2, 0].tolist() == [1, 2, 3, 0.25]
    assert repairs.empty_frames == 1


def test_a_folder_of_two_videos_holds_two_recordings(tmp_path: Path) -> None:
    frame(tmp_path, 0, [person(1)], "a_1_")
    frame(tmp_path, 0, [person(2)], "b_")
    found = list(read_recordings(tmp_path, STATED))
    assert [each.name for each in found] == ["a_1", "b"]
    assert [each.clip.data[0, 0, 0, 0] for each in found] == [1, 2]
    with pytest.raises(DataError, match="holds 2 recordings"):
        read_recording(tmp_path, STATED)
    assert read_recording(tmp_path, Stated(fps=25.0, recording="b")).clip.data[0, 0, 0, 0] == 2


def test_a_folder_is_one_recording_among_others(tmp_path: Path) -> None:
    frame(tmp_path / "one", 0, [person(1)])
    frame(tmp_path / "two", 0, [person(1)])
    assert find_recordings(tmp_path) == [tmp_path / "one", tmp_path / "two"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "lists no people"),
        ('{"people": 3}', "lists no people"),
        ('{"people": [3]}', "lists no people"),
        ('{"people": [{"pose_keypoints_2d": ["x"]}]}', "must be a list of numbers"),
        ('{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}', "has 1 joints a person"),
        ('{"people": [{"pose_keypoints_2d": [' + "1," * 75 + "1]}]}", "76 values, not 3"),
        ('{"people": []}', "nobody is seen in any of 1 frames"),
        ('{"people": [{}, {"pose_keypoints_2d": null}]}', "nobody is seen"),
        ('{"people": [{"pose_keypoints_2d": [' + "0," * 74 + "0]}]}", "nobody is seen"),
    ],
)
def test_a_wrong_frame_is_one_clear_sentence(tmp_path: Path, content: str, says: str) -> None:
    frame(tmp_path, 0, []).write_text(content)
    with pytest.raises(KinestreamError, match=says) as caught:
        read_recording(tmp_path, STATED)
    assert str(tmp_path) in str(caught.value)


def test_frames_that_are_far_apart_or_not_all_are_refused(tmp_path: Path) -> None:
    path = frame(tmp_path, 0, [person(1)])
    frame(tmp_path, 999_999_999_999, [person(1)])
    with pytest.raises(DataError, match="only 2 of 1000000000000 frames"):
        read_recording(tmp_path, STATED)
    with pytest.raises(DataError, match="is one frame: name the folder"):
        read_recording(path, STATED, "openpose")
    with pytest.raises(DataError, match="does not tell its frame rate"):
        read_recording(tmp_path, Stated())
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds 0 files named"):
        read_recording(tmp_path / "empty", STATED, "openpose")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    data = np.random.default_rng(0).uniform(0.1, 9, (4, 5, 25, 3)).astype(np.float32)
    data[:, 0, :, 0] = data[:, 2] = np.nan
    data[:, 3, 4] = np.nan
    clip = Clip(data, skeleton("openpose25"), 25.0, ("x", "y", "z", "score"))
    write_openpose(clip, tmp_path / "walk")
    again, repairs = read_recording(tmp_path / "walk", STATED)
    np.testing.assert_array_equal(again.data, data)
    assert repairs.empty_frames == 1
    flat = Clip(np.ones((2, 1, 25, 1)), skeleton("openpose25"), 25.0, ("x", "y"))
    write_openpose(flat, tmp_path / "walk")
    again, _ = read_recording(tmp_path / "walk", STATED)
    assert again.data.shape == (3, 1, 25, 1)
    assert (again.data == 1).all()


def test_a_folder_of_other_things_is_not_overwritten(tmp_path: Path) -> None:
    clip = Clip(np.ones((2, 1, 25, 1)), skeleton("openpose25"), 25.0, ("x", "y"))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="holds other files"):
        write_openpose(clip, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    with pytest.raises(SkeletonError, match=r"those of 'kinect20': convert it first"):
        write_openpose(Clip(np.ones((3, 1, 20, 1)), skeleton("kinect20"), 25.0), tmp_path / "a")
    other = Clip(np.ones((6, 1, 25, 1)), skeleton("openpose25"), 25.0, tuple("abcdef"))
    with pytest.raises(DataError, match="OpenPose files hold x, y"):
        write_openpose(other, tmp_path / "a")


def test_a_damaged_frame_is_refused_or_read_whole(tmp_path: Path) -> None:
    path = frame(tmp_path, 0, [person(1), person(2, person_id=[3])])
    frame(tmp_path, 1, [person(1)])
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        for content in (bytes(damaged), whole[: rng.integers(0, len(whole))]):
            path.write_bytes(content)
            try:
                clip = read_recording(tmp_path, STATED).clip
            except KinestreamError as error:
                assert "\n" not in str(error)
            else:
                assert clip.data.shape[1:3] == (2, 25)
