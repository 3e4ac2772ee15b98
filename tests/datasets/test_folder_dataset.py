"""A data-set folder: what is written is read, and what does not fit is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.datasets import Entry, FolderDataset, write_dataset
from kinestream.datasets.layouts.replacing import Identity, check_target, replaced
from kinestream.errors import ConfigError, DataError, InputError, MissingFileError, SkeletonError
from kinestream.skeletons import Skeleton

ARM = Skeleton("arm", ("shoulder", "elbow", "hand"), ((1, 0), (2, 1)), centre=1, units="mm")
CLASSES = ("rest", "wave, both hands", "7")
MADE = Identity("made", "folder", "")


def clip(frames: int, subject: str, seed: int = 0) -> Clip:
    rng = np.random.default_rng(seed)
    return Clip(
        data=rng.normal(size=(3, frames, 3, 1)).astype(np.float32),
        skeleton=ARM,
        fps=12.5,
        classes=CLASSES,
        labels=rng.integers(-1, 3, frames),
        subject=subject,
    )


CLIPS = {
    ("train", "b"): clip(7, "s01", 1),
    ("train", "a"): clip(3, "s02", 2),
    ("train", "c"): clip(5, "s01", 3),
    ("test", "a"): clip(4, "s03", 4),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    entries = (Entry(split, name, one) for (split, name), one in CLIPS.items())
    write_dataset(tmp_path / "set", entries, name="made", units="mm", licence="CC0")
    return tmp_path / "set"


def test_what_is_written_is_read(root: Path) -> None:
    train = FolderDataset(root, "train")
    assert train.names == ("a", "b", "c")
    assert train.subjects == ("s02", "s01", "s01")
    assert (train.classes, train.fps, train.channels) == (CLASSES, 12.5, ("x", "y", "z"))
    assert train.skeleton == ARM
    assert len(train) == len(list(train)) == 3
    for name, read in zip(train.names, train, strict=True):
        written = CLIPS["train", name]
        assert (read.data == written.data).all()
        assert read.data.flags.owndata
        assert read.labels is not None and written.labels is not None
        assert (read.labels == written.labels).all()
        assert (read.skeleton, read.classes, read.subject) == (ARM, CLASSES, written.subject)
    assert train[-1].num_frames == 5
    assert [one.num_frames for one in FolderDataset(root, "test")] == [4]


def test_a_subset_holds_the_chosen_subjects(root: Path) -> None:
    train = FolderDataset(root, "train")
    part = train.subset(subjects=["s01"])
    assert (part.names, part.subjects) == (("b", "c"), ("s01", "s01"))
    assert [one.num_frames for one in part] == [7, 5]
    assert len(train) == 3
    for wrong in (["s03"], ["s01", "x"], [""], []):
        with pytest.raises(DataError, match="it has s01, s02"):
            train.subset(wrong)


def test_the_files_are_plain_and_whole(root: Path) -> None:
    assert (root / "actions.txt").read_text() == "rest\nwave, both hands\n7\n"
    assert json.loads((root / "skeleton.json").read_text())["edge"] == [[1, 0], [2, 1]]
    lines = (root / "test" / "labels" / "a.csv").read_text().splitlines()
    assert lines[0] == "label"
    assert len(lines) == 5
    assert np.load(root / "test" / "features" / "a.npy").dtype == np.float32
    assert not list(root.rglob("*.partial"))
    info = json.loads((root / "dataset.json").read_text())
    assert set(info["subjects"]) == {"train/a", "train/b", "train/c", "test/a"}
    assert set(info["sha256"]) == {
        str(path.relative_to(root)) for path in root.rglob("*.*") if path.name != "dataset.json"
    }


def test_checksums_hold_until_a_file_changes(root: Path) -> None:
    train = FolderDataset(root, "train")
    train.verify()
    labels = root / "train" / "labels" / "b.csv"
    labels.write_text(labels.read_text().replace("rest", "7"))
    with pytest.raises(DataError, match=r"b.csv .* checksum does not match"):
        train.verify()
    FolderDataset(root, "test").verify()


def test_other_peoples_sets_need_no_dataset_json(root: Path) -> None:
    (root / "dataset.json").unlink()
    with pytest.raises(DataError, match="no dataset.json that states the frame rate: give it"):
        FolderDataset(root, "train")
    train = FolderDataset(root, "train", fps=50)
    assert (train[0].fps, train.channels, train.subjects) == (50, ("x", "y", "z"), ("", "", ""))
    with pytest.raises(DataError, match="no subjects by name"):
        train.subset(["s01"])
    with pytest.raises(DataError, match="checksum"):
        train.verify()


def test_another_rate_than_stated_is_an_error(root: Path) -> None:
    assert FolderDataset(root, "train", fps=12.5).fps == 12.5
    with pytest.raises(DataError, match="has 12.5 frames per second, got fps=25"):
        FolderDataset(root, "train", fps=25)


def save(root: Path, values: object, name: str = "a") -> None:
    np.save(root / "train" / "features" / f"{name}.npy", np.asarray(values, dtype=np.float32))


def drop_info(root: Path, values: object) -> None:
    (root / "dataset.json").unlink()
    save(root, values, "b")


@pytest.mark.parametrize(
    ("damage", "error", "says"),
    [
        (lambda r: save(r, np.zeros((3, 9, 3, 1))), DataError, "holds 3 labels, .* 9 frames"),
        (lambda r: save(r, np.zeros((2, 3, 3, 1))), DataError, "channels .* the data has 2"),
        (lambda r: save(r, np.zeros((3, 3, 4, 1))), SkeletonError, r"must be \(C, T, 3, M\)"),
        (lambda r: save(r, np.zeros((3, 3, 3, 2))), DataError, "2 people, dataset.json states 1"),
        (lambda r: save(r, np.zeros((3, 0, 3, 1))), DataError, "a.npy: the recording is empty"),
        (lambda r: save(r, np.zeros((3, 3, 3))), DataError, r"must be \(C, T, V, M\)"),
        (lambda r: drop_info(r, np.zeros((2, 7, 3, 1))), DataError, "2 channels, .* has 3"),
        (
            lambda r: (r / "train" / "labels" / "a.csv").write_text("label\nrest\nrun\nrest\n"),
            DataError,
            "a.csv line 3: label 'run' is outside the list; allowed are rest, wave",
        ),
        (
            lambda r: (r / "train" / "labels" / "a.csv").unlink(),
            MissingFileError,
            "a.csv; expected one label per frame",
        ),
        (lambda r: (r / "actions.txt").unlink(), MissingFileError, "actions.txt"),
        (lambda r: (r / "skeleton.json").write_text("{}"), SkeletonError, "missing keys"),
        (lambda r: (r / "dataset.json").write_text("text"), DataError, "Invalid JSON"),
        (
            lambda r: (r / "dataset.json").write_text('{"name": "x", "fps": 1, "channels": []}'),
            DataError,
            "dataset.json is not a data-set description: channels",
        ),
        (
            lambda r: (r / "dataset.json").write_text(
                '{"name": "x", "fps": 1, "channels": ["x"], "frames": 3}'
            ),
            DataError,
            "frames: Extra inputs are not permitted",
        ),
        (
            lambda r: [p.unlink() for p in (r / "train" / "features").iterdir()],
            DataError,
            "holds no recordings",
        ),
        (lambda r: shutil.rmtree(r / "train"), MissingFileError, "no split 'train'.* It has test"),
        (lambda r: shutil.rmtree(r), MissingFileError, "there is no data set"),
    ],
)
def test_what_does_not_fit_is_named(
    root: Path, damage: Callable[[Path], object], error: type[InputError], says: str
) -> None:
    damage(root)
    fps = None if (root / "dataset.json").exists() or not root.exists() else 12.5
    with pytest.raises(error, match=says) as caught:
        list(FolderDataset(root, "train", fps))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fps": 30.0}, "has fps 30.0, the ones before it 12.5"),
        ({"classes": (*CLASSES, "more")}, "has classes"),
        ({"labels": None}, "has no labels"),
        ({"data": np.zeros((3, 4, 3, 2), dtype=np.float32)}, "has num_people 2"),
    ],
)
def test_clips_that_do_not_fit_together_are_not_written(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    odd = replace(CLIPS["test", "a"], **change)  # type: ignore[arg-type]
    entries = [Entry("train", "a", CLIPS["train", "a"]), Entry("train", "b", odd)]
    with pytest.raises(DataError, match=says):
        write_dataset(tmp_path / "set", entries, name="odd")
    assert not (tmp_path / "set" / "dataset.json").exists()


@pytest.mark.parametrize("name", ["../b", "", ".hidden", "a/b", "a\nb"])
def test_names_stay_inside_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_dataset(tmp_path / "set", [Entry("train", name, CLIPS["test", "a"])], name="odd")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("label", ["", "label", "-1", " x", "two\nlines"])
def test_class_names_that_could_not_be_read_back_are_refused(tmp_path: Path, label: str) -> None:
    odd = replace(CLIPS["test", "a"], classes=("rest", "go", label))
    with pytest.raises(DataError, match="class name"):
        write_dataset(tmp_path / "set", [Entry("train", "a", odd)], name="odd")


def test_the_same_name_twice_and_no_recordings_are_refused(tmp_path: Path) -> None:
    entry = Entry("train", "a", CLIPS["test", "a"])
    with pytest.raises(DataError, match="names must differ"):
        write_dataset(tmp_path / "set", [entry, entry], name="odd")
    with pytest.raises(DataError, match="no recordings to write"):
        write_dataset(tmp_path / "none", [], name="odd")


def test_a_replaced_folder_is_whole_or_as_before(root: Path) -> None:
    with pytest.raises(RuntimeError), replaced(root, MADE) as folder:
        (folder / "half").write_text("x")
        raise RuntimeError
    FolderDataset(root, "train").verify()
    assert [path.name for path in root.parent.iterdir()] == ["set"]
    with replaced(root, MADE) as folder:
        write_dataset(folder, [Entry("test", "z", CLIPS["test", "a"])], name="new")
    assert FolderDataset(root, "test").names == ("z",)
    assert not (root / "train").exists()
    assert [path.name for path in root.parent.iterdir()] == ["set"]


@pytest.mark.parametrize(
    "new",
    [
        Identity("other", "folder", ""),
        Identity("made", "store", ""),
        Identity("made", "folder", "another protocol"),
    ],
)
def test_another_data_set_is_replaced_only_when_told(root: Path, new: Identity) -> None:
    with pytest.raises(ConfigError, match=r"holds another data set \(made .*pass --overwrite"):
        check_target(root, new)
    assert check_target(root, new, overwrite=True) and check_target(root, MADE)
    assert not check_target(root.parent / "free", new)


def test_a_folder_of_somebody_else_is_never_replaced(root: Path, tmp_path: Path) -> None:
    (root / "train" / "notes.md").write_text("mine")
    with pytest.raises(DataError, match="also holds train/notes.md"):
        check_target(root, MADE, overwrite=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("mine")
    with pytest.raises(DataError, match="not a data set that Kinestream wrote"):
        check_target(other, MADE, overwrite=True)
    with pytest.raises(DataError, match="not a data set"):
        check_target(other / "thesis.tex", MADE, overwrite=True)
    assert (other / "thesis.tex").read_text() == "mine"
    assert (root / "train" / "notes.md").exists()
