"""Trouble while preparing: readers that fail, disks that are full, recordings that do not fit."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from kinestream.datasets import FolderDataset, Store, prepare
from kinestream.datasets.layouts import writing
from kinestream.datasets.preparing import batches, workers
from kinestream.datasets.preparing.people import last_seen, with_people
from kinestream.errors import ConfigError, DataError, MissingExtraError
from kinestream.formats.format import Reading

NAMES = ("s01_e01", "s01_e02", "s02_e01", "s07_e01", "s08_e01")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    rows = "".join(f"{t} " + f"{t / 100} " * 60 + "\n" for t in range(0, 80, 4))
    for name in NAMES:
        (folder / f"joints_{name}.txt").write_text(rows)
    labels = "".join(f"{name}\nwalk: 8 40\n" for name in NAMES)
    (folder / "actionLabel_modified.txt").write_text(labels)
    return folder


def reading(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Reading], Reading], name: str = "s01_e02"
) -> None:
    """Change what is read of one recording."""
    read = batches.read_recording

    def changed(path: Path, *rest: object) -> Reading:
        found = read(path, *rest)  # type: ignore[arg-type]
        return change(found) if name in path.name else found

    monkeypatch.setattr(batches, "read_recording", changed)


def failing(error: Exception) -> Callable[[Reading], Reading]:
    def fail(_: Reading) -> Reading:
        raise error

    return fail


def test_a_mistake_of_a_reader_costs_one_recording(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading(monkeypatch, failing(IndexError("list index out of range")))
    report = prepare("utkinect", source, tmp_path / "set")
    assert report.left_out == {
        "s01_e02": "it could not be read, which is a mistake of the reader: "
        "IndexError('list index out of range')."
    }
    assert report.totals()["recordings"] == 4


def test_a_missing_package_stops_at_once(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading(monkeypatch, failing(MissingExtraError("Reading MATLAB files", "data")))
    with pytest.raises(MissingExtraError, match=r"kinestream\[data\]"):
        prepare("utkinect", source, tmp_path / "set")


@pytest.mark.parametrize("layout", ["folder", "store"])
def test_a_recording_that_does_not_fit_is_left_out(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    reading(monkeypatch, lambda r: Reading(replace(r.clip, fps=99.0), r.repairs))
    report = prepare("utkinect", source, tmp_path / "set", layout=layout)  # type: ignore[arg-type]
    assert list(report.left_out) == ["s01_e02"]
    assert "fps 99.0, the first recording has 15.0" in report.left_out["s01_e02"]
    if layout == "folder":
        train = FolderDataset(tmp_path / "set", "train")
        assert train.names == ("s01_e01", "s02_e01")
        assert not list((tmp_path / "set").rglob("s01_e02.*"))
        train.verify()
    else:
        store = Store.open(tmp_path / "set")
        assert store.names == ("s01_e01", "s02_e01", "s07_e01", "s08_e01")
        with_it = prepare("utkinect", source, tmp_path / "other").totals()["recordings"]
        assert with_it == 4


def test_places_in_a_shard_count_recordings_that_were_left_out(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare("utkinect", source, tmp_path / "all", layout="store")
    reading(
        monkeypatch,
        lambda r: Reading(replace(r.clip, fps=99.0, data=r.clip.data * 0 - 1), r.repairs),
    )
    prepare("utkinect", source, tmp_path / "some", layout="store")
    some = Store.open(tmp_path / "some")
    for name, clip in zip(some.names, some, strict=True):
        assert clip.data.min() >= 0, name


def test_a_full_disk_is_named_and_work_is_kept(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_RECORDINGS", 2)
    whole = writing.write_whole

    def full(path: Path, content: bytes) -> writing.Written:
        if "s07" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, content)

    monkeypatch.setattr(writing, "write_whole", full)
    with pytest.raises(DataError, match=r"No space left on device.*the same command goes on"):
        prepare("utkinect", source, tmp_path / "set")
    assert not (tmp_path / "set").exists()
    assert (tmp_path / ".set.partial" / "journal" / "00000.json").exists()
    monkeypatch.setattr(writing, "write_whole", whole)
    said: list[str] = []
    prepare("utkinect", source, tmp_path / "set", tell=said.append)
    assert "Going on" in said[0]
    FolderDataset(tmp_path / "set", "test").verify()


def test_a_process_that_is_ended_is_named(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(batches, "MAX_RECORDINGS", 2)
    monkeypatch.setattr(workers.ProcessPoolExecutor, "map", broken)
    with pytest.raises(DataError, match=r"perhaps for lack of memory: .* fewer jobs"):
        prepare("utkinect", source, tmp_path / "set", jobs=2)


def test_too_little_memory_stops_and_leaves_nothing_out(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading(monkeypatch, failing(MemoryError()))
    with pytest.raises(DataError, match="not enough memory"):
        prepare("utkinect", source, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_every_recording_broken_is_an_error(source: Path, tmp_path: Path) -> None:
    for file in source.glob("joints_*.txt"):
        file.write_text("broken\n")
    with pytest.raises(DataError, match=r"no recording could be prepared.*s01_e01.*broken|numbers"):
        prepare("utkinect", source, tmp_path / "set")


def test_a_second_copy_of_a_recording_is_named(source: Path, tmp_path: Path) -> None:
    copy = source / "again" / "joints_s01_e01.txt"
    copy.parent.mkdir()
    copy.write_text((source / "joints_s01_e01.txt").read_text())
    report = prepare("utkinect", source, tmp_path / "set")
    assert list(report.left_out.values()) == ["another file stands for its recording"]
    assert report.totals()["recordings"] == 5


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"layout": "zip"}, "layout must be one of folder, store, got 'zip'"),
        ({"dtype": "float64"}, "dtype must be one of float32, float16"),
        ({"dtype": "float16"}, "dtype float16 needs layout store"),
        ({"people": "raw"}, "utkinect has one clear body for each person"),
        ({"jobs": 0}, "jobs must be at least 1"),
        (
            {"protocol": "xsub"},
            "utkinect has no protocol 'xsub'; use one of subjects6, all or loso",
        ),
        ({"protocol": "loso:s05"}, "no subject 's05' to leave out; it has s01, s02, s07, s08"),
    ],
)
def test_wrong_options_are_errors(
    source: Path, tmp_path: Path, options: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        prepare("utkinect", source, tmp_path / "set", **options)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_clips_get_the_people_of_their_set(clip_of: Callable[..., object]) -> None:
    from kinestream.clips import Clip

    three = clip_of(people=3)
    assert isinstance(three, Clip)
    two, repairs = with_people(three, 2)
    assert (two.num_people, repairs.dropped_people) == (2, 1)
    four, repairs = with_people(three, 4)
    assert (four.num_people, repairs.dropped_people, last_seen(four)) == (4, 0, 3)
    assert (four.data[..., :3] == three.data).all()
    assert with_people(three, 3)[0] is three


def test_the_target_may_lie_in_the_source(tmp_path: Path, source: Path) -> None:
    (source / "gone.txt").symlink_to(source / "nowhere.txt")
    prepare("utkinect", source, source / "set")
    before = (source / "set" / "dataset.json").read_bytes()
    prepare("utkinect", source, source / "set")
    assert (source / "set" / "dataset.json").read_bytes() == before


def test_a_place_that_cannot_be_written_keeps_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", closed)
    with pytest.raises(DataError, match=r"set cannot be written: Permission denied\.$"):
        prepare("utkinect", source, tmp_path / "set")


def test_a_folder_that_cannot_be_opened_is_named(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = source / "joints"
    locked.mkdir()
    scan = os.scandir

    def closed(path: str | int) -> object:
        if path == str(locked):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    report = prepare("utkinect", source, tmp_path / "set")
    assert report.left_out == {str(locked): "it cannot be opened: Permission denied"}
    for file in source.glob("joints_*.txt"):
        file.rename(locked / file.name)
    with pytest.raises(DataError, match=r"none of its 1 files .*joints cannot be opened: Permiss"):
        prepare("utkinect", source, tmp_path / "set")
