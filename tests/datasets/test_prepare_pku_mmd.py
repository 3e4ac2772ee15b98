"""PKU-MMD from small files of our own: labels and split files lie in folders beside the recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.datasets import FolderDataset, Store, open_dataset, prepare
from kinestream.errors import ConfigError, DataError

VIDEOS = ("0002-L", "0002-M", "0003-L", "0004-R")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "PKUMMD"
    for folder in ("Data/skeleton", "Data/Train_Label_PKU_final", "Split"):
        (root / folder).mkdir(parents=True)
    for k, name in enumerate(VIDEOS):
        rng = np.random.default_rng(k)
        rows = rng.normal(size=(20, 150)).round(4)
        if k % 2:
            rows[:, 75:] = 0
        np.savetxt(root / "Data" / "skeleton" / f"{name}.txt", rows, fmt="%.4f")
        labels = f"{k + 1},2,8,2\n{k + 2},10,15,1\n"
        (root / "Data" / "Train_Label_PKU_final" / f"{name}.txt").write_text(labels)
    (root / "Split" / "cross-view.txt").write_text(
        "Training videos:\n0002-M, 0004-R\nValidation videos:\n0002-L, 0003-L,\n"
    )
    return root


def test_the_split_file_divides(source: Path, tmp_path: Path) -> None:
    report = prepare("pku_mmd", source, tmp_path / "set", "cross-view")
    train, test = (FolderDataset(tmp_path / "set", split) for split in ("train", "test"))
    assert (train.names, test.names) == (("0002-M", "0004-R"), ("0002-L", "0003-L"))
    assert (len(train.classes), train.fps, train[0].num_people) == (52, 30.0, 2)
    assert np.isnan(train[0].data[..., 1]).all()
    assert not np.isnan(test[0].data).any()
    assert test[0].labels is not None
    assert test[0].labels.tolist() == [0] * 2 + [1] * 6 + [0] * 2 + [2] * 5 + [0] * 5
    assert report.totals("test")["segments"] == 10
    with pytest.raises(ConfigError, match="'cross-subject' of pku_mmd looks at .* split file is"):
        prepare("pku_mmd", source, tmp_path / "set")


def test_a_store_keeps_what_the_split_files_say(source: Path, tmp_path: Path) -> None:
    prepare("pku_mmd", source, tmp_path / "store", layout="store")
    store = Store.open(tmp_path / "store")
    assert store.info.protocol == "cross-subject"
    assert store.attributes[0] == {
        "cross-view": "test",
        "subject": "",
        "video": "0002",
        "view": "L",
    }
    assert open_dataset(tmp_path / "store", "train", "cross-view").names == ("0002-M", "0004-R")
    with pytest.raises(ConfigError, match="looks at 'cross-subject'"):
        store.split()


def test_a_split_file_that_is_none_stops_before_the_work(source: Path, tmp_path: Path) -> None:
    (source / "Split" / "cross-view.txt").write_text("0002-M\n")
    with pytest.raises(DataError, match="line 1 comes before a heading"):
        prepare("pku_mmd", source, tmp_path / "set", "cross-view")
    assert [path.name for path in tmp_path.iterdir()] == ["PKUMMD"]


def test_recordings_without_labels_are_named(source: Path, tmp_path: Path) -> None:
    (source / "Data" / "Train_Label_PKU_final" / "0003-L.txt").unlink()
    report = prepare("pku_mmd", source, tmp_path / "set", "cross-view")
    assert report.left_out["0003-L"].endswith(
        "a folder of label files (NAME.txt) beside the recordings' folder."
    )
