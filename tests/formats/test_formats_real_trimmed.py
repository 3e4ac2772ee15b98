"""The real trimmed data sets, where they are at hand: how many recordings, frames and classes."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kinestream.formats import Named, Repairs, Stated, read_recordings

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def recordings(name: str, ending: str, folder: Path) -> Iterator[Named]:
    """Recordings of an archive whose files end so."""
    archive = DATA / f"{name}.tar.xz"
    if not archive.is_file():
        pytest.skip(f"the real recordings are not there: {archive}")
    with tarfile.open(archive) as tar:
        members = sorted((each for each in tar if each.name.endswith(ending)), key=lambda m: m.name)
        tar.extractall(folder, members, filter="data")
    for member in members:
        yield from read_recordings(folder / member.name, Stated())


def counted(named: Iterator[Named]) -> tuple[int, int, Counter[str], set[str], Repairs]:
    """Recordings, frames, recordings of each class, subjects, and what was mended."""
    number, frames, repairs = 0, 0, Repairs()
    classes: Counter[str] = Counter()
    subjects = set()
    for _, clip, mended in named:
        assert clip.labels is not None
        assert set(clip.labels.tolist()) == {clip.labels[0]}
        number, frames, repairs = number + 1, frames + clip.num_frames, repairs + mended
        classes[clip.classes[clip.labels[0]]] += 1
        subjects.add(clip.subject)
    return number, frames, classes, subjects, repairs


def test_nw_ucla(tmp_path: Path) -> None:
    number, frames, classes, subjects, repairs = counted(recordings("nw_ucla", ".json", tmp_path))
    assert (number, frames, len(classes), len(subjects)) == (1336, 53_734, 10, 10)
    assert classes["walk around"] == 158
    assert repairs == Repairs(rows=53_734, missing_joints=12)


def test_utd_mhad_skeletons(tmp_path: Path) -> None:
    number, frames, classes, subjects, _ = counted(
        recordings("utd_mhad", "_skeleton.mat", tmp_path)
    )
    assert (number, frames, len(classes)) == (754, 50_623, 27)
    assert subjects == {f"s{subject}" for subject in range(1, 8)}


def test_utd_mhad_sensors_feel_gravity(tmp_path: Path) -> None:
    named = list(recordings("utd_mhad", "_inertial.mat", tmp_path))
    number, frames, classes, _, _ = counted(iter(named))
    assert (number, frames, len(classes)) == (754, 134_495, 27)
    lengths = [np.median(np.linalg.norm(clip.data[:3], axis=0)) for _, clip, _ in named]
    assert 9 < np.median(lengths) < 11


def test_sbu_and_that_its_actions_are_what_their_names_say(tmp_path: Path) -> None:
    named = list(recordings("sbu", "skeleton_pos.txt", tmp_path))
    number, frames, classes, subjects, repairs = counted(iter(named))
    assert (number, frames, len(classes), len(subjects)) == (217, 5347, 8, 16)
    assert repairs == Repairs(rows=5347)
    apart: dict[str, list[float]] = {}
    for _, clip, _ in named:
        assert clip.labels is not None
        torso = clip.data[0, :, clip.skeleton.index("torso")]
        distance = np.abs(torso[:, 0] - torso[:, 1])
        name = clip.classes[clip.labels[0]]
        apart.setdefault(name, []).append(float(distance[-1] - distance[0]))
    assert np.median(apart["approaching"]) < -0.2
    assert np.median(apart["departing"]) > 0.2


def test_msr_action3d(tmp_path: Path) -> None:
    named = list(recordings("msr_action3d", "_skeleton3D.txt", tmp_path))
    number, frames, classes, subjects, repairs = counted(iter(named))
    assert (number, frames, len(classes), len(subjects)) == (567, 23_478, 20, 10)
    assert sum(each.repairs.empty_frames > 0 for each in named) == 20
    assert (repairs.empty_frames, repairs.missing_joints) == (1113, 0)


def test_florence3d(tmp_path: Path) -> None:
    named = list(recordings("florence3d", "skeletal_data.mat", tmp_path))
    number, frames, classes, subjects, _ = counted(iter(named))
    assert (number, frames, len(classes), len(subjects)) == (215, 4016, 9, 10)
    for _, clip, _ in named:  # upright, and facing the sensor: y is up, x as in other Kinect sets
        head, hip = clip.skeleton.index("head"), clip.skeleton.index("left_hip")
        assert np.median(clip.data[1, :, head] - clip.data[1, :, hip]) > 0.1
        left, right = (clip.skeleton.index(f"{side}_shoulder") for side in ("left", "right"))
        assert np.median(clip.data[0, :, right] - clip.data[0, :, left]) > 0
