"""Clips: what they check, their files, and files that were made to hurt."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.clips import IMU, MAX_VALUES, XYZ, Clip, load_clip
from kinestream.errors import DataError, InputError, MissingFileError, SkeletonError
from kinestream.skeletons import Skeleton, skeleton

ARM = Skeleton("arm", ("shoulder", "elbow", "hand"), ((1, 0), (2, 1)), centre=1, units="mm")


def clip(frames: int = 5, people: int = 2, **changes: Any) -> Clip:
    rng = np.random.default_rng(0)
    base = Clip(
        data=rng.normal(size=(3, frames, 3, people)).astype(np.float32),
        skeleton=ARM,
        fps=12.5,
        classes=("rest", "wave"),
        labels=rng.integers(-1, 2, frames),
        subject="s01",
        source="made",
    )
    return replace(base, **changes)


def npy(array: object) -> bytes:
    content = io.BytesIO()
    np.save(content, np.asarray(array))
    return content.getvalue()


def header(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return content.getvalue()


def about(**changes: Any) -> bytes:
    values = {"skeleton": ARM.to_dict(), "fps": 10, "channels": list(XYZ), "classes": ["a"]}
    return npy(json.dumps({**values, "subject": "", "source": "", **changes}))


def pack(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


DATA = npy(np.ones((3, 4, 3, 1), np.float32))


def test_a_clip_says_what_it_holds() -> None:
    one = clip()
    assert (one.num_frames, one.num_people, one.duration_s) == (5, 2, 0.4)
    assert one.person(1).data.shape == (3, 5, 3, 1)
    assert (one.person(1).data[..., 0] == one.data[..., 1]).all()
    assert np.array_equal(np.asarray(one.person(1).labels), np.asarray(one.labels))


def test_data_become_contiguous_float32() -> None:
    values = np.asfortranarray(np.ones((3, 2, 3, 1)))
    one = Clip(values, ARM, 10, channels=list(XYZ))  # type: ignore[arg-type]
    assert one.data.dtype == np.float32
    assert one.data.flags.c_contiguous
    assert one.channels == XYZ
    assert np.isinf(Clip(values * 1e300, ARM, 10).data).all()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"data": np.ones((3, 5, 3))}, DataError, r"must be \(C, T, V, M\), got shape \(3, 5, 3\)"),
        ({"data": np.ones((3, 0, 3, 1))}, DataError, "the recording is empty"),
        ({"data": np.ones((3, 5, 3, 0))}, DataError, "the recording is empty"),
        (
            {"data": np.ones((3, 5, 25, 1))},
            SkeletonError,
            r"joints must be \(C, T, 3, M\) for skeleton 'arm', got \(3, 5, 25, 1\): name the "
            "skeleton that has 25 joints",
        ),
        ({"channels": IMU}, DataError, "name 6 values, the data has 3"),
        ({"fps": 0.0}, DataError, "fps must be above 0, got 0.0"),
        ({"fps": float("nan")}, DataError, "fps must be above 0, got nan"),
        ({"labels": np.zeros(4, int)}, DataError, "4 labels for 5 frames"),
        ({"labels": np.zeros((5, 1), int)}, DataError, "5 labels for 5 frames"),
        ({"labels": np.array([0, 1, 2, 0, 0])}, DataError, "label 2 is outside the list of 2"),
        ({"labels": np.array([0, -2, 0, 0, 0])}, DataError, "label -2 is outside the list of 2"),
        ({"labels": np.zeros(5)}, DataError, "labels must be class indices, got float64"),
        ({"classes": ()}, DataError, "outside the list of 0 classes"),
    ],
)
def test_what_does_not_fit_is_named(
    change: dict[str, Any], error: type[InputError], says: str
) -> None:
    with pytest.raises(error, match=f"made: .*{says}"):
        clip(**change)


@pytest.mark.parametrize(
    "one", [clip(), clip(labels=None, classes=()), clip(source=""), clip(frames=1, people=1)]
)
def test_what_is_written_is_read(tmp_path: Path, one: Clip) -> None:
    one.save(tmp_path / "new" / "a.npz")
    read = load_clip(tmp_path / "new" / "a.npz")
    assert read.data.dtype == np.float32
    assert (read.data == one.data).all()
    assert (read.skeleton, read.fps, read.channels) == (one.skeleton, one.fps, one.channels)
    assert (read.classes, read.subject) == (one.classes, one.subject)
    assert read.source == (one.source or str(tmp_path / "new" / "a.npz"))
    assert (read.labels is None) == (one.labels is None)
    if read.labels is not None and one.labels is not None:
        assert (read.labels == one.labels).all()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.npz"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="a.npz cannot be written"):
        clip().save(tmp_path / "file" / "a.npz")


def test_a_missing_joint_may_be_stored(tmp_path: Path) -> None:
    one = clip()
    one.data[0, 0, 0, 0] = np.nan
    one.save(tmp_path / "a.npz")
    assert np.isnan(load_clip(tmp_path / "a.npz").data[0, 0, 0, 0])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(MissingFileError, match="there is no recording"):
            load_clip(path)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"data": DATA}, "is not a clip file"),
        ({"about": about()}, "is not a clip file"),
        ({"data": DATA, "about": npy("{")}, "is not a clip file"),
        ({"data": DATA, "about": npy("[" * 100_000)}, "is not a clip file"),
        ({"data": DATA, "about": npy("[]")}, "is not a clip file"),
        ({"data": DATA, "about": npy(3.0)}, "is not a clip file"),
        ({"data": DATA, "about": about(fps=None)}, "is not a clip file"),
        ({"data": DATA, "about": about(fps=10**400)}, "is not a clip file"),
        ({"data": DATA, "about": about(fps="fast")}, "is not a clip file"),
        ({"data": DATA, "about": about(fps=-1)}, "fps must be above 0"),
        ({"data": DATA, "about": about(channels=3)}, "is not a clip file"),
        ({"data": DATA, "about": about(skeleton=3)}, "a skeleton is a JSON object"),
        ({"data": DATA, "about": about(), "labels": npy([0.0] * 4)}, "must be class indices"),
        ({"data": DATA, "about": about(), "labels": npy([7] * 4)}, "label 7 is outside the list"),
        ({"data": DATA, "about": about(), "more": DATA}, r"holds \['about', 'data', 'more'\]"),
        ({"data": npy(np.ones((3, 0, 3, 1))), "about": about()}, "the recording is empty"),
        ({"data": npy(np.full((3, 1, 3, 1), "x")), "about": about()}, "is not a clip file"),
        ({"data": npy(np.ones((3, 1, 3, 1), complex)), "about": about()}, "is not a clip file"),
        ({"data": b"", "about": about()}, "is not a clip file"),
        ({"data": b"\x93NUMPY\x09\x00", "about": about()}, "is not a clip file"),
        ({"data": header((3, 4, 3, 1)), "about": about()}, "is not a clip file"),
        ({"data": header((3, 4, 3, 1), "|O") + b"\x80\x04N.", "about": about()}, "is not a clip"),
        ({"data": header((3, 1 << 40, 3, 1)), "about": about()}, "more than a clip may hold"),
        ({"data": header((1 << 62, 1 << 62)), "about": about()}, "more than a clip may hold"),
        ({"data": header((MAX_VALUES + 1,), "|u1"), "about": about()}, "more than a clip may hold"),
        ({"data": DATA, "about": header((), "<U9000000")}, "more than a clip may hold"),
    ],
)
def test_a_file_that_is_no_clip_is_refused_before_it_is_unpacked(
    tmp_path: Path, members: dict[str, bytes], says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        load_clip(pack(tmp_path / "a.npz", **members))
    assert "\n" not in str(caught.value)


def test_a_small_file_that_unpacks_to_gigabytes_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was unpacked"))
    bomb = header((MAX_VALUES + 1,), "|u1") + bytes(1 << 24)
    path = pack(tmp_path / "a.npz", data=bomb, about=about())
    assert path.stat().st_size < 100_000
    with pytest.raises(DataError, match="more than a clip may hold"):
        load_clip(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"once upon a time", b"\x80\x04N.", DATA],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="a.npz"):
        load_clip(path)


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path: Path, kind: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", kind) as archive:
        archive.writestr("data.npy", DATA)
        archive.writestr("about.npy", about())
    with pytest.raises(DataError, match="is not a clip file"):
        load_clip(tmp_path / "a.npz")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", allow_pickle=True, data=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="is not a clip file"):
        load_clip(tmp_path / "a.npz")


def damage(content: bytes, where: int, how: int) -> bytes:
    place = where % len(content)
    if how == 0:
        return content[:place]
    return content[:place] + bytes([content[place] ^ how]) + content[place + 1 :]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_damaged_file_is_a_clip_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a.npz"
    clip(skeleton=skeleton("sbu15"), data=np.ones((3, 5, 15, 1))).save(path)
    content = path.read_bytes()
    for where, how in damages:
        content = damage(content or b"\0", where, how)
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile on names given twice
        try:
            load_clip(path)
        except InputError as error:
            assert str(path) in str(error) or "made" in str(error) or "skeleton" in str(error)


def test_what_shrinks_more_than_motion_does_is_refused(tmp_path: Path) -> None:
    """64 MiB of zeros fit into 65 kB."""
    path = tmp_path / "a.npz"
    np.savez_compressed(path, data=np.zeros((4, 1 << 22, 1, 1), np.float32), about=np.array("{}"))
    assert path.stat().st_size < 1 << 17
    with pytest.raises(DataError, match="unpacks to over 100 times its size"):
        load_clip(path)


def test_labels_that_never_change_are_no_bomb(tmp_path: Path) -> None:
    frames = 400_000
    data = np.random.default_rng(0).normal(size=(1, frames, 1, 1)).astype(np.float32)
    clip = Clip(
        data,
        Skeleton("dot", ("dot",), ()),
        100.0,
        ("x",),
        ("rest",),
        np.zeros(frames, dtype=np.int64),
    )
    clip.save(tmp_path / "a.npz")
    assert load_clip(tmp_path / "a.npz").num_frames == frames


def test_an_archive_of_thousands_of_files_is_refused_by_its_last_record(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(DataError, match="is not a clip file"):
        load_clip(tmp_path / "a.npz")
