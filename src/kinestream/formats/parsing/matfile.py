"""MATLAB v5 files from outside: numbers, cells and structs of them, and nothing that could run.

A file is a header of 128 bytes and elements: a tag (type, bytes) and what it holds. A variable is a
matrix element, alone or deflated. Everything that a tag or a header claims is held against the
bytes that are there before memory is taken, and no more is inflated than the first tag says.

Source: The MathWorks, MAT-File Format, sections on level 5 files.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError, MissingFileError

MAX_BYTES = 1 << 26  # of a file, and of a variable that was deflated
MAX_RATIO = 100  # deflated variables above 1 MiB may not be denser
MAX_ARRAYS = 1 << 17
MAX_VARIABLES = 1000
MAX_DEPTH = 8

Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """A cell array's values, the first axis fastest."""

    values: list[Value]


@dataclass(frozen=True)
class Struct:
    """A struct array's values by field, the first axis fastest."""

    fields: dict[str, list[Value]]


Value: TypeAlias = Numbers | Cell | Struct

_HEADER = 128
_MATRIX, _DEFLATED = 14, 15
_NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
_CELL, _STRUCT, _NUMERIC = 1, 2, range(6, 16)
_REFUSED = {3: "an object", 4: "text", 5: "a sparse matrix", 16: "a function", 17: "an object"}
_COMPLEX = 0x08
_NOTHING = np.zeros((0, 0))


class _Wrong(Exception):
    """What is wrong with the bytes, without the file's name."""


class _Element(NamedTuple):
    """One element: its type, what it holds, and the bytes after it."""

    kind: int
    content: memoryview
    rest: memoryview


class _Matrix(NamedTuple):
    """How a matrix begins: its class, flags, shape and name, and the bytes after that."""

    kind: int
    flags: int
    shape: tuple[int, ...]
    name: str
    rest: memoryview


def read_variable(path: str | Path, name: str) -> Value:
    """Read one variable of a MATLAB v5 file; others are skipped unread.

    Returns:
        Numbers as float64 with MATLAB's shape, a cell array or a struct array.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is no such file, it is damaged or too large, it lacks the variable, or the
            variable holds something else than real numbers, cells and structs.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}; expected a MATLAB v5 file with {name}.")
    if path.stat().st_size > MAX_BYTES:
        raise DataError(
            f"{path} has {path.stat().st_size} bytes, a .mat file may have {MAX_BYTES}."
        )
    content = path.read_bytes()
    try:
        order = _byte_order(content)
        for deflated, body in _variables(memoryview(content)[_HEADER:], order):
            if _begun(_start(body) if deflated else body, order).name == name:
                return _Reader(order).value(_inflated(body, order) if deflated else body, 0)
    except _Wrong as wrong:
        raise DataError(f"{path} cannot be read as a MATLAB v5 file: {wrong}.") from None
    except (ValueError, zlib.error):
        raise DataError(f"{path} is a damaged MATLAB v5 file.") from None
    raise DataError(f"{path} has no variable {name!r}.")


def first_variable(start: bytes) -> str:
    """Name of the first variable, from the first bytes of a file; empty where there is none."""
    try:
        order = _byte_order(start)
        tag = np.frombuffer(start, f"{order}u4", 2, _HEADER)
        body = memoryview(start)[_HEADER + 8 :]
        return _begun(_start(body) if tag[0] == _DEFLATED else body, order).name
    except (_Wrong, ValueError, zlib.error):
        return ""


def _byte_order(content: bytes) -> str:
    mark = content[_HEADER - 4 : _HEADER]
    if content.startswith((b"MATLAB 7.3", b"\x89HDF")):
        raise _Wrong("it is a v7.3 file: save it in MATLAB with -v7")
    if mark not in (b"\0\x01IM", b"\x01\0MI"):
        raise _Wrong("its header is not that of a MATLAB v5 file")
    return "<" if mark.endswith(b"IM") else ">"


def _variables(view: memoryview, order: str) -> Iterator[tuple[bool, memoryview]]:
    """For every variable, whether it is deflated, and its bytes."""
    for _ in range(MAX_VARIABLES):
        if not view:
            return
        kind, content, view = _element(view, order, padded=False)
        if kind not in (_MATRIX, _DEFLATED):
            raise _Wrong(f"an element of type {kind} stands where a variable should")
        yield kind == _DEFLATED, content
    raise _Wrong(f"it holds more than {MAX_VARIABLES} variables")


def _start(deflated: memoryview) -> memoryview:
    """The first bytes of a deflated matrix, after its tag."""
    return memoryview(zlib.decompressobj().decompress(deflated, 512))[8:]


def _inflated(deflated: memoryview, order: str) -> memoryview:
    """The bytes of a deflated matrix, after its tag; refused before they take too much memory."""
    stream = zlib.decompressobj()
    kind, size = np.frombuffer(stream.decompress(deflated, 8), f"{order}u4", 2).tolist()
    if kind != _MATRIX:
        raise _Wrong(f"an element of type {kind} stands where a matrix should")
    if size > min(MAX_BYTES, max(1 << 20, MAX_RATIO * len(deflated))):
        raise _Wrong(f"a variable of {len(deflated)} bytes claims to unpack to {size}")
    content = stream.decompress(stream.unconsumed_tail, size) if size else b""
    more = stream.decompress(stream.unconsumed_tail, 1)
    if len(content) != size or more or not stream.eof:
        raise _Wrong("a variable does not unpack to the size it claims")
    return memoryview(content)


def _element(view: memoryview, order: str, padded: bool = True) -> _Element:
    """Take one element off the front; a short one holds its up to 4 bytes inside the tag."""
    kind, size = np.frombuffer(view, f"{order}u4", 2).tolist()
    if kind >> 16:
        kind, size = kind & 0xFFFF, kind >> 16
        if size > 4:
            raise _Wrong(f"a short element claims {size} bytes")
        return _Element(kind, view[4 : 4 + size], view[8:])
    if size > len(view) - 8:
        raise _Wrong(f"an element claims {size} bytes where {len(view) - 8} are left")
    end = 8 + size
    return _Element(kind, view[8:end], view[end + (-size % 8 if padded else 0) :])


def _numbers(element: _Element, order: str) -> NDArray[np.generic]:
    if element.kind not in _NUMBERS:
        raise _Wrong(f"an element of type {element.kind} stands where numbers should")
    return np.frombuffer(element.content, f"{order}{_NUMBERS[element.kind]}")


def _integers(element: _Element, order: str) -> list[int]:
    values = _numbers(element, order)
    if values.dtype.kind not in "iu" or not values.size:
        raise _Wrong("whole numbers are missing where an array's shape should be told")
    return [int(value) for value in values.tolist()]


def _begun(view: memoryview, order: str) -> _Matrix:
    """Flags, shape and name of a matrix."""
    flags = _element(view, order)
    shape = _element(flags.rest, order)
    name = _element(shape.rest, order)
    word = _integers(flags, order)[0]
    sizes = tuple(_integers(shape, order))
    if not 2 <= len(sizes) <= 32 or min(sizes) < 0:
        raise _Wrong(f"a matrix claims the shape {sizes[:5]}")
    text = bytes(name.content).decode("latin-1")
    return _Matrix(word & 0xFF, word >> 8 & 0xFF, sizes, text, name.rest)


class _Reader:
    """Values of one variable, counted so that a small file cannot become millions of arrays."""

    def __init__(self, order: str) -> None:
        self._order = order
        self._arrays = 0

    def value(self, view: memoryview, depth: int) -> Value:
        if not view:
            return _NOTHING
        self._arrays += 1
        if depth > MAX_DEPTH or self._arrays > MAX_ARRAYS:
            raise _Wrong(f"it nests deeper than {MAX_DEPTH} or holds more than {MAX_ARRAYS} arrays")
        matrix = _begun(view, self._order)
        if matrix.kind == _CELL:
            return Cell(self._values(matrix.rest, math.prod(matrix.shape), depth))
        if matrix.kind == _STRUCT:
            return self._struct(matrix, depth)
        if matrix.kind not in _NUMERIC or matrix.flags & _COMPLEX:
            what = _REFUSED.get(matrix.kind, "something that is no real numbers")
            raise _Wrong(f"it holds {what} where numbers, cells or structs are read")
        numbers = _numbers(_element(matrix.rest, self._order), self._order)
        if numbers.size != math.prod(matrix.shape):
            raise _Wrong(f"{numbers.size} numbers stand for the shape {matrix.shape}")
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN too
            return numbers.astype(np.float64).reshape(matrix.shape, order="F")

    def _struct(self, matrix: _Matrix, depth: int) -> Struct:
        length = _element(matrix.rest, self._order)
        names = _element(length.rest, self._order)
        step = _integers(length, self._order)[0]
        if not 1 <= step <= 64 or len(names.content) % step:
            raise _Wrong(f"field names of {step} bytes do not fill {len(names.content)} bytes")
        text = bytes(names.content).decode("latin-1")
        fields = [text[i : i + step].partition("\0")[0] for i in range(0, len(text), step)]
        count = math.prod(matrix.shape)
        values = self._values(names.rest, count * len(fields), depth)
        return Struct({field: values[i :: len(fields)] for i, field in enumerate(fields)})

    def _values(self, view: memoryview, count: int, depth: int) -> list[Value]:
        if count > len(view) // 8:
            raise _Wrong(f"{count} matrices are claimed where {len(view)} bytes are left")
        values = []
        for _ in range(count):
            kind, content, view = _element(view, self._order)
            if kind != _MATRIX:
                raise _Wrong(f"an element of type {kind} stands where a matrix should")
            values.append(self.value(content, depth + 1))
        return values
