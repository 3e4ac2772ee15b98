"""The header and the parameters of a C3D file.

The header is a block of 512 bytes, 16-bit words. Parameters are records in groups: a length and a
group number, the name, the distance to the next record, then a type, dimensions and values. Groups
are records with a negative number. How numbers are written (Intel, DEC or MIPS processors) stands at
the beginning of the parameters.

Source: The C3D File Format, User Guide, Motion Lab Systems (c3d.org).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError, MissingFileError

BLOCK = 512
INTEL, DEC, MIPS = 84, 85, 86

_TEXT, _SIZES = -1, {-1: 1, 1: 1, 2: 2, 4: 4}


@dataclass(frozen=True)
class _Value:
    """A parameter: its type (-1 text, 1 byte, 2 integer, 4 float), dimensions and bytes."""

    kind: int
    shape: tuple[int, ...]
    raw: bytes


@dataclass(frozen=True)
class Parameters:
    """What a C3D file says about its data.

    Attributes:
        processor: Whose way of writing numbers it uses, 84 Intel, 85 DEC, 86 MIPS.
        header: The first block.
        values: Parameters by group and name.
    """

    processor: int
    header: bytes
    values: dict[tuple[str, str], _Value]

    @property
    def int16(self) -> np.dtype[np.int16]:
        """The type of whole numbers."""
        return np.dtype(">i2" if self.processor == MIPS else "<i2")

    @property
    def header_words(self) -> NDArray[np.int64]:
        """(256,) the header's words as numbers of 0 and more."""
        words = np.frombuffer(self.header, self.int16).astype(np.int64)
        return words & 0xFFFF

    @property
    def header_floats(self) -> list[float]:
        """For each word of the header, the float that begins there."""
        starts = range(0, BLOCK - 3, 2)
        raw = b"".join(self.header[start : start + 4] for start in starts)
        return [float(value) for value in self.floats(np.frombuffer(raw, np.uint8))]

    def floats(self, raw: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Contiguous bytes as floats; NaN where a value is none."""
        if self.processor == DEC:  # words the other way round, an exponent that is 2 larger
            swapped = np.ascontiguousarray(raw.view("<u2").reshape(-1, 2)[:, ::-1])
            with np.errstate(invalid="ignore"):
                return swapped.view("<f4").ravel().astype(np.float64) / 4
        with np.errstate(invalid="ignore"):
            return raw.view(">f4" if self.processor == MIPS else "<f4").ravel().astype(np.float64)

    def number(self, group: str, name: str, otherwise: float) -> float:
        """The first number of a parameter; a whole number counts from 0 on."""
        found = self._numbers(group, name)
        return found[0] if found else float(otherwise)

    def long_number(self, group: str, name: str, otherwise: int) -> int:
        """A whole number in two words, the lower one first."""
        found = self._numbers(group, name)
        if len(found) < 2 or not all(0 <= word <= 0xFFFF for word in found[:2]):
            return otherwise
        return int(found[0]) + (int(found[1]) << 16)

    def text(self, group: str, name: str) -> str:
        """The first text of a parameter; empty where there is none."""
        return next(iter(self.texts(group, name)), "")

    def texts(self, group: str, name: str) -> list[str]:
        """All texts of a parameter and of those that continue it (``LABELS2``, ``LABELS3``)."""
        found: list[str] = []
        for number in count(1):
            value = self.values.get((group, name if number == 1 else f"{name}{number}"))
            if value is None or value.kind != _TEXT or not value.shape or not value.shape[0]:
                return found
            raw, width = value.raw, value.shape[0]
            parts = [raw[start : start + width] for start in range(0, len(raw), width)]
            found += [part.decode("utf-8", "replace").strip(" \0") for part in parts]
        return found

    def _numbers(self, group: str, name: str) -> list[float]:
        value = self.values.get((group, name))
        if value is None or value.kind == _TEXT:
            return []
        if value.kind == 4:
            found = [float(each) for each in self.floats(np.frombuffer(value.raw, np.uint8))]
        else:
            kind = self.int16 if value.kind == 2 else np.dtype(np.uint8)
            found = [int(each) & 0xFFFF for each in np.frombuffer(value.raw, kind)]
        return found if all(math.isfinite(each) for each in found) else []


def read_parameters(path: Path) -> Parameters:
    """Read the header and the parameters, which are at most 130 kB.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is no C3D file, or its parameters are damaged.
    """
    if not path.is_file():
        raise MissingFileError(f"there is no recording {path}.")
    with open(path, "rb") as file:
        header = file.read(BLOCK)
        if len(header) < BLOCK or header[1] != 0x50 or not header[0]:
            raise DataError(f"{path} is not a C3D file: it does not begin with a C3D header.")
        file.seek((header[0] - 1) * BLOCK)
        start = file.read(4)
        section = start + file.read(max(len(start) == 4 and start[2] * BLOCK - 4, 0))
    if len(section) < BLOCK or section[3] not in (INTEL, DEC, MIPS):
        raise DataError(f"{path} is damaged: its parameters are missing.")
    return Parameters(section[3], header, _records(path, section))


def _records(path: Path, section: bytes) -> dict[tuple[str, str], _Value]:
    order = "big" if section[3] == MIPS else "little"
    groups: dict[int, str] = {}
    values: dict[tuple[int, str], _Value] = {}
    place = 4
    while place + 2 <= len(section) and section[place]:
        length = abs(int.from_bytes(section[place : place + 1], signed=True))
        group = int.from_bytes(section[place + 1 : place + 2], signed=True)
        name = section[place + 2 : place + 2 + length].decode("latin-1").upper()
        here = place + 2 + length
        onward = int.from_bytes(section[here : here + 2], order, signed=True)  # type: ignore[arg-type]
        if group < 0:
            groups[-group] = name
        else:
            values[group, name] = _value(path, section, here + 2, name)
        if onward <= 0:
            break
        place = here + onward
    return {(groups.get(group, ""), name): value for (group, name), value in values.items()}


def _value(path: Path, section: bytes, place: int, name: str) -> _Value:
    kind = int.from_bytes(section[place : place + 1], signed=True)
    rank = section[place + 1] if place + 1 < len(section) else 255
    shape = tuple(section[place + 2 : place + 2 + rank])
    size = _SIZES.get(kind, 0) * math.prod(shape)
    raw = section[place + 2 + rank : place + 2 + rank + size]
    if rank > 7 or len(shape) < rank or kind not in _SIZES or len(raw) < size:
        raise DataError(f"{path} is damaged: the parameter {name[:40]!r} cannot be read.")
    return _Value(kind, shape, raw)
