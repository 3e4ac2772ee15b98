"""NTU RGB+D from small files of our own: people, protocols, and what is left out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from kinestream.cli.data import app
from kinestream.clips import Clip
from kinestream.datasets import FolderDataset, Store, prepare
from kinestream.errors import ConfigError
from kinestream.formats.ntu import FORMAT
from kinestream.skeletons import skeleton

NAMES = {
    "S001C001P001R001A001": 1,
    "S001C002P001R001A002": 2,
    "S001C003P003R001A060": 3,
    "S002C001P003R001A013": 1,
    "S002C002P040R002A050": 2,
    "S001C002P005R002A008": 1,  # on the list of missing skeletons
}


def write(folder: Path, name: str, people: int) -> None:
    rng = np.random.default_rng(int(name[-3:]))
    data = rng.normal(0, 0.02, (3, 20, 25, people)).cumsum(axis=1)
    data += rng.normal(0, [[[[0.1]]], [[[0.5]]], [[[0.1]]]], (3, 1, 25, people))
    clip = Clip(data.astype(np.float32), skeleton("ntu25"), 30.0)
    assert FORMAT.write is not None
    FORMAT.write(clip, folder / f"{name}.skeleton")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "raw" / "nturgb+d_skeletons"
    folder.mkdir(parents=True)
    for name, people in NAMES.items():
        write(folder, name, people)
    (folder / "S003C001P008R001A003.skeleton").write_text("2\n0\n0\n")
    (folder / "S003C001P008R001A004.skeleton").write_bytes(b"\x7fELF\0")
    (folder / "S018C001P008R001A061.skeleton").write_text("of NTU 120\n")
    return tmp_path / "raw"


def test_ntu_becomes_a_data_set(source: Path, tmp_path: Path) -> None:
    report = prepare("ntu60", source, tmp_path / "set")
    train, test = (FolderDataset(tmp_path / "set", split) for split in ("train", "test"))
    assert train.names == ("S001C001P001R001A001", "S001C002P001R001A002")
    assert test.subjects == ("P003", "P003", "P040")
    assert (len(train.classes), train.fps, train.skeleton.name) == (60, 30.0, "ntu25")
    assert {one.num_people for one in (*train, *test)} == {2}
    one, two = train
    assert np.isnan(one.data[..., 1]).all()
    assert not np.isnan(two.data).any()
    assert [one.labels.max() for one in test if one.labels is not None] == [59, 12, 49]
    assert report.left_out["S001C002P005R002A008"].startswith("its skeleton is missing")
    assert "S003C001P008R001A003.skeleton" in report.left_out["S003C001P008R001A003"]
    assert "S003C001P008R001A004.skeleton" in report.left_out["S003C001P008R001A004"]
    assert len(report.left_out) == 3
    assert report.notes[-2:] == [
        "train has 2 recordings, the whole data set has 40091 in protocol xsub",
        "test has 3 recordings, the whole data set has 16487 in protocol xsub",
    ]


def test_one_store_serves_all_protocols(source: Path, tmp_path: Path) -> None:
    prepare("ntu60", source, tmp_path / "set")
    prepare("ntu60", source, tmp_path / "store", layout="store")
    store = Store.open(tmp_path / "store")
    store.verify()
    assert len(store) == 5
    sizes = {split: len(part) for split, part in store.split("xview").items()}
    assert sizes == {"test": 2, "train": 3}
    assert len(store.split("loso:40")["test"]) == 1
    for split, part in store.split("xsub").items():
        folder = FolderDataset(tmp_path / "set", split)
        assert part.names == folder.names
        for one, other in zip(part, folder, strict=True):
            np.testing.assert_array_equal(one.data, other.data)
            np.testing.assert_array_equal(one.labels, other.labels)  # type: ignore[arg-type]


def test_people_can_be_chosen_in_other_ways(source: Path, tmp_path: Path) -> None:
    raw = prepare("ntu60", source, tmp_path / "raw_set", people="raw", layout="store")
    assert raw.totals()["repairs"]["dropped_people"] == 1
    assert all(clip.num_people == 2 for clip in Store.open(tmp_path / "raw_set"))
    with pytest.raises(ConfigError, match="people must be one of published, energy, raw"):
        prepare("ntu60", source, tmp_path / "x", people="best")  # type: ignore[arg-type]


def test_the_command_makes_a_store(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "store"
    arguments = ["prepare", "ntu60", str(source), str(target), "--layout", "store"]
    result = CliRunner().invoke(app, [*arguments, "--dtype", "float16", "--protocol", "xview"])
    assert result.exit_code == 0, result.output
    assert Store.open(target).info.dtype == "float16"
    assert Store.open(target).info.protocol == "xview"
    report = json.loads((target / "report.json").read_text())
    assert report["totals"]["recordings"] == 5


def test_the_command_lists_sets_and_protocols() -> None:
    result = CliRunner().invoke(app, ["prepare", "--list"])
    assert result.exit_code == 0
    for word in ("ntu120", "xset", "pku_mmd_v2", "cross-view", "loso:SUBJECT"):
        assert word in result.output


def test_the_command_says_what_it_needs() -> None:
    result = CliRunner().invoke(app, ["prepare", "ntu60"])
    assert result.exit_code == 2
    assert "NAME SOURCE TARGET" in result.output


def test_ctrl_c_keeps_what_is_done(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[prepare.__module__], "finish", stopped)
    arguments = ["prepare", "ntu60", str(source), str(tmp_path / "set"), "--jobs", "1"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 130
    assert "The same command goes on from here" in result.output
    monkeypatch.undo()
    result = CliRunner().invoke(app, arguments)
    assert "Going on with interrupted work" in result.output
    FolderDataset(tmp_path / "set", "train").verify()
