"""Array files: ours round trip, other people's are read, hostile ones are refused."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.datasets import (
    Entry,
    FileDataset,
    FolderDataset,
    is_dataset,
    open_dataset,
    open_splits,
    write_dataset,
    write_files,
    write_store,
)
from kinestream.datasets.layouts.file_labels import Kind
from kinestream.errors import ConfigError, DataError, InputError, MissingFileError
from kinestream.skeletons import Skeleton

ARM = Skeleton("arm", ("shoulder", "elbow", "hand"), ((1, 0), (2, 1)), centre=1)
CLASSES = ("rest", "wave", "7")


def clip(frames: int, label: int | None, subject: str = "") -> Clip:
    rng = np.random.default_rng(frames)
    data = rng.normal(size=(3, frames, 3, 2)).astype(np.float32)
    data[:, -1] = np.nan  # nobody is seen at the end, which is no padding
    data[..., 1] = np.nan
    labels = rng.integers(-1, 3, frames) if label is None else np.full(frames, label)
    return Clip(data, ARM, 12.5, classes=CLASSES, labels=labels, subject=subject)


@pytest.fixture
def trimmed(tmp_path: Path) -> Path:
    entries = [Entry("train", f"n{k}", clip(3 + k, k % 3, f"s{k}")) for k in range(4)]
    write_dataset(tmp_path / "folder", [*entries, Entry("test", "x", clip(5, 2))], name="made")
    return tmp_path / "folder"


def splits(root: Path) -> dict[str, FolderDataset]:
    return {split: FolderDataset(root, split) for split in ("train", "test")}


def same(read: FileDataset, written: FolderDataset) -> None:
    assert (read.names, read.subjects) == (written.names, written.subjects)
    for one, other in zip(read, written, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
        np.testing.assert_array_equal(one.labels, other.labels)  # type: ignore[arg-type]
        assert (one.skeleton, one.fps, one.subject) == (ARM, 12.5, other.subject)


@pytest.mark.parametrize("kind", ["pkl", "csv"])
def test_what_is_written_is_read(trimmed: Path, tmp_path: Path, kind: Kind) -> None:
    write_files(tmp_path / "files", splits(trimmed), name="made", labels=kind)
    for split, written in splits(trimmed).items():
        read = open_dataset(tmp_path / "files", split)
        assert isinstance(read, FileDataset)
        same(read, written)
        read.verify()
    assert read.take([0]).names == ("x",)
    data = np.load(tmp_path / "files" / "train_data.npy", mmap_mode="r")
    assert (data.shape, data.dtype) == ((4, 3, 6, 3, 2), np.float32)
    train = open_dataset(tmp_path / "files", "train")
    assert [one.num_frames for one in train.subset(["s1", "s3"])] == [4, 6]


def test_labels_of_frames(tmp_path: Path) -> None:
    entries = [Entry(s, f"n{k}", clip(4 + k, None)) for s in ("train", "test") for k in range(3)]
    write_dataset(tmp_path / "folder", entries, name="made")
    written = splits(tmp_path / "folder")
    write_files(tmp_path / "files", written, name="made", labels="npy")
    read = FileDataset(tmp_path / "files", "train")
    for one, other in zip(read, written["train"], strict=True):
        np.testing.assert_array_equal(one.data, other.data)
        np.testing.assert_array_equal(one.labels, other.labels)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="use npy for frames"):
        write_files(tmp_path / "none", written, name="made", labels="pkl")
    with pytest.raises(DataError, match="no recordings to write"):
        write_files(tmp_path / "none", {}, name="made")


def test_a_pickle_of_ours_is_what_the_field_reads(trimmed: Path, tmp_path: Path) -> None:
    write_files(tmp_path / "files", splits(trimmed), name="made")
    content = (tmp_path / "files" / "train_label.pkl").read_bytes()
    names, labels = pickle.Unpickler(io.BytesIO(content)).load()
    assert (names, labels) == (["n0", "n1", "n2", "n3"], [0, 1, 2, 0])


@pytest.fixture
def foreign(trimmed: Path, tmp_path: Path) -> Path:
    """As other projects write: zeros for padding and absent people, no description."""
    root = tmp_path / "foreign"
    root.mkdir()
    for name in ("actions.txt", "skeleton.json"):
        (root / name).write_text((trimmed / name).read_text())
    data = np.zeros((2, 3, 6, 3, 2), dtype=np.float32)
    data[0, :, :4, :, 0] = 1 + np.arange(36).reshape(3, 4, 3)
    data[1, :, 1:6, :, :] = 2
    data[1, :, 3, :, 1] = 0
    np.save(root / "train_data_joint.npy", data)
    (root / "train_label.pkl").write_bytes(pickle.dumps((["a", "b"], [1, 2]), protocol=2))
    return root


def test_other_peoples_files(foreign: Path) -> None:
    with pytest.raises(DataError, match="states the frame rate"):
        open_dataset(foreign, "train")
    read = open_dataset(foreign, "train", fps=30)
    assert (read.names, read.fps, read.subjects) == (("a", "b"), 30, ("", ""))
    one, two = read
    assert one.data.shape == (3, 4, 3, 2)
    assert np.isnan(one.data[..., 1]).all()
    np.testing.assert_array_equal(one.data[..., 0], 1 + np.arange(36).reshape(3, 4, 3))
    assert two.num_frames == 6
    missing = np.isnan(two.data).all(axis=(0, 2))
    assert np.argwhere(missing).tolist() == [[0, 0], [0, 1], [3, 1]]
    assert two.labels is not None and two.labels.tolist() == [2] * 6
    with pytest.raises(DataError, match="checksum"):
        read.verify()


def test_names_are_numbers_where_nothing_tells(foreign: Path) -> None:
    (foreign / "train_label.pkl").unlink()
    np.save(foreign / "train_label.npy", np.array([0, 2]))
    assert open_dataset(foreign, "train", fps=30).names == ("train_000000", "train_000001")


class Evil:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def labels(content: bytes) -> Callable[[Path], Any]:
    return lambda root: (root / "train_label.pkl").write_bytes(content)


def pickled(value: object) -> Callable[[Path], Any]:
    return labels(pickle.dumps(value, protocol=4))


def array(values: Any, name: str = "train_data_joint.npy") -> Callable[[Path], Any]:
    return lambda root: np.save(root / name, values)


def table(text: str) -> Callable[[Path], Any]:
    def write(root: Path) -> None:
        (root / "train_label.pkl").unlink()
        (root / "train_label.csv").write_text(text)

    return write


def cut(root: Path) -> None:
    os.truncate(root / "train_data_joint.npy", 500)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (labels(b"hello"), "train_label.pkl"),
        (labels(b""), "train_label.pkl"),
        (pickled(["a", "b"]), "two lists, recording names and class indices"),
        (pickled((["a", "b"], ["0", "1"])), "two lists"),
        (pickled((["a", "b"], [0.0, 1.0])), "two lists"),
        (pickled((["a", "b"], [0, 3])), "label 3 is outside the list of 3 classes"),
        (pickled((["a", "b"], [0, -2])), "label -2 is outside"),
        (pickled((["a", "b"], [0, 10**12])), "no class index"),
        (pickled((["a"], [0])), "holds 1 labels, the array has 2"),
        (pickled((["a", "b", "c"], [0, 1])), "holds 2 labels"),
        (pickled((["a", "a"], [0, 1])), "names a recording twice"),
        (pickled(([], [])), "two lists"),
        (table("name,label\na,rest\nb,run\n"), "row 3: 'b,run' is no name and label"),
        (table("a,rest\nb,7\n"), "must begin with the line name,label"),
        (table("name,label\na,rest\n"), "holds 1 labels"),
        (cut, "is damaged: shape"),
        (array(np.zeros((2, 3, 6, 4, 2))), r"must be numbers \(N, C, T, 3, M\)"),
        (array(np.zeros((3, 6, 3, 2))), "must be numbers"),
        (array(np.zeros((2, 3, 6, 3, 2), dtype=bool)), "must be numbers"),
        (array(np.zeros((2, 3, 0, 3, 2))), "one recording is empty"),
        (array(np.array([1, 7]), "train_frames.npy"), "must hold 2 numbers of frames, 1 to 6"),
        (array(np.array([0, 1]), "train_frames.npy"), "must hold 2 numbers"),
        (array(np.array([1.0, 2.0]), "train_frames.npy"), "must hold 2 numbers"),
        (array(np.zeros((2, 3, 6, 3, 2))), "is empty: all its values are zero"),
        (array(np.full((2, 3, 6, 3, 2), 1e300)), "too large for float32"),
        (lambda r: (r / "train_label.pkl").unlink(), "no label file train_label.pkl, .npy or"),
        (lambda r: (r / "train_data_joint.npy").rename(r / "val_data.npy"), "It has val"),
        (lambda r: (r / "actions.txt").unlink(), "actions.txt"),
    ],
)
def test_hostile_files_are_refused(foreign: Path, damage: Callable[[Path], Any], says: str) -> None:
    damage(foreign)
    with pytest.raises(InputError, match=says) as caught:
        list(open_dataset(foreign, "train", fps=30))
    assert "\n" not in str(caught.value)


def test_a_pickle_never_runs_anything(foreign: Path) -> None:
    canary = foreign / "canary"
    content = pickle.dumps((["a", "b"], Evil(f"touch {canary}")))
    (foreign / "train_label.pkl").write_bytes(content)
    with pytest.raises(DataError):
        open_dataset(foreign, "train", fps=30)
    assert not canary.exists()


def test_all_splits_open_at_once(trimmed: Path, tmp_path: Path) -> None:
    write_files(tmp_path / "files", splits(trimmed), name="made", units="mm")
    entries = [Entry("fit", "a", clip(3, 0)), Entry("check", "b", clip(4, 1))]
    write_store(tmp_path / "store", entries, name="made", units="cm")
    for root, names, units in (
        (trimmed, {"train", "test"}, ""),
        (tmp_path / "files", {"train", "test"}, "mm"),
        (tmp_path / "store", {"fit", "check"}, "cm"),
    ):
        assert is_dataset(root)
        opened = open_splits(root)
        assert set(opened) == names
        assert {one.units for one in opened.values()} == {units}
    assert set(open_splits(tmp_path / "store", "all")) == {"all"}
    assert not is_dataset(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has no splits"):
        open_splits(tmp_path / "empty")


def test_open_dataset_tells_the_layouts_apart(trimmed: Path, tmp_path: Path) -> None:
    assert isinstance(open_dataset(trimmed, "train"), FolderDataset)
    with pytest.raises(ConfigError, match="was divided when it was written"):
        open_dataset(trimmed, "train", protocol="xsub")
    with pytest.raises(MissingFileError, match="there is no data set"):
        open_dataset(tmp_path / "nowhere", "train")
