"""pyskl pickles: hand-made data sets with known numbers, splits, refusals, and the way back."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import DataError, MissingFileError, SkeletonError
from kinestream.formats import Stated, read_clip, read_recording, read_recordings
from kinestream.formats.pyskl import pyskl_splits, read_all_pyskl
from kinestream.formats.pyskl_writing import write_pyskl
from kinestream.skeletons import skeleton

DOUBLED: tuple[Any, ...] = ()
for _ in range(100):  # two to the power of 100 leaves: nothing may walk through them
    DOUBLED = (DOUBLED, DOUBLED)


def pose(people: int = 2, frames: int = 3, joints: int = 17, channels: int = 2) -> Any:
    """Channel c of joint v of person m in frame t is 1000 m + 100 t + v + 0.25 c + 1."""
    m, t, v, c = np.ogrid[:people, :frames, :joints, :channels]
    return (1000 * m + 100 * t + v + 0.25 * c + 1).astype(np.float32)


def annotation(**changes: Any) -> dict[str, Any]:
    keypoint = changes.get("keypoint", pose())
    score = np.full(keypoint.shape[:-1], 0.5, np.float16) if isinstance(keypoint, np.ndarray) else 0
    values = {
        "frame_dir": "one",
        "label": 2,
        "img_shape": (480, 640),
        "original_shape": (480, 640),
        "total_frames": 3,
        "keypoint": keypoint,
        "keypoint_score": score,
    }
    return {key: value for key, value in (values | changes).items() if value is not None}


def in_space(**changes: Any) -> dict[str, Any]:
    """An annotation as NTU RGB+D has it: 25 joints in metres, no scores."""
    return annotation(keypoint=pose(joints=25, channels=3), **{"keypoint_score": None} | changes)


def write(folder: Path, *annotations: Any, split: Any = None, **more: Any) -> Path:
    path = folder / "set.pkl"
    content = {"split": {} if split is None else split, "annotations": [*annotations], **more}
    path.write_bytes(pickle.dumps(content, protocol=2))
    return path


def test_joints_in_pictures_stand_where_they_belong(tmp_path: Path) -> None:
    clip, repairs = read_recording(write(tmp_path, annotation()), Stated(fps=24.0))
    assert clip.data.shape == (3, 3, 17, 2)
    assert clip.channels == ("x", "y", "score")
    assert clip.data[:, 2, 5, 1].tolist() == [1206, 1206.25, 0.5]
    assert (clip.fps, clip.skeleton.name, clip.subject) == (24.0, "coco17", "")
    assert clip.classes == ("class_0", "class_1", "class_2")
    assert clip.labels is not None
    assert clip.labels.tolist() == [2, 2, 2]
    assert repairs.to_dict() == {**dict.fromkeys(repairs.to_dict(), 0), "rows": 3}


def test_ntu_names_tell_classes_subject_and_rate(tmp_path: Path) -> None:
    names = ("S001C001P007R001A001", "S017C003P020R002A060")
    path = write(
        tmp_path, in_space(frame_dir=names[0], label=0), in_space(frame_dir=names[1], label=59)
    )
    first, second = (each.clip for each in read_recordings(path, Stated()))
    assert first.data[:, 1, 24, 1].tolist() == [1125, 1125.25, 1125.5]
    assert (first.fps, first.skeleton.name, first.channels) == (30.0, "ntu25", ("x", "y", "z"))
    assert (first.subject, second.subject) == ("P007", "P020")
    assert len(first.classes) == 60
    assert second.labels is not None
    assert second.classes[second.labels[0]].startswith("walking apart")
    path = write(tmp_path, in_space(frame_dir="S032C001P007R001A120", label=119))
    assert len(read_clip(path).classes) == 120
    path = write(tmp_path, in_space(frame_dir="S032C001P007R001A130", label=129))
    assert read_clip(path).classes[129] == "class_129"
    path = write(tmp_path, in_space(frame_dir=names[0], label=5))
    assert read_clip(path).classes[5] == "class_5"


def test_absent_people_and_joints_are_nan_and_counted(tmp_path: Path) -> None:
    keypoint, score = pose(), np.full((2, 3, 17), 0.5, np.float32)
    keypoint[1, 0], score[1, 0] = 0, 0  # a person who comes later
    keypoint[0, 1, 4], score[0, 1, 4] = 0, 0  # a joint that was not found
    keypoint[0, 1, 5] = 0  # in the corner, and surely there
    score[0, 1, 6] = 0  # guessed, but somewhere
    keypoint[1, 2, 7, 1] = np.nan
    clip, repairs = read_recording(
        write(tmp_path, annotation(keypoint=keypoint, keypoint_score=score)), Stated(fps=24.0)
    )
    missing = np.isnan(clip.data).all(axis=0)  # (T, V, M)
    assert missing[0, :, 1].all()
    missing[0, :, 1] = False
    assert np.argwhere(missing).tolist() == [[1, 4, 0], [2, 7, 1]]
    assert clip.data[:, 1, 5, 0].tolist() == [0, 0, 0.5]
    assert repairs.missing_joints == 2
    nobody = in_space()
    nobody["keypoint"][:, 1] = 0
    clip, repairs = read_recording(write(tmp_path, nobody), Stated())
    assert repairs.empty_frames == 1
    assert np.isnan(clip.data[:, 1]).all()


def test_recordings_are_chosen_by_name(tmp_path: Path) -> None:
    path = write(
        tmp_path, in_space(), in_space(frame_dir="two", label=0), in_space(frame_dir="a/b")
    )
    assert [each.name for each in read_all_pyskl(path)] == ["one", "two", "a/b"]
    clip = read_clip(path, recording="two")
    assert clip.labels is not None
    assert (clip.labels[0], len(clip.classes)) == (0, 3)
    for wanted in (None, "three"):
        with pytest.raises(DataError, match=r"holds 3 recordings \(one, two, a/b"):
            read_clip(path, recording=wanted)


def test_a_bare_list_and_recordings_without_labels_are_read(tmp_path: Path) -> None:
    path = tmp_path / "list.pkl"
    path.write_bytes(pickle.dumps([in_space(label=None)], protocol=5))
    clip = read_clip(path)
    assert (clip.labels, clip.classes) == (None, ())
    assert pyskl_splits(path) == {}


def test_the_skeleton_and_rate_can_be_stated(tmp_path: Path) -> None:
    path = write(tmp_path, annotation(keypoint=pose(joints=18)))
    with pytest.raises(DataError, match="18 joints of 2 values.*skeleton NAME"):
        read_clip(path, fps=24.0)
    clip = read_clip(path, fps=24.0, skeleton="openpose18")
    assert (clip.fps, clip.skeleton.name) == (24.0, "openpose18")
    with pytest.raises(SkeletonError):
        read_clip(path, fps=24.0, skeleton="coco17")
    with pytest.raises(DataError, match="does not tell its frame rate"):
        read_clip(write(tmp_path, annotation()))
    assert read_clip(write(tmp_path, in_space()), fps=15.0).fps == 15.0


def test_splits_are_lists_of_names(tmp_path: Path) -> None:
    split = {"train": ["one", "two"], "val": []}
    assert pyskl_splits(write(tmp_path, in_space(), split=split)) == split
    for wrong in (["one"], {"train": "one"}, {"train": [1]}):
        with pytest.raises(DataError, match="'split' must be"):
            pyskl_splits(write(tmp_path, in_space(), split=wrong))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"frame_dir": 7}, "annotation 0 must have a name"),
        ({"frame_dir": None}, "annotation 0 must have a name"),
        ({"frame_dir": "two\nlines"}, "annotation 0 must have a name"),
        ({"label": -1}, "'label' must be a class index"),
        ({"label": 10**9}, "'label' must be a class index"),
        ({"label": [1, 2]}, "'label' must be a class index"),
        ({"label": DOUBLED}, "'label' must be a class index from 0, got tuple"),
        ({"frame_dir": DOUBLED}, "annotation 0 must have a name .*got tuple"),
        ({"total_frames": DOUBLED}, "'total_frames' is tuple"),
        ({"total_frames": np.arange(3)}, "'total_frames' is ndarray"),
        ({"label": True}, "'label' must be a class index"),
        ({"keypoint": None}, "'keypoint' must be numbers .*got NoneType"),
        ({"keypoint": [[1.0]]}, "'keypoint' must be numbers .*got list"),
        ({"keypoint": np.ones((3, 17, 2))}, r"'keypoint' must be numbers .*got \(3, 17, 2\)"),
        ({"keypoint": np.ones((1, 3, 17, 4))}, "'keypoint' must be numbers"),
        ({"keypoint": np.ones((1, 3, 17, 2), bool)}, "'keypoint' must be numbers"),
        ({"keypoint": pose(frames=0), "total_frames": 0}, "the recording is empty"),
        ({"keypoint": pose(people=0)}, "the recording is empty"),
        ({"keypoint_score": np.ones((2, 3, 16))}, "'keypoint_score' must be numbers of shape"),
        ({"keypoint_score": 1.0}, "'keypoint_score' must be numbers .*got float"),
        ({"total_frames": 4}, "'total_frames' is 4, 'keypoint' has 3"),
        ({"total_frames": "3"}, "'total_frames' is '3'"),
    ],
)
def test_a_wrong_annotation_is_one_clear_sentence(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    path = write(tmp_path, annotation(**changes))
    with pytest.raises(DataError, match=says) as caught:
        list(read_all_pyskl(path, fps=24.0))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"annotations": []}, "holds no recordings"),
        ({"annotations": {}}, "has no list 'annotations'"),
        ({}, "has no list 'annotations'"),
        ([], "holds no recordings"),
        ("text", "has no list 'annotations'"),
        ([1], "annotation 0 must have a name"),
        ({"annotations": [in_space(), in_space()]}, "annotation 1 must have a name of its own"),
        ({"annotations": [in_space()], "classes": ["a"]}, "label 2 is outside its list of 1"),
        (np.ones(3), "has no list 'annotations'"),
        ({"annotations": np.array([None])}, "type 'O8'|type 'O'"),
    ],
)
def test_a_pickle_of_something_else_is_refused(tmp_path: Path, content: Any, says: str) -> None:
    path = tmp_path / "any.pkl"
    path.write_bytes(pickle.dumps(content))
    for read in (read_all_pyskl, pyskl_splits):
        if read is pyskl_splits and says.startswith(("annotation", "label")):
            continue
        with pytest.raises(DataError, match=says):
            list(read(path))
        with pytest.raises(MissingFileError):
            list(read(tmp_path / "nowhere.pkl"))


def clip_of(label: int | None, *channels: str, **changes: Any) -> Clip:
    data = np.random.default_rng(0).normal(size=(len(channels), 4, 17, 2)).astype(np.float32)
    data[:, 1, 3, 0] = np.nan
    data[:, 2, :, 1] = np.nan
    labels = None if label is None else np.full(4, label)
    given = {"classes": ("rest", "wave"), "labels": labels} | changes
    return Clip(data, skeleton("coco17"), 30.0, channels, **given)


def test_a_data_set_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    clips = {
        "a": clip_of(1, "x", "y", "score"),
        "b": clip_of(0, "x", "y", "z"),
        "c": clip_of(1, "x", "y"),
    }
    splits = {"train": ["a", "b"], "test": ["c"]}
    path = write_pyskl(tmp_path / "set.pkl", clips, splits, image_size=(480, 640))
    assert pyskl_splits(path) == splits
    again = {name: clip for name, clip, _ in read_all_pyskl(path, fps=30.0)}
    assert list(again) == list(clips)
    for name, clip in clips.items():
        np.testing.assert_array_equal(again[name].data, clip.data)
        assert again[name].channels == clip.channels
        assert again[name].classes == clip.classes
        assert again[name].labels is not None
        assert again[name].labels.tolist() == clip.labels.tolist()  # type: ignore[union-attr]
    unlabelled = write_pyskl(tmp_path / "bare.pkl", {"a": clip_of(None, "x", "y")}, {})
    assert read_clip(unlabelled, fps=30.0).labels is None


def test_what_pyskl_looks_for_is_there(tmp_path: Path) -> None:
    clips = {"a": clip_of(1, "x", "y", "score")}
    content = write_pyskl(tmp_path / "set.pkl", clips, {"val": ["a"]}, (480, 640)).read_bytes()
    assert content[:2] == b"\x80\x04"
    loaded = pickle.Unpickler(io.BytesIO(content)).load()
    (one,) = loaded["annotations"]
    assert one["keypoint"].shape == (2, 4, 17, 2)
    assert one["keypoint_score"].shape == (2, 4, 17)
    assert (one["keypoint"][0, 1, 3] == 0).all()
    assert one["keypoint_score"][0, 1, 3] == 0
    assert (one["label"], one["total_frames"], one["img_shape"]) == (1, 4, (480, 640))
    assert one["frame_dir"] in loaded["split"]["val"]


@pytest.mark.parametrize(
    ("clips", "splits", "says"),
    [
        ({"a": clip_of(0, "x", "y", "z", "score", "d_x")}, {}, "carries x, y, then z and score"),
        ({"a": clip_of(0, "acc_x", "acc_y", "acc_z")}, {}, "carries x, y, then z and score"),
        ({"a": clip_of(0, "y", "x")}, {}, "carries x, y, then z and score"),
        ({"a": clip_of(0, "x", "y", labels=np.array([0, 0, 1, 1]))}, {}, "has 2 labels"),
        ({"a": clip_of(-1, "x", "y")}, {}, "has 1 labels|no class"),
        ({"a": clip_of(0, "x", "y")}, {"val": ["b"]}, "split 'val' names 'b', which is not there"),
        (
            {"a": clip_of(0, "x", "y"), "b": clip_of(0, "x", "y", classes=("other",))},
            {},
            "2 different lists of classes",
        ),
    ],
)
def test_what_cannot_be_carried_is_refused(
    tmp_path: Path, clips: dict[str, Clip], splits: dict[str, list[str]], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        write_pyskl(tmp_path / "set.pkl", clips, splits)
    assert not (tmp_path / "set.pkl").exists()
