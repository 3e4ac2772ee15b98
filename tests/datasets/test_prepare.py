"""`kinestream data prepare` over small made sources, through Python and the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from kinestream.cli.data import app
from kinestream.datasets import FolderDataset, prepare
from kinestream.datasets.preparing.report import RecordingReport
from kinestream.datasets.synthetic import generate
from kinestream.errors import ConfigError, DataError, InputError, MissingFileError
from kinestream.formats import Repairs

JOINTS = "".join(f"{t} " + f"{t / 100} " * 60 + "\n" for t in range(0, 200, 4))
COLUMNS = "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label\n"


@pytest.fixture
def kinect(tmp_path: Path) -> Path:
    """Three subjects, two recordings each, below the folder that the archive unpacks to."""
    folder = tmp_path / "raw" / "utkinect" / "joints"
    folder.mkdir(parents=True)
    names = [f"s{s:02d}_e{e:02d}" for s in (1, 2, 7) for e in (1, 2)]
    for name in names:
        (folder / f"joints_{name}.txt").write_text(JOINTS)
    labels = "".join(f"{name}\nwalk: 8 40\ncarry: 60 100\n" for name in names)
    (folder / "actionLabel_modified.txt").write_text(labels)
    return tmp_path / "raw" / "utkinect"


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    root = tmp_path / "sp_sw_har"
    rows = "".join(
        f"1,2,3,4,5,6,{t},{'SEATED' if t < 500 else 'WALKING'}\n" for t in range(0, 990, 10)
    )
    for subject in ("s01", "s17"):
        (root / subject).mkdir(parents=True)
        for device in ("sp", "sw"):
            (root / subject / f"{subject}_01_{device}.csv").write_text(COLUMNS + rows)
    return root


def test_utkinect_becomes_a_data_set(kinect: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = prepare("utkinect", kinect, tmp_path / "set", progress=lambda *s: seen.append(s))
    train, test = (FolderDataset(tmp_path / "set", split) for split in ("train", "test"))
    assert train.names == ("s01_e01", "s01_e02", "s02_e01", "s02_e02")
    assert test.subjects == ("s07", "s07")
    assert len(train.classes) == 11
    assert (train.fps, train.skeleton.name) == (15.0, "kinect20")
    train.verify()
    assert test[0].num_frames == 50
    assert report.totals("train") == {
        "recordings": 4,
        "subjects": 2,
        "frames": 200,
        "seconds": 13.333,
        "segments": 20,
        "unlabelled_frames": 0,
        "repairs": {**dict.fromkeys(report.totals()["repairs"], 0), "rows": 200},
    }
    assert report.left_out == {}
    assert report.notes == [
        "train has 4 recordings, the whole data set has 12 in protocol subjects6",
        "test has 2 recordings, the whole data set has 4 in protocol subjects6",
    ]
    assert json.loads((tmp_path / "set" / "report.json").read_text()) == report.to_dict()
    assert (seen[0], seen[-1]) == ((0, 6), (6, 6))


def test_stretches_without_a_label_are_no_segments() -> None:
    clip = generate("kinect", seed=1)
    labels = np.repeat([-1, 2, -1, 1], [5, 5, 5, clip.num_frames - 15])
    for given, segments in ((labels, 2), (None, 0)):
        measured = replace(clip, labels=given)
        assert RecordingReport.of("train", "a", measured, Repairs()).segments == segments


@pytest.mark.parametrize("up", [0, 1])
def test_the_source_may_be_the_parent_folder(kinect: Path, tmp_path: Path, up: int) -> None:
    source = [kinect / "joints", kinect.parent][up]
    assert prepare("utkinect", source, tmp_path / "set").totals()["recordings"] == 6


def test_two_devices_become_one_recording(devices: Path, tmp_path: Path) -> None:
    report = prepare("sp_sw_har", devices, tmp_path / "set")
    assert report.totals()["recordings"] == 2
    one = FolderDataset(tmp_path / "set", "train")[0]
    assert one.data.shape == (6, 25, 2, 1)
    assert one.labels is not None
    assert one.labels.tolist() == [0] * 13 + [2] * 12
    assert (one.channels[0], one.fps, one.subject) == ("acc_x", 25.0, "s01")


def test_subjects_can_be_chosen(kinect: Path, tmp_path: Path) -> None:
    given = {"train_subjects": "s07", "test_subjects": ["s01"]}
    report = prepare("utkinect", kinect, tmp_path / "set", **given)  # type: ignore[arg-type]
    assert FolderDataset(tmp_path / "set", "train").subjects == ("s07", "s07")
    assert FolderDataset(tmp_path / "set", "test").subjects == ("s01", "s01")
    assert report.left_out == dict.fromkeys(
        ("s02_e01", "s02_e02"), "protocol subjects has it in no split"
    )
    prepare("utkinect", kinect, tmp_path / "other", train_subjects="1")
    assert FolderDataset(tmp_path / "other", "train").subjects == ("s01", "s01")
    assert FolderDataset(tmp_path / "other", "test").subjects == ("s07", "s07")


@pytest.mark.parametrize(
    ("train", "test", "error", "says"),
    [
        ("s01-s02", "s02", ConfigError, "s02, take e01 is both in train and in test"),
        (
            "s01-s07",
            None,
            ConfigError,
            "train subject s03, s04, .* is not in utkinect; it has s01, s02",
        ),
        (None, "s09", ConfigError, "test subject s09 is not in utkinect"),
        ("all", None, ConfigError, "names no subjects"),
    ],
)
def test_wrong_subjects_are_errors(
    kinect: Path,
    tmp_path: Path,
    train: str | None,
    test: str | None,
    error: type[InputError],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        prepare("utkinect", kinect, tmp_path / "set", train_subjects=train, test_subjects=test)
    assert not (tmp_path / "set").exists()


def test_a_damaged_recording_is_left_out_and_named(devices: Path, tmp_path: Path) -> None:
    for number, keep in (("02", "sp"), ("03", "sw")):
        good = devices / "s01" / f"s01_01_{keep}.csv"
        (devices / "s01" / f"s01_{number}_{keep}.csv").write_text(good.read_text())
    (devices / "s01" / "s01_04_sp.csv").write_text("hello\n")
    (devices / "s01" / "s01_04_sw.csv").write_text("hello\n")
    report = prepare("sp_sw_har", devices, tmp_path / "set")
    assert report.totals("train")["recordings"] == 1
    assert list(report.left_out)[-3:] == ["s01_02", "s01_03", "s01_04"]
    assert "s01_02_sw.csv" in report.left_out["s01_02"]
    assert "s01_03_sp.csv" in report.left_out["s01_03"]
    assert "begins with 'hello'" in report.left_out["s01_04"]


def test_a_split_without_recordings_is_an_error(devices: Path, tmp_path: Path) -> None:
    (devices / "s17" / "s17_01_sw.csv").unlink()
    with pytest.raises(DataError, match=r"split 'test' would be empty: .*s17_01_sw.csv"):
        prepare("sp_sw_har", devices, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_missing_labels_are_named(kinect: Path, tmp_path: Path) -> None:
    (kinect / "joints" / "actionLabel_modified.txt").unlink()
    with pytest.raises(DataError, match="no recording could .* actionLabel_modified.txt beside"):
        prepare("utkinect", kinect, tmp_path / "set")


def test_wrong_sources_and_names_are_errors(kinect: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no folder .*nowhere"):
        prepare("utkinect", tmp_path / "nowhere", tmp_path / "set")
    file = next(kinect.rglob("joints_*.txt"))
    with pytest.raises(DataError, match=f"is a file; name the folder .*{file.parent.name}"):
        prepare("utkinect", file, tmp_path / "set")
    with pytest.raises(ConfigError, match="s90, s91, s92, s93, s94 and 5 more is not in utkinect"):
        prepare("utkinect", kinect, tmp_path / "set", train_subjects="s90-s99")
    with pytest.raises(DataError, match="does not hold sp_sw_har"):
        prepare("sp_sw_har", kinect, tmp_path / "set")
    with pytest.raises(ConfigError, match="unknown data set 'ntu'; use one of daphnet, "):
        prepare("ntu", kinect, tmp_path / "set")


def test_a_data_set_of_ours_is_replaced_and_nothing_else(kinect: Path, tmp_path: Path) -> None:
    prepare("utkinect", kinect, tmp_path / "set")
    told: list[str] = []
    prepare("utkinect", kinect, tmp_path / "set", tell=told.append)
    assert "will be replaced" in told[0]
    other = {"train_subjects": "s01", "test_subjects": "s02"}
    for options in (other, {"layout": "store"}):
        with pytest.raises(ConfigError, match="another data set .* pass --overwrite"):
            prepare("utkinect", kinect, tmp_path / "set", **options)  # type: ignore[arg-type]
    prepare("utkinect", kinect, tmp_path / "set", overwrite=True, **other)  # type: ignore[arg-type]
    assert FolderDataset(tmp_path / "set", "train").names == ("s01_e01", "s01_e02")
    with pytest.raises(DataError, match="not a data set that Kinestream wrote"):
        prepare("utkinect", kinect, kinect)
    assert (kinect / "joints" / "joints_s01_e01.txt").exists()


def test_the_splits_of_a_store_are_told(kinect: Path, tmp_path: Path) -> None:
    told: list[str] = []
    folder = prepare("utkinect", kinect, tmp_path / "folder")
    store = prepare("utkinect", kinect, tmp_path / "store", layout="store", tell=told.append)
    counts = {split: folder.totals(split)["recordings"] for split in ("test", "train")}
    assert told[0].startswith(f"{sum(counts.values())} recordings ({counts['test']} test, ")
    assert store.splits == ["test", "train"]
    for split in store.splits:
        assert store.totals(split) == folder.totals(split)


def test_preparing_twice_gives_the_same_bytes(kinect: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare("utkinect", kinect, tmp_path / name)
    for path in (tmp_path / "one").rglob("*.*"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


def test_the_command_prints_what_it_did(kinect: Path, tmp_path: Path) -> None:
    arguments = ["prepare", "utkinect", str(kinect), str(tmp_path / "set"), "--train-subjects"]
    result = CliRunner().invoke(app, [*arguments, "s01-s02", "--test-subjects", "s07"])
    assert result.exit_code == 0, result.output
    words = result.output.split()
    for word in ("train", "test", "recordings", "200", "nothing", "300"):
        assert word in words or f"{word}." in words
    assert (tmp_path / "set" / "dataset.json").is_file()


def test_the_command_lets_our_errors_through(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["prepare", "ntu", str(tmp_path), str(tmp_path / "set")])
    assert isinstance(result.exception, ConfigError)
