"""MATLAB v5 files byte by byte, for samples and for files that lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MI_TYPES = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 9, "i8": 12}
HEADER = b"MATLAB 5.0 MAT-file, made by a test".ljust(124) + b"\0\x01IM"


def element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + b"\0" * (-len(content) % 8)


def short(kind: int, content: bytes) -> bytes:
    """An element of up to 4 bytes inside its own tag."""
    return struct.pack("<HH", kind, len(content)) + content.ljust(4, b"\0")


def begun(kind: int, shape: Sequence[int], name: str, flags: int = 0) -> bytes:
    """Flags, shape and name of a matrix."""
    return (
        element(6, struct.pack("<II", flags << 8 | kind, 0))
        + element(5, struct.pack(f"<{len(shape)}i", *shape))
        + element(1, name.encode())
    )


def matrix(body: bytes) -> bytes:
    return element(14, body)


def numbers(values: NDArray[np.generic], name: str = "", stored: str = "f8") -> bytes:
    """A matrix of doubles, stored as MATLAB would: in a smaller type where that is exact."""
    flat = np.asarray(values).astype(f"<{stored}").tobytes(order="F")
    shape = (*np.shape(values), 1, 1)[: max(2, np.ndim(values))]
    return matrix(begun(6, shape, name) + element(MI_TYPES[stored], flat))


def cells(values: Sequence[bytes], shape: Sequence[int] | None = None, name: str = "") -> bytes:
    return matrix(begun(1, shape or (1, len(values)), name) + b"".join(values))


def structs(fields: dict[str, bytes], name: str = "", length: int = 32) -> bytes:
    names = b"".join(field.encode().ljust(length, b"\0") for field in fields)
    head = begun(2, (1, 1), name) + short(5, struct.pack("<i", length)) + element(1, names)
    return matrix(head + b"".join(fields.values()))


def deflated(variable: bytes) -> bytes:
    """A variable as MATLAB packs it; such elements are not padded."""
    packed = zlib.compress(variable)
    return struct.pack("<II", 15, len(packed)) + packed
