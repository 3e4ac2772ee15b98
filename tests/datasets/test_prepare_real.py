"""The real archives, where they are at hand: counts, durations and labels against the raw files."""

from __future__ import annotations

import tarfile
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kinestream.datasets import FolderDataset, PrepareReport, prepare
from kinestream.formats.sp_sw_har import CLASSES

DATA = Path(__file__).parents[2].parent / "shared" / "data"
Prepared = tuple[Path, Path, PrepareReport]


def unpack_and_prepare(name: str, folder: Path) -> Prepared:
    archive = DATA / f"{name}.tar.xz"
    if not archive.is_file():
        pytest.skip(f"the real recordings are not there: {archive}")
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "raw", filter="data")
    return folder / "raw" / name, folder / "set", prepare(name, folder / "raw", folder / "set")


@pytest.fixture(scope="module")
def kinect(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return unpack_and_prepare("utkinect", tmp_path_factory.mktemp("utkinect"))


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return unpack_and_prepare("sp_sw_har", tmp_path_factory.mktemp("sp_sw_har"))


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
