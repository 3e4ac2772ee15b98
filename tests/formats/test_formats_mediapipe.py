"""MediaPipe landmarks in the shapes in which people dump them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import DataError, KinestreamError, SkeletonError
from kinestream.formats import Head, Reading, Stated, read_recording
from kinestream.formats.mediapipe import FORMAT, write_mediapipe
from kinestream.skeletons import skeleton

THIRTY = Stated(fps=30.0)


def landmarks(x: float, **more: float) -> list[Any]:
    return [{"x": x, "y": k / 64, "z": -0.5, "visibility": 0.75, **more} for k in range(33)]


def read(folder: Path, content: object, stated: Stated = THIRTY) -> Reading:
    path = folder / "walk.json"
    path.write_text(json.dumps(content))
    return read_recording(path, stated, "mediapipe")


def nose_x(clip: Clip) -> list[list[float]]:
    return np.nan_to_num(clip.data[0, :, 0], nan=-1).tolist()


@pytest.mark.parametrize(
    "content",
    [
        [landmarks(1), landmarks(2)],
        [[landmarks(1)], [landmarks(2)]],
        [{"landmarks": landmarks(1)}, {"landmarks": [landmarks(2)]}],
        [{"pose_landmarks": {"landmark": landmarks(k)}} for k in (1, 2)],
        [{"pose_landmarks": [{"landmark": landmarks(k)}]} for k in (1, 2)],
        [[[k, j / 64, -0.5, 0.75] for j in range(33)] for k in (1, 2)],
        {"fps": 30, "frames": [{"pose_landmarks": landmarks(k)} for k in (1, 2)]},
    ],
)
def test_common_dumps_are_read_alike(tmp_path: Path, content: object) -> None:
    clip, repairs = read(tmp_path, content)
    assert nose_x(clip) == [[1], [2]]
    assert clip.data[:, 0, 32, 0].tolist() == [1, 0.5, -0.5, 0.75]
    assert (clip.channels, clip.fps) == (("x", "y", "z", "score"), 30.0)
    assert (clip.skeleton.joints, clip.skeleton.units) == (skeleton("mediapipe33").joints, "image")
    assert (repairs.rows, repairs.missing_joints) == (2, 0)


@pytest.mark.parametrize(
    "content",
    [
        [landmarks(1)],
        {"fps": 30, "frames": [{"timestamp_ms": 0, "pose_world_landmarks": landmarks(1)}]},
        [{"landmarks": []}, {"landmarks": landmarks(1)}],
    ],
)
def test_a_dump_is_told_by_its_keys(content: object) -> None:
    assert FORMAT.fits(Head(Path("walk.json"), json.dumps(content).encode(), False))
    assert not FORMAT.fits(Head(Path("walk.json"), b'{"frames": [], "fps": 3}', False))


def test_several_people_and_nobody(tmp_path: Path) -> None:
    content = [
        {"landmarks": []},
        {"landmarks": [landmarks(1), landmarks(2)]},
        {"detected": False},
        {"landmarks": [None, landmarks(3)]},
    ]
    clip, repairs = read(tmp_path, content)
    assert nose_x(clip) == [[-1, -1], [1, 2], [-1, -1], [-1, 3]]
    assert repairs.empty_frames == 2


def test_a_landmark_that_lacks_a_value_is_missing(tmp_path: Path) -> None:
    marks = landmarks(1)
    marks[3], marks[4], marks[5]["x"] = None, {"x": 1.0, "y": 2.0}, float("nan")
    clip, repairs = read(tmp_path, [marks, landmarks(1)])
    assert np.isnan(clip.data[:, 0]).all(axis=(0, 2)).tolist() == [
        k in (3, 4, 5) for k in range(33)
    ]
    assert repairs.missing_joints == 3


def test_without_visibility_there_is_no_score(tmp_path: Path) -> None:
    clip, _ = read(tmp_path, [[[1.0, 2.0, 3.0]] * 33])
    assert clip.channels == ("x", "y", "z")


def test_world_landmarks_are_read_where_asked_for_or_alone(tmp_path: Path) -> None:
    both = [{"pose_landmarks": landmarks(1), "pose_world_landmarks": landmarks(2)}]
    assert nose_x(read(tmp_path, both).clip) == [[1]]
    world = read(tmp_path, both, Stated(fps=30.0, recording="world")).clip
    assert (nose_x(world), world.skeleton.units) == ([[2]], "m")
    alone = read(tmp_path, [{"pose_world_landmarks": landmarks(3)}]).clip
    assert (nose_x(alone), alone.skeleton.units) == ([[3]], "m")
    with pytest.raises(DataError, match="frames have no pose_world_landmarks or world_landmarks"):
        read(tmp_path, [{"landmarks": landmarks(1)}], Stated(fps=30.0, recording="world"))
    with pytest.raises(DataError, match="name one of 'image' and 'world' .*, got 'left'"):
        read(tmp_path, both, Stated(fps=30.0, recording="left"))


def test_times_tell_the_rate(tmp_path: Path) -> None:
    frames = [{"timestamp_ms": ms, "landmarks": landmarks(1)} for ms in (0, 33, 67, 100, 133)]
    assert read(tmp_path, frames, Stated()).clip.fps == 30.0
    assert read(tmp_path, {"fps": 29.97, "frames": frames}, Stated()).clip.fps == 29.97
    micro = [{"timestamp_us": 40_000 * t, "landmarks": landmarks(t)} for t in range(4)]
    assert read(tmp_path, micro, Stated()).clip.fps == 25.0


def test_irregular_times_are_put_on_a_clock(tmp_path: Path) -> None:
    seconds = [0.0, 0.1, 0.2, 0.45, 0.5]
    frames = [{"time_s": s, "landmarks": landmarks(k)} for k, s in enumerate(seconds)]
    clip, repairs = read(tmp_path, frames, Stated(fps=10.0))
    assert nose_x(clip) == [[0], [1], [2], [2], [2], [4]]
    assert (repairs.filled_frames, repairs.gaps, repairs.held_frames) == (2, 1, 0)


def test_frame_numbers_leave_gaps(tmp_path: Path) -> None:
    frames = [{"frame": k, "landmarks": landmarks(k)} for k in (2, 3, 5)]
    clip, repairs = read(tmp_path, frames)
    assert nose_x(clip) == [[2], [3], [-1], [5]]
    assert repairs.gaps == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "instead of frames"),
        ({"frames": 3}, "holds 3 instead of frames"),
        ({"fps": 30}, "instead of frames"),
        (["a"], "landmarks must be a list, got 'a'"),
        ([{"hands": []}], "frames have no landmarks or pose_landmarks; they have hands"),
        ([landmarks(1)[:21]], "a person has 33 landmarks, got 21"),
        ([[["a", 1, 2]] * 33], "must be a list of numbers"),
        ([[[1, 2]] * 33], "a person has 33 landmarks, got 2"),
        ([[None] * 32 + [{"x": 1}], [{"x": []}] * 33], "must be a list of numbers"),
        ([[], []], "nobody is seen in any of 2 frames"),
        ({"fps": 0, "frames": [landmarks(1)]}, "fps must be above 0"),
        ([{"time_s": None, "landmarks": landmarks(1)}], "has no time_s"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, content: object, says: str) -> None:
    with pytest.raises(KinestreamError, match=says) as caught:
        read(tmp_path, content)
    assert "walk.json" in str(caught.value)


def test_without_times_the_rate_must_be_stated(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not tell its frame rate"):
        read(tmp_path, [landmarks(1)], Stated())
    with pytest.raises(DataError, match="has 30 frames per second, got 25: leave it out"):
        read(tmp_path, {"fps": 30, "frames": [landmarks(1)]}, Stated(fps=25.0))


@pytest.mark.parametrize("units", ["m", "image"])
@pytest.mark.parametrize("channels", [("x", "y", "z"), ("x", "y", "z", "score")])
def test_what_is_written_is_read_again(
    tmp_path: Path, units: str, channels: tuple[str, ...]
) -> None:
    data = np.random.default_rng(0).normal(size=(len(channels), 5, 33, 2)).astype(np.float32)
    data[:, 1, :, 0] = data[:, 2] = np.nan
    data[:, 3, 7] = np.nan
    clip = Clip(data, replace(skeleton("mediapipe33"), units=units), 29.97, channels)
    write_mediapipe(clip, tmp_path / "walk.json")
    again, _ = read_recording(tmp_path / "walk.json", Stated())
    np.testing.assert_array_equal(again.data, data)
    assert (again.skeleton, again.fps) == (clip.skeleton, 29.97)


def test_other_clips_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(SkeletonError, match="those of 'kinect20'"):
        write_mediapipe(Clip(np.ones((3, 1, 20, 1)), skeleton("kinect20"), 30.0), tmp_path / "a")
    flat = Clip(np.ones((2, 1, 33, 1)), skeleton("mediapipe33"), 30.0, ("x", "y"))
    with pytest.raises(DataError, match="MediaPipe files hold x, y, z"):
        write_mediapipe(flat, tmp_path / "a")
