"""Stores: what is written is read, one store serves every protocol, hostile indices are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.clips import Clip
from kinestream.datasets import Entry, Store, open_dataset, write_store
from kinestream.datasets.protocols import Protocol
from kinestream.errors import ConfigError, DataError, InputError, MissingFileError
from kinestream.skeletons import Skeleton

ARM = Skeleton("arm", ("shoulder", "elbow", "hand"), ((1, 0), (2, 1)), centre=1, units="mm")
CLASSES = ("rest", "wave", "go")


def clip(frames: int, subject: str, seen: int = 2) -> Clip:
    """A clip of two people of whom the last may be absent."""
    rng = np.random.default_rng(frames)
    data = rng.normal(size=(3, frames, 3, 2)).astype(np.float32)
    data[:, :, 1, 0] = np.nan
    data[..., seen:] = np.nan
    labels = rng.integers(-1, 3, frames)
    return Clip(data, ARM, 12.5, classes=CLASSES, labels=labels, subject=subject)


CLIPS = {
    ("train", "b"): clip(7, "s01"),
    ("train", "a"): clip(3, "s02", seen=1),
    ("test", "c"): clip(5, "s03"),
    ("test", "d"): clip(4, "s01", seen=0),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    entries = (Entry(split, name, one) for (split, name), one in CLIPS.items())
    write_store(tmp_path / "store", entries, name="made", units="mm", licence="CC0")
    return tmp_path / "store"


def test_what_is_written_is_read(root: Path) -> None:
    store = Store.open(root)
    assert store.names == ("b", "a", "c", "d")
    assert store.subjects == ("s01", "s02", "s03", "s01")
    assert (store.classes, store.fps, store.channels) == (CLASSES, 12.5, ("x", "y", "z"))
    assert store.skeleton == ARM
    assert len(store) == len(list(store)) == 4
    for read, written in zip(store, CLIPS.values(), strict=True):
        np.testing.assert_array_equal(read.data, written.data)
        assert read.data.dtype == np.float32
        assert read.data.flags.owndata
        np.testing.assert_array_equal(read.labels, written.labels)  # type: ignore[arg-type]
        assert (read.skeleton, read.classes, read.subject) == (ARM, CLASSES, written.subject)
    assert store[-1].num_frames == 4
    store.verify()


def test_absent_people_take_no_room(root: Path) -> None:
    seen = {"b": 2, "a": 1, "c": 2, "d": 1}
    values = sum(3 * 3 * one.num_frames * seen[name] for (_, name), one in CLIPS.items())
    assert (root / "shards" / "00000.values").stat().st_size == 4 * values


def test_reading_one_recording_touches_nothing_else(root: Path) -> None:
    """Everything but the recording's own bytes may be garbage."""
    store = Store.open(root)
    whole = store[2]
    per_frame = 3 * 3 * 4  # bytes of one person: channels, joints, float32
    own = {
        "values": ((7 * 2 + 3 * 1) * per_frame, (7 * 2 + 3 * 1 + 5 * 2) * per_frame),
        "labels": ((7 + 3) * 2, (7 + 3 + 5) * 2),
    }
    for name, (start, end) in own.items():
        file = root / "shards" / f"00000.{name}"
        content = bytearray(b"\xff" * file.stat().st_size)
        content[start:end] = file.read_bytes()[start:end]
        file.write_bytes(content)
    np.testing.assert_array_equal(Store.open(root)[2].data, whole.data)
    np.testing.assert_array_equal(Store.open(root)[2].labels, whole.labels)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="checksum"):
        store.verify()


def test_half_precision_is_half_the_size(root: Path, tmp_path: Path) -> None:
    entries = [Entry(split, name, one) for (split, name), one in CLIPS.items()]
    write_store(tmp_path / "half", entries, name="made", dtype="float16")
    sizes = [(one / "shards" / "00000.values").stat().st_size for one in (root, tmp_path / "half")]
    assert sizes[0] == 2 * sizes[1]
    for read, written in zip(Store.open(tmp_path / "half"), CLIPS.values(), strict=True):
        np.testing.assert_array_equal(read.data, written.data.astype(np.float16))
    large = Clip(np.full((3, 2, 3, 2), 1e5), ARM, 1.0, classes=CLASSES, labels=np.zeros(2, int))
    with pytest.raises(DataError, match="too large for float16"):
        write_store(tmp_path / "none", [Entry("a", "b", large)], name="x", dtype="float16")
    assert not list((tmp_path / "none").rglob("*.*"))


def test_one_store_serves_every_protocol(root: Path) -> None:
    store = Store.open(root)
    names = {split: part.names for split, part in store.split().items()}
    assert names == {"train": ("b", "a"), "test": ("c", "d")}
    names = {split: part.names for split, part in store.split("loso:s01").items()}
    assert names == {"train": ("a", "c"), "test": ("b", "d")}
    assert store.split("all")["all"].names == store.names
    assert store.split("own")["test"].subset(["s03"]).names == ("c",)
    assert store.split("own")["test"].split("loso:s01")["train"].names == ("c",)
    with pytest.raises(DataError, match="split 'test' of .* has no recordings of subject 's02'"):
        store.split()["test"].subset(["s02"])
    with pytest.raises(ConfigError, match="made has no protocol 'xsub'"):
        store.split("xsub")


def test_protocols_stand_in_the_store(root: Path) -> None:
    info = json.loads((root / "store.json").read_text())
    odd = {"splits": {"train": {"subject": "odd"}, "test": "others"}}
    info["protocols"]["parity"] = odd
    (root / "store.json").write_text(json.dumps(info))
    assert Store.open(root).split("parity")["test"].names == ("a",)
    assert Protocol.model_validate(odd).split_of({"subject": "s03"}) == "train"


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), min_size=1, max_size=8))
def test_any_lengths_lie_one_behind_the_other(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[tuple[int, int]]
) -> None:
    root = tmp_path_factory.mktemp("any")
    written = []
    for k, (frames, people) in enumerate(sizes):
        data = np.full((2, frames, 3, 3), np.nan, dtype=np.float32)
        data[..., :people] = 100 * k + np.arange(2 * frames * 3 * people).reshape(2, frames, 3, -1)
        labels = np.arange(frames) % 3
        written.append(Clip(data, ARM, 5.0, ("x", "y"), CLASSES, labels, subject=f"s{k}"))
    write_store(root, (Entry("all", f"n{k}", one) for k, one in enumerate(written)), name="any")
    for read, one in zip(Store.open(root), written, strict=True):
        np.testing.assert_array_equal(read.data, one.data)
        np.testing.assert_array_equal(read.labels, one.labels)  # type: ignore[arg-type]


def change(root: Path, file: str, key: str, value: Any) -> None:
    values = json.loads((root / file).read_text())
    values[key] = value
    (root / file).write_text(json.dumps(values))


def column(key: str, value: Any, place: int = 0) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        values = json.loads((root / "index.json").read_text())
        values[key][place] = value
        (root / "index.json").write_text(json.dumps(values))

    return damage


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (column("frames", 10**6), "recording 'b' is larger than its shard"),
        (column("frames", 10**30), "frames.0"),
        (column("frames", 0), "frames.0"),
        (column("frames", -1), "frames.0"),
        (column("frames", 1.5), "frames.0"),
        (column("frames", True), "frames.0"),
        (column("start", 10**12), "'b' is larger than its shard"),
        (column("start", -1), "start.0"),
        (column("start", 2**62), "start.0"),
        (column("label_start", 17, 2), "'c' is larger than its shard"),
        (column("people", 3), "'b' is larger"),
        (column("people", 0), "people.0"),
        (column("shard", 7), r"lacks .*00007.values"),
        (column("shard", "../x"), "shard.0"),
        (column("names", "a"), "names, which must differ"),
        (lambda r: change(r, "index.json", "names", []), "names"),
        (lambda r: change(r, "index.json", "frames", [1]), "as long as its 4 names"),
        (lambda r: change(r, "index.json", "attributes", {"subject": ["x"]}), "as long as"),
        (lambda r: change(r, "index.json", "more", 1), "more: Extra inputs"),
        (lambda r: change(r, "store.json", "fps", 0), "fps"),
        (lambda r: change(r, "store.json", "people", 10**9), "people"),
        (lambda r: change(r, "store.json", "dtype", "object"), "dtype"),
        (lambda r: change(r, "store.json", "version", 2), "version"),
        (lambda r: change(r, "store.json", "channels", ["x"] * 1000), "larger than its shard"),
        (lambda r: change(r, "store.json", "channels", ["x"] * 5000), "channels"),
        (lambda r: change(r, "store.json", "skeleton", {}), "missing keys"),
        (lambda r: change(r, "store.json", "protocols", {"a": {"splits": {"b": 1}}}), "protocols"),
        (lambda r: (r / "store.json").write_text("[" * 100_000), "store.json is damaged"),
        (lambda r: (r / "index.json").write_text("{" * 100_000), "index.json is damaged"),
        (lambda r: (r / "index.json").write_bytes(b"\xff\0"), "index.json is damaged"),
        (lambda r: (r / "index.json").unlink(), "there is no file .*index.json"),
        (lambda r: (r / "shards" / "00000.values").write_bytes(b""), "larger than its shard"),
        (lambda r: (r / "shards" / "00000.labels").unlink(), "lacks .*00000.labels"),
    ],
)
def test_hostile_stores_are_refused(root: Path, damage: Callable[[Path], Any], says: str) -> None:
    damage(root)
    with pytest.raises(InputError, match=says) as caught:
        Store.open(root)
    assert "\n" not in str(caught.value)


def test_damage_found_while_reading(root: Path) -> None:
    store = Store.open(root)
    labels = root / "shards" / "00000.labels"
    labels.write_bytes(b"\x07\0" * (labels.stat().st_size // 2))
    with pytest.raises(DataError, match="label 7 is outside the list of 3 classes"):
        store[0]
    labels.write_bytes(b"")
    with pytest.raises(DataError, match=r"00000.labels cannot be read"):
        store[0]


def test_names_differ_over_all_splits(tmp_path: Path) -> None:
    entries = [Entry("train", "a", CLIPS["train", "a"]), Entry("test", "a", CLIPS["test", "c"])]
    with pytest.raises(DataError, match="names must differ"):
        write_store(tmp_path / "store", entries, name="odd")
    with pytest.raises(DataError, match="no recordings to write"):
        write_store(tmp_path / "none", [], name="odd")


def test_open_dataset_takes_a_store(root: Path) -> None:
    assert open_dataset(root, "test").names == ("c", "d")
    assert open_dataset(root, "test", "loso:s02", fps=12.5).names == ("a",)
    with pytest.raises(DataError, match="has 12.5 frames per second, got fps=30"):
        open_dataset(root, "test", fps=30)
    with pytest.raises(
        MissingFileError, match="no split 'valid' in protocol 'own'; it has test, t"
    ):
        open_dataset(root, "valid")
