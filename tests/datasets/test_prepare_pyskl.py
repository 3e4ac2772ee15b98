"""Pickles of pyskl bring their own splits; several recordings in one file are read in one pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.datasets import FolderDataset, Store, prepare
from kinestream.datasets.preparing import batches
from kinestream.datasets.preparing.inner_splits import inner_protocols
from kinestream.errors import ConfigError, DataError
from kinestream.formats.pyskl_writing import write_pyskl
from kinestream.skeletons import skeleton

NAMES = [f"v{k}" for k in range(6)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    clips = {}
    for k, name in enumerate(NAMES):
        data = np.random.default_rng(k).uniform(1, 2, (3, 5 + k, 17, 1 + k % 3))
        clips[name] = Clip(
            data.astype(np.float32),
            skeleton("coco17"),
            25.0,
            ("x", "y", "score"),
            ("go", "stop"),
            np.full(5 + k, k % 2),
        )
    splits = {"xsub_train": NAMES[:4], "xsub_val": NAMES[4:], "train1": ["v1"], "test1": ["v2"]}
    write_pyskl(folder / "set.pkl", clips, splits)
    return folder


def test_the_files_own_splits_divide(source: Path, tmp_path: Path) -> None:
    report = prepare("pyskl", source, tmp_path / "set", "xsub", fps=25)
    train, test = (FolderDataset(tmp_path / "set", split) for split in ("train", "test"))
    assert (train.names, test.names) == (("v0", "v1", "v2", "v3"), ("v4", "v5"))
    assert (train.channels, train.classes, train.fps) == (("x", "y", "score"), ("go", "stop"), 25.0)
    assert {clip.num_people for clip in train} == {2}
    assert report.totals()["repairs"]["dropped_people"] == 2
    assert [one.labels.tolist() for one in test if one.labels is not None] == [[0] * 9, [1] * 10]
    prepare("pyskl", source, tmp_path / "store", "1", fps=25, layout="store")
    sizes = {split: part.names for split, part in Store.open(tmp_path / "store").split().items()}
    assert sizes == {"test": ("v2",), "train": ("v1",)}
    assert len(Store.open(tmp_path / "store").split("xsub")["train"]) == 4


def test_a_file_is_read_in_one_pass(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    read = batches.read_recordings

    def counting(path: Path, *rest: object) -> object:
        passes.append(path)
        return read(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "MAX_RECORDINGS", 2)
    monkeypatch.setattr(batches, "read_recordings", counting)
    prepare("pyskl", source, tmp_path / "set", "xsub", fps=25)
    assert len(passes) == 1


def test_a_recording_that_is_gone_is_named(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = batches.read_recordings
    monkeypatch.setattr(
        batches, "read_recordings", lambda *a: (one for one in read(*a) if one.name != "v3")
    )
    report = prepare("pyskl", source, tmp_path / "set", "xsub", fps=25)
    assert list(report.left_out) == ["v3"]
    assert report.left_out["v3"].endswith("no longer holds it.")


def test_what_pickles_do_not_tell_must_be_given(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not tell its frame rate"):
        prepare("pyskl", source, tmp_path / "set", "xsub")
    with pytest.raises(ConfigError, match="has no protocol 'own'; use one of xsub, 1, all"):
        prepare("pyskl", source, tmp_path / "set", fps=25)


def test_lists_become_protocols() -> None:
    lists = {"train": ["a"], "val": ["b"], "test": ["c"], "sub-train": ["a"], "other": ["b"]}
    protocols, attributes = inner_protocols(lists, "x")
    assert set(protocols) == {"own", "sub"}
    assert attributes == {
        "a": {"own": "train", "sub": "train"},
        "b": {"own": "valid"},
        "c": {"own": "test"},
    }
