"""The way out: which format a name stands for, what it loses, joints of another layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kinestream as ks
from kinestream.clips import Clip
from kinestream.errors import ConfigError, DataError, SkeletonError
from kinestream.formats import FORMATS, Stated, read_recording
from kinestream.formats.losses import losses
from kinestream.formats.writing import output_format
from kinestream.skeletons import skeleton
from tests.conftest import make_clip
from tests.formats.samples import sample_of

WRITERS = [name for name, each in FORMATS.items() if each.write is not None]


@pytest.fixture
def clip() -> Clip:
    data = np.random.default_rng(0).normal(size=(3, 6, 20, 1))
    labels = np.array([1, 1, 0, 0, -1, 1])
    return Clip(data, skeleton("kinect20"), 30.0, classes=("b", "a"), labels=labels, subject="s1")


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("a.npz", None, "clip"),
        ("a.BVH", None, "bvh"),
        ("a.eaf", None, "eaf"),
        ("a.csv", "frames", "frames"),
        ("a.csv", "csv", "csv"),
        ("anything", "openpose", "openpose"),
    ],
)
def test_a_name_or_an_ending_stands_for_a_format(
    path: str, name: str | None, expected: str
) -> None:
    assert output_format(Path(path), name).name == expected


@pytest.mark.parametrize(
    ("path", "name", "says"),
    [
        (
            "a.json",
            None,
            r"several formats: name one with --to: coco \(.*mediapipe \(.*label_studio",
        ),
        ("a.mp4", None, "no format: name one with --to: .*clip, .*srt"),
        ("a.csv", "word", "no format 'word'"),
        ("a.csv", "sbu", "'sbu' is read only; these can be written: .*npy"),
    ],
)
def test_what_stands_for_none_or_several_is_refused(path: str, name: str | None, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        output_format(Path(path), name)


def test_writing_finds_the_format_by_the_ending(clip: Clip, tmp_path: Path) -> None:
    assert ks.write_clip(clip, tmp_path / "new" / "a.npz") == tmp_path / "new" / "a.npz"
    np.testing.assert_array_equal(ks.read_clip(tmp_path / "new" / "a.npz").data, clip.data)
    with pytest.raises(ConfigError, match="does not tell the format of the recording"):
        ks.write_clip(clip, tmp_path / "a.json")


@pytest.mark.parametrize("name", WRITERS)
def test_a_format_loses_nothing_of_what_it_gave(name: str, tmp_path: Path) -> None:
    """Only what a caller has to state for the format is lost when its own clip is written."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    sample = sample_of(name, tmp_path / "one")
    clip = replace(read_recording(sample.path, sample.stated).clip, subject="")
    path = ks.write_clip(clip, tmp_path / "two" / sample.path.name, name)
    again = losses(clip, path, name)
    assert set(again) <= {"the skeleton", "the frame rate", "the subject"}


def test_what_a_clip_file_keeps_is_everything(clip: Clip, tmp_path: Path) -> None:
    assert losses(clip, ks.write_clip(clip, tmp_path / "a.npz")) == []


def test_what_is_lost_is_named(clip: Clip, tmp_path: Path) -> None:
    csv = ks.write_clip(clip, tmp_path / "a.csv", "csv")
    assert losses(clip, csv) == ["the list of classes and its order", "the subject"]
    array = ks.write_clip(clip, tmp_path / "a.npy")
    assert losses(clip, array) == ["the skeleton", "the frame rate", "labels", "the subject"]
    other = replace(clip, fps=25.0, labels=np.array([0, 1, 0, 0, -1, 1]), subject="s2")
    ks.write_clip(other, tmp_path / "b.npz")
    assert losses(clip, tmp_path / "b.npz") == [
        "the frame rate of 30, which becomes 25",
        "labels",
        "the subject",
    ]
    data = clip.data + np.float32(0.5)
    data[0, 0, 0, 0] = np.nan
    ks.write_clip(replace(clip, data=data), tmp_path / "c.npz")
    assert losses(clip, tmp_path / "c.npz") == [
        "which values are missing",
        "decimals: values are rounded by up to 0.5",
    ]
    ks.write_clip(replace(clip, data=np.tile(clip.data, 2)), tmp_path / "d.npz")
    assert losses(clip, tmp_path / "d.npz")[0].startswith("the shape (T, V, M) of (6, 20, 1), ")
    body = make_clip(6, fps=30.0)
    lost = losses(body, tmp_path / "c.npz")
    assert "joints, which become those of 'kinect20'" in lost
    (tmp_path / "e.npz").write_bytes(b"PK")
    assert losses(clip, tmp_path / "e.npz")[0].startswith("everything, for it cannot be read again")


def test_a_channel_that_is_lost_is_named(clip: Clip, tmp_path: Path) -> None:
    data = np.concatenate([clip.data, np.ones((1, 6, 20, 1), dtype=np.float32)])
    scored = replace(clip, data=data, channels=("x", "y", "z", "score"))
    path = ks.write_clip(clip, tmp_path / "a.npz")
    assert losses(scored, path) == ["channel score"]


def test_joints_are_converted_by_name(clip: Clip) -> None:
    layout = skeleton("coco17")
    found = ks.to_skeleton(clip, "coco17")
    assert found.skeleton.joints == layout.joints
    assert found.skeleton.units == clip.skeleton.units
    for v, joint in enumerate(layout.joints):
        if joint in clip.skeleton.joints:
            truth = clip.data[:, :, clip.skeleton.index(joint)]
            np.testing.assert_array_equal(found.data[:, :, v], truth)
        else:
            assert np.isnan(found.data[:, :, v]).all()
    assert (found.fps, found.classes, found.subject) == (clip.fps, clip.classes, clip.subject)
    with pytest.raises(SkeletonError, match="layout of sensors"):
        ks.to_skeleton(clip, "phonewatch2")


def test_a_conversion_that_would_be_too_large_is_refused(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinestream.formats.converting.MAX_VALUES", 3 * 6 * 24)
    with pytest.raises(DataError, match="would hold 450 values"):
        ks.to_skeleton(clip, "ntu25")


def test_reading_back_states_only_what_is_needed(clip: Clip, tmp_path: Path) -> None:
    path = ks.write_clip(clip, tmp_path / "a.npy")
    again = read_recording(path, Stated(clip.skeleton, clip.fps)).clip
    np.testing.assert_array_equal(again.data, clip.data)
