"""Training takes a data-set folder, a store or array files, and gives the same run for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kinestream.datasets import Entry, FolderDataset, write_store
from kinestream.errors import ConfigError, MissingFileError

pytest.importorskip("torch")

from kinestream.training.config import DataConfig
from kinestream.training.data import load_splits


@pytest.fixture
def store(data_path: Path, tmp_path: Path) -> Path:
    """The recordings of the folder data set as a store."""
    splits = {split: FolderDataset(data_path, split) for split in ("train", "test")}
    entries = (
        Entry(split, name, clip)
        for split, dataset in splits.items()
        for name, clip in zip(dataset.names, dataset, strict=True)
    )
    write_store(tmp_path / "store", entries, name="swaying", units="m")
    return tmp_path / "store"


def test_a_store_trains_as_its_folder(data_path: Path, store: Path) -> None:
    sides = [
        load_splits(DataConfig(path=str(path), valid_subjects=["s06"]))
        for path in (data_path, store)
    ]
    for part in ("train", "valid", "test"):
        folder, from_store = (getattr(side, part) for side in sides)
        assert [clip.subject for clip in folder] == [clip.subject for clip in from_store]
        for one, other in zip(folder, from_store, strict=True):
            assert (one.data == other.data).all()
            assert (one.labels == other.labels).all()


def test_the_protocol_divides_a_store(data_path: Path, store: Path) -> None:
    splits = load_splits(DataConfig(path=str(store), protocol="loso:s03"))
    assert [clip.subject for clip in splits.test] == ["s03"]
    assert len(splits.train) == 7
    with pytest.raises(MissingFileError, match="no split 'train' in protocol 'all'"):
        load_splits(DataConfig(path=str(store), protocol="all"))
    with pytest.raises(ConfigError, match="no subject 'x' to leave out"):
        load_splits(DataConfig(path=str(store), protocol="loso:x"))
    with pytest.raises(ConfigError, match="was divided when it was written"):
        load_splits(DataConfig(path=str(data_path), protocol="loso:s03"))


def test_a_run_on_a_store_is_the_run_on_its_folder(
    settings: dict[str, Any], run_path: Path, store: Path, tmp_path: Path
) -> None:
    from kinestream.training.config import TrainConfig
    from kinestream.training.loop import train
    from kinestream.training.run_folder import RunFolder

    data = {**settings["data"], "path": str(store), "protocol": "own"}
    run = RunFolder(tmp_path / "run")
    train(TrainConfig.model_validate({**settings, "data": data}), run)
    assert (run.path / "setup.json").read_bytes() == (run_path / "setup.json").read_bytes()
    ours, theirs = (
        [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
        for path in (run.path, run_path)
    )
    assert [one["train/loss"] for one in ours] == [one["train/loss"] for one in theirs]
