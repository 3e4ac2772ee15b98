"""Thousands of damaged and hostile files: only our own errors come out, soon, and in little memory.

2,000 for each family of formats by default; ``make fuzz`` gives each 50,000.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.config import read_mapping
from kinestream.errors import DataError, KinestreamError
from kinestream.formats import FORMATS, read_recording, read_recordings
from kinestream.formats.folder import read_info
from kinestream.formats.labels import read_classes, read_labels
from kinestream.skeletons import Skeleton
from tests.formats.mutation import mutated
from tests.formats.samples import sample_of

SLOW_S = 2.0  # of processor time
MORE_MEMORY = 300 << 20  # bytes

FAMILIES = {
    "text": ("ntu", "pku_mmd", "hugadb", "daphnet", "utkinect", "sbu", "msr_action3d", "bvh"),
    "csv": ("sp_sw_har", "csv", "imu_fog_it"),
    "json": ("nw_ucla", "coco", "openpose", "mediapipe"),
    "arrays": (
        "clip",
        "npy",
        "utd_mhad",
        "utd_mhad_inertial",
        "florence3d",
        "pyskl",
        "c3d",
        "ms_gcn",
    ),
    "documents": ("skeleton", "dataset", "classes", "labels", "config"),
}


class Target(NamedTuple):
    """A file to damage, and what reads it."""

    file: Path
    read: Callable[[], object]


def recording(name: str, folder: Path) -> Target:
    sample = sample_of(name, folder)
    file = sample.path if sample.path.is_file() else sorted(sample.path.iterdir())[0]

    def read() -> Clip:
        clip = read_recording(sample.path, sample.stated, name).clip
        if sample.format.read_all is not None:
            list(read_recordings(sample.path, sample.stated, name))
        return clip

    return Target(file, read)


def document(name: str, folder: Path) -> Target:
    file = folder / f"{name}.json"
    contents = {
        "skeleton": '{"num_node": 3, "edge": [[0, 1], [2, 1]], "center": 1, "names": ["a","b","c"]}',
        "dataset": '{"name": "x", "fps": 25, "channels": ["x"], "subjects": {"train/a": "s1"}}',
        "classes": "0 rest\n1 walk\n2 turn left\n",
        "labels": "label\nrest\nwalk\n-1\n2\n",
        "config": '{"name": "x", "data": {"path": "a", "fps": 2.5}, "list": [1, 2, [3]]}',
    }
    readers: dict[str, Callable[[], object]] = {
        "skeleton": lambda: Skeleton.from_json(file),
        "dataset": lambda: read_info(file),
        "classes": lambda: read_classes(file),
        "labels": lambda: read_labels(file, ("rest", "walk", "turn")),
        "config": lambda: read_mapping(file),
    }
    file.write_text(contents[name])
    return Target(file, readers[name])


def target_of(name: str, folder: Path) -> Target:
    folder = folder / name
    folder.mkdir()
    return recording(name, folder) if name in FORMATS else document(name, folder)


def outcome(target: Target, content: bytes) -> str:
    """What becomes of a content: ``read``, or the class of our error that refused it."""
    target.file.write_bytes(content)
    started = time.process_time()
    try:
        read = target.read()
    except KinestreamError as error:
        assert "\n" not in str(error), str(error)
        result = type(error).__name__
    else:
        if isinstance(read, Clip):
            assert read.data.shape[2] == read.skeleton.num_joints
        result = "read"
    assert time.process_time() - started < SLOW_S
    return result


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_every_format_is_in_a_family() -> None:
    named = [name for names in FAMILIES.values() for name in names]
    assert sorted(set(named) - set(FAMILIES["documents"])) == sorted(FORMATS)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("family", FAMILIES)
def test_damaged_files_are_refused_or_read(family: str, fuzz: int, tmp_path: Path) -> None:
    targets = [target_of(name, tmp_path) for name in FAMILIES[family]]
    wholes = [target.file.read_bytes() for target in targets]
    for target, whole in zip(targets, wholes, strict=True):
        assert outcome(target, whole) == "read"
    before = memory()
    rng = np.random.default_rng(sum(family.encode()))
    seen: dict[str, int] = {}
    for number in range(fuzz):
        which = number % len(targets)
        content = mutated(wholes[which], rng)
        if rng.random() < 0.03:  # the right name for the wrong content
            content = mutated(wholes[rng.integers(len(wholes))], rng)
        result = outcome(targets[which], content)
        seen[result] = seen.get(result, 0) + 1
    assert memory() - before < MORE_MEMORY
    assert min(seen.get("read", 0), fuzz - seen.get("read", 0)) > fuzz // 100, seen


def test_a_reader_that_lets_a_foreign_error_out_is_caught(tmp_path: Path) -> None:
    file = tmp_path / "a"
    careless = Target(file, lambda: file.read_bytes().decode("ascii"))
    with pytest.raises(UnicodeDecodeError):
        outcome(careless, b"\xff")


def test_a_reader_that_hangs_is_caught(tmp_path: Path) -> None:
    def busy() -> None:
        end = time.process_time() + SLOW_S + 0.1
        while time.process_time() < end:
            pass

    with pytest.raises(AssertionError):
        outcome(Target(tmp_path / "a", busy), b"")


def test_an_error_of_several_lines_is_caught(tmp_path: Path) -> None:
    def wordy() -> None:
        raise DataError("one\ntwo")

    with pytest.raises(AssertionError):
        outcome(Target(tmp_path / "a", wordy), b"")


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_file_cut_anywhere_is_refused_or_whole_in_what_it_gives(
    name: str, tmp_path: Path
) -> None:
    target = target_of(name, tmp_path)
    whole = target.file.read_bytes()
    step = max(1, len(whole) // 1500)  # every byte of a small file
    for length in range(0, len(whole), step):
        outcome(target, whole[:length])


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_flipped_bit_is_refused_or_harmless(name: str, tmp_path: Path) -> None:
    target = target_of(name, tmp_path)
    whole = target.file.read_bytes()
    rng = np.random.default_rng(5)
    for bit in rng.integers(0, 8 * len(whole), 1000).tolist():
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        outcome(target, bytes(flipped))
