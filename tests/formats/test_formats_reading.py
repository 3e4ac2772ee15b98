"""The one door: find recordings, and read each with the reader that fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import (
    ConfigError,
    DataError,
    InputError,
    MissingFileError,
    SkeletonError,
)
from kinestream.formats import find_recordings, read_annotations, read_clip
from kinestream.skeletons import skeleton

DEVICE = "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label\n" + "".join(
    f"1,2,3,4,5,6,{t},WALKING\n" for t in range(0, 100, 10)
)
JOINTS = "".join(f"{t} " + "0.5 " * 60 + "\n" for t in range(0, 40, 4))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "joints_s01_e01.txt").write_text(JOINTS)
    (tmp_path / "actionLabel_modified.txt").write_text("s01_e01\nwalk: 8 16\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for device in ("sp", "sw"):
        (tmp_path / "deep" / f"s02_01_{device}.csv").write_text(DEVICE)
    np.save(tmp_path / "deep" / "er" / "b.npy", np.zeros((3, 5, 20, 1), dtype=np.float32))
    Clip(np.ones((3, 4, 20, 1)), skeleton("kinect20"), 30.0).save(tmp_path / "a.npz")
    (tmp_path / "notes.txt").write_text("not a recording\n")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    return tmp_path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A data set as other people lay it out: no dataset.json."""
    root = tmp_path / "set"
    (root / "train" / "features").mkdir(parents=True)
    (root / "train" / "labels").mkdir()
    (root / "actions.txt").write_text("rest\nwalk\n")
    (root / "skeleton.json").write_text(
        json.dumps({"name": "two", "num_node": 2, "edge": [[0, 1]], "center": 0})
    )
    np.save(root / "train" / "features" / "one.npy", np.ones((6, 3, 2, 1), dtype=np.float32))
    (root / "train" / "labels" / "one.csv").write_text("rest\nwalk\nwalk\n")
    return root


def test_a_folder_gives_every_recording_once(folder: Path) -> None:
    found = [str(path.relative_to(folder)) for path in find_recordings(folder)]
    assert found == ["a.npz", "deep/er/b.npy", "deep/s02_01_sp.csv", "joints_s01_e01.txt"]


def test_a_pattern_gives_what_it_matches(folder: Path) -> None:
    assert find_recordings(f"{folder}/*.txt") == [folder / "joints_s01_e01.txt"]
    assert find_recordings(f"{folder}/**/*.csv") == [folder / "deep" / "s02_01_sp.csv"]


def test_a_file_is_taken_as_it_is(folder: Path) -> None:
    assert find_recordings(folder / "notes.txt") == [folder / "notes.txt"]
    assert find_recordings(folder / "deep" / "s02_01_sw.csv") == [folder / "deep" / "s02_01_sp.csv"]


def test_nothing_found_is_an_error(folder: Path) -> None:
    with pytest.raises(MissingFileError, match="no file or folder .*none"):
        find_recordings(folder / "none")
    with pytest.raises(DataError, match="no recordings in .*mp4"):
        find_recordings(f"{folder}/*.mp4")


def test_every_known_recording_is_read(folder: Path) -> None:
    shapes = {"a.npz": (3, 4, 20, 1), "joints_s01_e01.txt": (3, 10, 20, 1)}
    for name, shape in shapes.items():
        assert read_clip(folder / name).data.shape == shape
    for device in ("sp", "sw"):
        clip = read_clip(folder / "deep" / f"s02_01_{device}.csv")
        assert (clip.data.shape, clip.subject) == ((6, 3, 2, 1), "s02")
    labels = read_clip(folder / "joints_s01_e01.txt").labels
    assert labels is not None
    assert labels.tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]


def test_a_lone_array_needs_its_skeleton_and_rate(folder: Path) -> None:
    path = folder / "deep" / "er" / "b.npy"
    clip = read_clip(path, skeleton="kinect20", fps=30)
    assert (clip.skeleton.name, clip.fps, clip.labels) == ("kinect20", 30, None)
    with pytest.raises(DataError, match="its skeleton .--skeleton.* and its frame rate"):
        read_clip(path)
    with pytest.raises(DataError, match="not tell its skeleton [^&]*Python.[.]$"):
        read_clip(path, fps=30)
    with pytest.raises(DataError, match="not tell its frame rate [^&]*Python.[.]$"):
        read_clip(path, skeleton="kinect20")
    with pytest.raises(SkeletonError, match=r"with the axes CTVM, .* must be \(C, T, 25, M\)"):
        read_clip(path, skeleton=skeleton("ntu25"), fps=30)
    with pytest.raises(SkeletonError, match="with the axes TVCM, .*: name the axes in their order"):
        read_clip(path, skeleton="kinect20", fps=30, axes="TVCM")


def test_an_array_in_a_data_set_brings_its_labels(dataset: Path) -> None:
    path = dataset / "train" / "features" / "one.npy"
    clip = read_clip(path, fps=25)
    assert (clip.skeleton.name, clip.classes, clip.fps) == ("two", ("rest", "walk"), 25)
    assert clip.channels[0] == "acc_x"
    assert clip.labels is not None
    assert clip.labels.tolist() == [0, 1, 1]
    with pytest.raises(DataError, match="states the frame rate: give it with data.fps"):
        read_clip(path)


def test_what_a_file_states_cannot_be_overruled(folder: Path) -> None:
    with pytest.raises(DataError, match="has 15 frames per second, got 30: leave it out"):
        read_clip(folder / "joints_s01_e01.txt", fps=30)
    with pytest.raises(SkeletonError, match="joints of skeleton 'kinect20', got 'ntu25': leave"):
        read_clip(folder / "joints_s01_e01.txt", skeleton="ntu25")
    assert read_clip(folder / "joints_s01_e01.txt", skeleton="kinect20", fps=15).fps == 15


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"once upon a time\n", "no recording .* begins with 'once upon a time'"),
        ("joints_s01_e01.txt", b"once upon a time\n", "not a UTKinect joints file"),
        ("a.npz", b"PK\x03\x04 broken", "not a clip file"),
        ("a.npy", b"\x89PNG", "data-set folder"),
        ("a.png", b"\x89PNG\r\n", "no recording .* begins with the bytes 89 50 4e 47"),
        ("recording", b"text\n", "no recording .* Name its format"),
        ("a.npy", b"", "is empty"),
        ("a.txt", b"", "is empty"),
        ("a.csv", "hand_x,hand_y\n1,2\n".encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
        ("a.csv", b"fu\xdf_x,fu\xdf_y\n1,2\n", "is text that is not UTF-8: save it as UTF-8"),
        ("a.csv", b"hand_x,hand_x,hand_y\n1,1,2\n", "the column 'hand_x' twice in its header"),
        ("a.csv", b"Start,End,Label\n0,1,walk\n", "have the header start_s,end_s,label, times in"),
        ("a.srt", b"hello\n", "holds no labels .SubRip subtitles., .* begins with 'hello'"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_clip(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fps", [-1, 0, float("nan"), 1e12, "30", True, [30]])
def test_what_is_no_rate_is_refused(folder: Path, fps: Any) -> None:
    says = "a frame rate must be above 0 and at most 1e.06, got"
    with pytest.raises(DataError, match=says):
        read_clip(folder / "a.npz", fps=fps)
    with pytest.raises(DataError, match=says):
        read_annotations(folder / "notes.txt", fps=fps)


def test_rates_of_numpy_are_rates(folder: Path) -> None:
    assert read_clip(folder / "a.npz", fps=np.float32(30)).fps == 30  # type: ignore[arg-type]


def test_what_is_no_text_and_no_skeleton_is_refused(folder: Path) -> None:
    for stated in ({"axes": 3}, {"recording": 3}, {"skeleton": 3}):
        with pytest.raises(InputError, match=f"{next(iter(stated))} must be .*, got 3"):
            read_clip(folder / "a.npz", **stated)  # type: ignore[arg-type]
    (folder / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nwalk\n")
    for background in (3, ""):
        with pytest.raises(DataError, match="background must be the name of a class"):
            read_clip(folder / "a.npz", labels=folder / "a.srt", background=background)  # type: ignore[arg-type]


def test_a_recording_is_named_where_there_can_be_several(folder: Path) -> None:
    with pytest.raises(DataError, match="holds a single recording .*leave the recording's name"):
        read_clip(folder / "a.npz", recording="b")


def test_an_ending_of_one_format_is_its_name(folder: Path) -> None:
    assert read_clip(folder / "a.npz", format="npz").num_frames == 4
    with pytest.raises(ConfigError, match="no format 'txt'"):
        read_clip(folder / "a.npz", format="txt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no recording"):
        read_clip(tmp_path / "none.npz")
    with pytest.raises(DataError, match="the folder as a whole is no recording"):
        read_clip(tmp_path)
