"""Lone arrays: the order of their axes is stated, never guessed."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats import FORMATS, Stated, read_recording
from kinestream.formats.array import check_axes
from kinestream.skeletons import Skeleton

ARM = Skeleton("arm", ("a", "b", "c", "d"), ((1, 0), (2, 1), (3, 2)))
LENGTHS = {"C": 3, "T": 5, "V": 4, "M": 2}


def value(c: int, t: int, v: int, m: int) -> int:
    return 1000 * c + 100 * t + 10 * v + m


def array(axes: str) -> np.ndarray:
    """Each value says by its digits where it belongs."""
    found = np.zeros([LENGTHS[letter] for letter in axes])
    for place in np.ndindex(*found.shape):
        where = dict(zip(axes, place, strict=True))
        found[place] = value(where["C"], where["T"], where["V"], where.get("M", 0))
    return found


def save(folder: Path, values: np.ndarray) -> Path:
    np.save(folder / "joints.npy", values)
    return folder / "joints.npy"


@pytest.mark.parametrize("axes", ["".join(p) for n in ("CTV", "CTVM") for p in permutations(n)])
def test_any_order_of_axes_is_read(tmp_path: Path, axes: str) -> None:
    clip, _ = read_recording(save(tmp_path, array(axes)), Stated(ARM, 10.0, axes))
    assert clip.data.shape == (3, 5, 4, 2 if "M" in axes else 1)
    for c, t, v, m in np.ndindex(*clip.data.shape):
        assert clip.data[c, t, v, m] == value(c, t, v, m)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f4", "i2", "u1", "i8"])
def test_any_kind_of_number_is_read(tmp_path: Path, kind: str) -> None:
    values = (array("TVC") % 200).astype(kind)
    clip, _ = read_recording(save(tmp_path, values), Stated(ARM, 10.0, "TVC"))
    np.testing.assert_array_equal(clip.data[..., 0], values.transpose(2, 0, 1))
    fortran = save(tmp_path, np.asfortranarray(values))
    assert (read_recording(fortran, Stated(ARM, 10.0, "TVC")).clip.data == clip.data).all()


def test_without_axes_four_are_ctvm_and_others_are_asked_for(tmp_path: Path) -> None:
    clip, _ = read_recording(save(tmp_path, array("CTVM")), Stated(ARM, 10.0))
    assert clip.data[1, 2, 3, 1] == value(1, 2, 3, 1)
    with pytest.raises(DataError, match=r"shape \(5, 4, 3\) .* what its axes are.*--axes TVC"):
        read_recording(save(tmp_path, array("TVC")), Stated(ARM, 10.0))


@pytest.mark.parametrize("axes", ["", "TV", "TC", "TVX", "TVCC", "tvc", "CTVMX", "T V C"])
def test_axes_must_be_letters_each_once(axes: str) -> None:
    with pytest.raises(DataError, match="each once and in the array's order; got"):
        check_axes(Path("a.npy"), axes)


def test_many_recordings_in_one_array_are_refused() -> None:
    with pytest.raises(DataError, match=r"a\.npy: axes 'NCTVM' hold N recordings"):
        check_axes(Path("a.npy"), "NCTVM")


def test_axes_must_be_as_many_as_the_array_has(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"shape \(3, 5, 4, 2\), axes 'TVC' name 3"):
        read_recording(save(tmp_path, array("CTVM")), Stated(ARM, 10.0, "TVC"))


def test_damaged_and_foreign_arrays_are_refused(tmp_path: Path) -> None:
    stated = Stated(ARM, 10.0, "TVC")
    path = save(tmp_path, array("TVC"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="is damaged"):
        read_recording(path, stated)
    for values in (np.zeros((2, 4, 3), dtype="c8"), np.zeros((0, 4, 3))):
        with pytest.raises(DataError, match="joints are at most"):
            read_recording(save(tmp_path, values), stated)
    with pytest.raises(DataError, match="too large for float32"):
        read_recording(save(tmp_path, np.full((2, 4, 3), 1e300)), stated)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    data = array("CTVM").astype(np.float32)
    data[0, 0, 0, 0] = np.nan
    write = FORMATS["npy"].write
    assert write is not None
    write(Clip(data, ARM, 10.0), tmp_path / "deep" / "joints.npy")
    again = read_recording(tmp_path / "deep" / "joints.npy", Stated(ARM, 10.0)).clip
    np.testing.assert_array_equal(again.data, data)
