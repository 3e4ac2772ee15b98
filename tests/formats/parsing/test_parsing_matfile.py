"""MATLAB v5 files: against scipy's reader and writer, and byte by byte for files that lie."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.parsing import matfile
from kinestream.formats.parsing.matfile import Cell, Struct, first_variable, read_variable
from tests.formats.matlab_files import (
    HEADER,
    begun,
    cells,
    deflated,
    element,
    matrix,
    numbers,
    short,
    structs,
)

ONE = numbers(np.array([[1.0]]))


def written(folder: Path, *variables: bytes, header: bytes = HEADER) -> Path:
    path = folder / "any.mat"
    path.write_bytes(header + b"".join(variables))
    return path


@pytest.mark.parametrize("pack", [deflated, bytes])
@pytest.mark.parametrize("stored", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8"])
def test_numbers_come_back_whatever_type_keeps_them(tmp_path: Path, pack: Any, stored: str) -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    read = read_variable(written(tmp_path, pack(numbers(values, "x", stored))), "x")
    np.testing.assert_array_equal(read, values)


def test_what_scipy_writes_is_read_as_scipy_reads_it(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    rng = np.random.default_rng(0)
    cell = np.empty((2, 1), dtype=object)
    cell[0, 0] = {
        "joints": rng.normal(size=(3, 4, 5)),
        "who": np.uint8(7),
        "none": np.zeros((0, 0)),
    }
    cell[1, 0] = rng.integers(-9, 9, (2, 2)).astype(np.int16)
    variables = {
        "wide": rng.normal(size=(3, 7)).astype(np.float32),
        "deep": rng.normal(size=(2, 3, 4, 5)),
        "note": "text beside the numbers",
        "cell": cell,
    }
    for packed in (True, False):
        path = tmp_path / f"{packed}.mat"
        scipy_io.savemat(path, variables, do_compression=packed)
        expected = scipy_io.loadmat(path)
        for name in ("wide", "deep"):
            np.testing.assert_array_equal(read_variable(path, name), expected[name])
        found = read_variable(path, "cell")
        assert isinstance(found, Cell)
        first, second = found.values
        assert isinstance(first, Struct)
        assert {key: np.shape(each[0]) for key, each in first.fields.items()} == {
            "joints": (3, 4, 5),
            "who": (1, 1),
            "none": (0, 0),
        }
        np.testing.assert_array_equal(
            first.fields["joints"][0], expected["cell"][0, 0]["joints"][0, 0]
        )
        np.testing.assert_array_equal(second, expected["cell"][1, 0])
        with pytest.raises(DataError, match="it holds text"):
            read_variable(path, "note")


def test_files_of_the_other_byte_order_are_read(tmp_path: Path) -> None:
    body = (
        struct.pack(">IIII", 6, 8, 6, 0)
        + struct.pack(">IIii", 5, 8, 1, 2)
        + struct.pack(">HHcxxx", 1, 1, b"x")
        + struct.pack(">IIdd", 9, 16, 1.5, -2.0)
    )
    path = written(
        tmp_path, struct.pack(">II", 14, len(body)), body, header=HEADER[:124] + b"\x01\0MI"
    )
    np.testing.assert_array_equal(read_variable(path, "x"), [[1.5, -2.0]])
    assert first_variable(path.read_bytes()) == "x"


def test_the_first_name_is_told_by_the_first_bytes(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(50, 50))
    for pack in (deflated, bytes):
        content = written(tmp_path, pack(numbers(values, "d_skel")), pack(ONE)).read_bytes()
        assert first_variable(content[:1000]) == "d_skel"
        for end in range(130):
            assert first_variable(content[:end]) == ""
    assert first_variable(b"") == first_variable(b"x" * 1000) == ""


def test_other_variables_are_skipped_unread(tmp_path: Path) -> None:
    thing = matrix(begun(17, (1, 1), "thing") + b"\xff" * 16)
    path = written(tmp_path, thing, deflated(thing), deflated(numbers(np.eye(2), "x")))
    np.testing.assert_array_equal(read_variable(path, "x"), np.eye(2))
    with pytest.raises(DataError, match="has no variable 'y'"):
        read_variable(path, "y")


@pytest.mark.parametrize("kind", [3, 4, 5, 16, 17, 99])
def test_only_numbers_cells_and_structs_are_read(tmp_path: Path, kind: int) -> None:
    body = begun(kind, (1, 1), "x") + element(9, bytes(8))
    for value in (matrix(body), cells([matrix(body)], name="x")):
        with pytest.raises(DataError, match="where numbers, cells or structs are read"):
            read_variable(written(tmp_path, value), "x")


def nested(depth: int) -> bytes:
    value = ONE
    for level in range(depth):
        value = cells([value], name="x" if level == depth - 1 else "")
    return value


BOMB = zlib.compress(element(14, begun(6, (1 << 11, 1 << 10), "x") + element(9, bytes(1 << 24))))

WRONG = {
    "complex": matrix(begun(6, (1, 1), "x", flags=8) + element(9, bytes(8)) + element(9, bytes(8))),
    "claims 2^31 cells": cells([ONE], (2**31 - 1, 1), "x"),
    "claims 2^62 cells": cells([ONE], (2**31 - 1, 2**31 - 1), "x"),
    "claims 2^62 numbers": matrix(begun(6, (2**31 - 1, 2**31 - 1), "x") + element(9, bytes(8))),
    "a negative shape": matrix(begun(6, (-1, -1), "x") + element(9, bytes(8))),
    "one axis": matrix(begun(6, (1,), "x") + element(9, bytes(8))),
    "forty axes": matrix(begun(6, (1,) * 40, "x") + element(9, bytes(8))),
    "no shape": matrix(begun(6, (), "x") + element(9, bytes(8))),
    "half a number": matrix(begun(6, (1, 1), "x") + element(9, bytes(7))),
    "an unknown type": matrix(begun(6, (1, 1), "x") + element(77, bytes(8))),
    "a matrix as numbers": matrix(begun(6, (1, 1), "x") + ONE),
    "flags of floats": matrix(element(9, struct.pack("<d", float("inf"))) + begun(6, (1, 1), "x")),
    "a long short element": matrix(begun(6, (1, 1), "x") + struct.pack("<HHI", 9, 8, 0)),
    "an element beyond the end": matrix(begun(6, (1, 1), "x") + struct.pack("<II", 9, 1 << 31)),
    "numbers in a cell": matrix(begun(1, (1, 1), "x") + element(9, bytes(8))),
    "field names of length 0": structs({"a": ONE}, "x", 0),
    "field names of length -1": matrix(
        begun(2, (1, 1), "x") + short(5, b"\xff" * 4) + element(1, b"abcd") + ONE
    ),
    "too many fields": matrix(
        begun(2, (1, 1), "x") + short(5, struct.pack("<i", 1)) + element(1, b"a" * 4000) + ONE
    ),
    "too deep": nested(40),
    "far too deep": nested(2000),
    "a variable of another type": element(9, bytes(8)),
    "a cut variable": numbers(np.eye(3), "x")[:-8],
    "garbage that is deflated": struct.pack("<II", 15, 8) + b"notzlib!",
    "a deflated number": deflated(element(9, bytes(8))),
    "deflated in deflated": deflated(deflated(numbers(np.eye(3), "x"))),
    "a wrong checksum": deflated(numbers(np.eye(3), "x"))[:-1] + b"\0",
    "a cut stream": struct.pack("<II", 15, 60) + zlib.compress(numbers(np.eye(9), "x"))[:60],
    "more than it claims": deflated(numbers(np.eye(3), "x") + ONE),
    "a bomb": struct.pack("<II", 15, len(BOMB)) + BOMB,
    "4 GiB claimed": deflated(struct.pack("<II", 14, 2**32 - 1) + begun(6, (1, 1), "x")),
}


@pytest.mark.parametrize("variable", WRONG.values(), ids=WRONG.keys())
def test_a_variable_that_lies_is_refused(tmp_path: Path, variable: bytes) -> None:
    path = written(tmp_path, variable)
    with pytest.raises(DataError) as caught:
        read_variable(path, "x")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_small_arrays_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matfile, "MAX_ARRAYS", 10)
    with pytest.raises(DataError, match="more than 10 arrays"):
        read_variable(written(tmp_path, cells([ONE] * 10, name="x")), "x")
    with pytest.raises(DataError, match="more than 1000 variables"):
        read_variable(written(tmp_path, ONE * 1001), "x")


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"", "is not that of a MATLAB v5 file"),
        (HEADER[:-2] + b"??", "is not that of a MATLAB v5 file"),
        (b"MATLAB 7.3 MAT-file".ljust(512), "save it in MATLAB with -v7"),
        (b"\x89HDF\r\n\x1a\n", "save it in MATLAB with -v7"),
    ],
)
def test_other_files_are_named(tmp_path: Path, header: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_variable(written(tmp_path, header=header), "x")


def test_a_file_that_is_missing_or_too_large_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"nowhere\.mat"):
        read_variable(tmp_path / "nowhere.mat", "x")
    path = written(tmp_path)
    with open(path, "ab") as file:
        file.truncate(matfile.MAX_BYTES + 1)
    with pytest.raises(DataError, match="67108865 bytes"):
        read_variable(path, "x")


def test_bytes_that_were_hurt_are_refused_or_give_numbers(tmp_path: Path) -> None:
    whole = HEADER + cells([structs({"a": numbers(np.eye(3)), "b": ONE}), ONE], name="x")
    rng = np.random.default_rng(0)
    path = tmp_path / "any.mat"
    for _ in range(500):
        hurt = bytearray(whole)
        for place in rng.integers(124, len(whole), rng.integers(1, 4)):
            hurt[place] = rng.integers(0, 256)
        path.write_bytes(hurt[: rng.integers(100, 2 * len(whole))])
        try:
            read_variable(path, "x")
        except DataError as error:
            assert "\n" not in str(error)
