"""The real archives, where they are at hand: counts, durations and labels against the raw files."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from kinestream.datasets import FolderDataset, PrepareReport, Store, prepare
from kinestream.formats.sp_sw_har import CLASSES

DATA = Path(__file__).parents[2].parent / "shared" / "data"
Prepared = tuple[Path, Path, PrepareReport]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Unpacks an archive, once."""
    folder = tmp_path_factory.mktemp("raw")

    @cache
    def unpack(name: str) -> Path:
        archive = DATA / f"{name}.tar.xz"
        if not archive.is_file():
            pytest.skip(f"the real recordings are not there: {archive}")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        return folder / name

    return unpack


@pytest.fixture(scope="module")
def kinect(unpacked: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    source, target = unpacked("utkinect"), tmp_path_factory.mktemp("utkinect") / "set"
    return source, target, prepare("utkinect", source, target)


@pytest.fixture(scope="module")
def devices(unpacked: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    source, target = unpacked("sp_sw_har"), tmp_path_factory.mktemp("sp_sw_har") / "set"
    return source, target, prepare("sp_sw_har", source, target)


def test_utkinect_is_whole(kinect: Prepared) -> None:
    _, target, report = kinect
    splits = {split: FolderDataset(target, split) for split in ("train", "test")}
    assert {split: len(one) for split, one in splits.items()} == {"train": 12, "test": 4}
    assert report.totals()["subjects"] == 8
    assert len(splits["train"].classes) == 11
    assert report.left_out == {}
    assert report.totals()["repairs"]["rows"] == 11551
    for dataset in splits.values():
        dataset.verify()


def test_utkinect_actions_last_as_long_as_their_labels_say(kinect: Prepared) -> None:
    source, target, _ = kinect
    spans: dict[str, dict[str, list[float]]] = {}
    name = ""
    for line in (source / "joints" / "actionLabel_modified.txt").read_text().splitlines():
        action, colon, ends = line.partition(":")
        if colon:
            spans[name][action] = [float(end) for end in ends.split()]
        elif line.strip():
            name = line.strip()
            spans[name] = {}
    for split in ("train", "test"):
        dataset = FolderDataset(target, split)
        for name, clip in zip(dataset.names, dataset, strict=True):
            assert clip.labels is not None
            frames = np.bincount(clip.labels[clip.labels >= 0], minlength=11)
            for action, (first, last) in spans[name].items():
                count = frames[clip.classes.index(action)]
                assert abs(count / clip.fps - (last - first) / 60) < 1.01 / clip.fps


def test_utkinect_people_walk_at_the_speed_of_people(kinect: Prepared) -> None:
    """The check that the frame numbers count sixtieths of a second, not thirtieths."""
    _, target, _ = kinect
    speeds = []
    for clip in FolderDataset(target, "train"):
        walk = np.flatnonzero(clip.labels == clip.classes.index("walk"))
        hip = clip.data[[0, 2], :, 0, 0]  # (2, T): across the floor
        speeds.append(np.hypot(*(hip[:, walk[-1]] - hip[:, walk[0]])) * clip.fps / len(walk))
    assert 0.6 < np.median(speeds) < 1.4


def test_every_utkinect_frame_is_the_newest_row(kinect: Prepared) -> None:
    source, target, _ = kinect
    for split in ("train", "test"):
        dataset = FolderDataset(target, split)
        for name, clip in zip(dataset.names, dataset, strict=True):
            raw = np.loadtxt(source / "joints" / f"joints_{name}.txt")
            for frame in range(0, clip.num_frames, 50):
                tick = raw[:, 0].min() + 4 * frame
                newest = raw[raw[:, 0] == raw[raw[:, 0] <= tick, 0].max(), 1:].mean(axis=0)
                joints = clip.data[:, frame, :, 0].T.ravel()
                np.testing.assert_allclose(joints, newest, atol=1e-6, rtol=1e-6)


def test_sp_sw_har_is_whole(devices: Prepared) -> None:
    source, target, report = devices
    splits = {split: FolderDataset(target, split) for split in ("train", "test")}
    assert {split: len(one) for split, one in splits.items()} == {"train": 155, "test": 30}
    assert len(list(source.glob("s*/*_sp.csv"))) == 185
    totals = report.totals()
    assert (totals["recordings"], totals["subjects"], len(splits["train"].classes)) == (185, 19, 5)
    assert report.left_out == {}
    assert totals["repairs"]["dropped_rows"] == totals["repairs"]["long_gaps"] == 0
    assert totals["repairs"]["gaps"] == 1528
    for dataset in splits.values():
        dataset.verify()


def raw_columns(path: Path) -> tuple[np.ndarray, np.ndarray]:
    read = partial(np.loadtxt, path, delimiter=",", skiprows=1)
    return read(usecols=range(7)), read(usecols=7, dtype=str)


def test_sp_sw_har_agrees_with_the_raw_files(devices: Prepared) -> None:
    source, target, _ = devices
    dataset = FolderDataset(target, "test")
    frames: Counter[str] = Counter()
    raw: Counter[str] = Counter()
    for name, clip in zip(dataset.names, dataset, strict=True):
        folder = source / name[:3]
        tables = [raw_columns(folder / f"{name}_{device}.csv") for device in ("sp", "sw")]
        overlap = min(t[-1, 6] for t, _ in tables) - max(t[0, 6] for t, _ in tables)
        assert 0 <= overlap / 1000 - (clip.num_frames - 1) / 25 < 0.04
        for sensor, (table, _) in enumerate(tables):
            mean = clip.data[:, :, sensor, 0].mean(axis=1)
            assert np.abs(mean - table[:, :6].mean(axis=0)).max() < 0.3
        assert clip.labels is not None
        frames.update(clip.classes[k] for k in clip.labels)
        raw.update(tables[0][1].tolist())
    for label in CLASSES:
        assert frames[label] / frames.total() == pytest.approx(raw[label] / raw.total(), abs=0.01)


def test_sp_sw_har_lasts_as_long_as_its_recordings(devices: Prepared) -> None:
    assert devices[2].totals()["seconds"] == pytest.approx(2094.2, abs=0.1)


class Counts(NamedTuple):
    """What ``report.json`` must say of a real set in its usual protocol."""

    splits: dict[str, int]
    classes: int
    frames: int
    people: int
    fps: float
    subjects: int


REAL = {
    "nw_ucla": Counts({"train": 1020, "test": 316}, 10, 53_734, 1, 15, 10),
    "utd_mhad": Counts({"train": 431, "test": 323}, 27, 50_623, 1, 30, 7),
    "utd_mhad_inertial": Counts({"train": 431, "test": 323}, 27, 134_495, 1, 50, 7),
    "sbu": Counts({"train": 162, "test": 55}, 8, 5_347, 2, 15, 16),
    "msr_action3d": Counts({"train": 292, "test": 275}, 20, 23_478, 1, 15, 10),
    "florence3d": Counts({"train": 105, "test": 110}, 9, 4_016, 1, 15, 10),
    "daphnet": Counts({"train": 4, "test": 2}, 2, 367_571, 1, 64, 4),
}


@pytest.mark.parametrize("name", REAL)
def test_real_sets_are_whole(name: str, unpacked: Callable[[str], Path], tmp_path: Path) -> None:
    """The counts of the folder's README, and that what was written is read back."""
    wanted = REAL[name]
    target = tmp_path / "set"
    report = prepare(name, unpacked(name.removesuffix("_inertial")), target)
    assert report.left_out == {}
    assert {split: report.totals(split)["recordings"] for split in wanted.splits} == wanted.splits
    totals = report.totals()
    assert (totals["frames"], totals["subjects"]) == (wanted.frames, wanted.subjects)
    for split, count in wanted.splits.items():
        dataset = FolderDataset(target, split)
        dataset.verify()
        assert (len(dataset), len(dataset.classes), dataset.fps) == (
            count,
            wanted.classes,
            wanted.fps,
        )
        first = dataset[0]
        assert first.num_people == wanted.people
        assert first.subject in dataset.subjects
        if name != "daphnet":
            assert report.totals(split)["segments"] == count


def test_daphnet_freezes(unpacked: Callable[[str], Path], tmp_path: Path) -> None:
    """Frames outside, of moving and of freezing, counted in the raw files."""
    source, target = unpacked("daphnet"), tmp_path / "set"
    prepare("daphnet", source, target)
    raw: Counter[int] = Counter()
    for file in source.rglob("S??R??.txt"):
        raw.update(int(line.split()[-1]) for line in file.read_text().splitlines())
    read: Counter[int] = Counter()
    for split in ("train", "test"):
        for clip in FolderDataset(target, split):
            assert clip.labels is not None
            read.update((clip.labels + 1).tolist())
    assert read == raw


def test_hugadb_as_one_split(tmp_path: Path) -> None:
    source = DATA / "hugadb"
    if not source.is_dir():
        pytest.skip(f"the real recordings are not there: {source}")
    report = prepare("hugadb", source, tmp_path / "set", "all")
    assert (report.totals()["frames"], report.totals()["segments"]) == (3142, 17)
    assert FolderDataset(tmp_path / "set", "all").subjects == ("01",)


def test_one_real_store_serves_all_folds(unpacked: Callable[[str], Path], tmp_path: Path) -> None:
    prepare("sbu", unpacked("sbu"), tmp_path / "store", layout="store")
    store = Store.open(tmp_path / "store")
    sizes = [len(store.split(f"fold{k}")["test"]) for k in range(1, 5)]
    assert sum(sizes) == len(store) == 217
    assert len(store.split("loso:s07s03")["test"]) == 14
    assert set(store.split("fold5")) == {"train"}
