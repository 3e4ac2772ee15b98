"""LARa, out of a folder as work on segmentation passes it on: a made-up copy of six people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.datasets import FolderDataset, Store, prepare
from kinestream.datasets.known import known_set
from kinestream.datasets.preparing.thinning import thinned
from kinestream.errors import DataError
from kinestream.formats.format import Stated
from kinestream.skeletons import skeleton

NAMES = tuple(f"L0{1 + k % 3}_S{who:02d}_R01_A12_N01" for k, who in enumerate((1, 4, 5, 6, 8, 14)))
CLASSES = ("Standing", "Walking", "Cart", "Up", "Centred", "Down", "Synchronization", "None")
FRAMES = 42


def values(name: str) -> np.ndarray:
    return np.random.default_rng(NAMES.index(name)).normal(0, 500, (6, FRAMES, 19, 1))


def truth(name: str) -> np.ndarray:
    return (np.arange(FRAMES) // 6 + NAMES.index(name)) % 8


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "bundle" / "LARA"
    for folder in ("features", "groundTruth", "gt_arr"):
        (root / folder).mkdir(parents=True)
    (root / "mapping.txt").write_text("".join(f"{k} {name}\n" for k, name in enumerate(CLASSES)))
    for name in NAMES:
        np.save(root / "features" / f"{name}.npy", values(name))
        np.save(root / "gt_arr" / f"{name}.npy", truth(name))
        text = "".join(f"{CLASSES[k]}\n" for k in truth(name))
        (root / "groundTruth" / f"{name}.csv").write_text(text)
    return tmp_path / "bundle"


def test_a_copy_is_divided_and_thinned(source: Path, tmp_path: Path) -> None:
    report = prepare("lara", source, tmp_path / "set")
    assert report.left_out == {}
    train, test = (FolderDataset(tmp_path / "set", split) for split in ("train", "test"))
    assert (train.subjects, test.subjects) == (("S01", "S04", "S14"), ("S06", "S08", "S05"))
    assert (train.fps, train.skeleton.name) == (50.0, "lara19")
    assert train.classes == tuple(CLASSES)
    for part in (train, test):
        for name, clip in zip(part.names, part, strict=True):
            np.testing.assert_array_equal(clip.data, values(name)[:, ::4].astype(np.float32))
            assert clip.labels is not None
            np.testing.assert_array_equal(clip.labels, truth(name)[::4])


def test_a_copy_that_was_thinned_before_is_kept_whole(source: Path, tmp_path: Path) -> None:
    prepare("lara", source, tmp_path / "store", layout="store", fps=50)
    store = Store.open(tmp_path / "store")
    assert store.fps == 50.0
    assert {clip.num_frames for clip in store} == {FRAMES}
    one = store.split("loso:S06")
    assert (one["test"].names, len(one["train"])) == ((NAMES[3],), 5)


def test_a_rate_that_is_no_multiple_is_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="120 frames per second, expected 50 or a multiple"):
        prepare("lara", source, tmp_path / "set", fps=120)


def test_recordings_without_labels_are_left_out_with_the_reason(
    source: Path, tmp_path: Path
) -> None:
    (source / "LARA" / "groundTruth" / f"{NAMES[0]}.csv").unlink()
    report = prepare("lara", source, tmp_path / "set")
    assert list(report.left_out) == [NAMES[0]]
    assert "has no labels: lara keeps them in a folder groundTruth" in report.left_out[NAMES[0]]


def test_what_the_set_states_gives_way_to_the_caller_in_the_rate_only() -> None:
    known = known_set("lara")
    assert known.stated() == Stated(skeleton("lara19"), 200.0)
    assert known.stated(50.0) == Stated(skeleton("lara19"), 50.0)
    assert known_set("utkinect").stated() == Stated()


def test_the_published_division() -> None:
    protocol = known_set("lara").protocols["subjects5-8"]
    people = [f"S{k:02d}" for k in range(1, 15)]
    tested = [who for who in people if protocol.split_of({"subject": who}) == "test"]
    assert tested == ["S05", "S06", "S07", "S08"]
    assert {protocol.split_of({"subject": who}) for who in people} == {"train", "test"}


def test_thinning_keeps_the_first_frame_and_every_nth() -> None:
    data = np.arange(7.0).reshape(1, 7, 1, 1).repeat(19, axis=2)
    labels = np.arange(7)
    clip = Clip(data, skeleton("lara19"), 90.0, ("x",), tuple("abcdefg"), labels)
    third = thinned(clip, 30.0)
    assert third.data[0, :, 0, 0].tolist() == [0, 3, 6]
    assert (third.fps, third.labels is not None and third.labels.tolist()) == (30.0, [0, 3, 6])
    with pytest.raises(DataError, match="90 frames per second, expected 180"):
        thinned(clip, 180.0)
