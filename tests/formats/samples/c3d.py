"""A C3D file byte by byte: what the format's own guide says, without the reader's code."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.formats import Stated

STATED = Stated()
LABELS = ("anna:LASI", "anna:RASI", "*7", "anna:KNEE")


def group(number: int, name: str) -> bytes:
    return struct.pack("<bb", len(name), -number) + name.encode() + struct.pack("<hB", 3, 0)


def parameter(
    number: int, name: str, kind: int, shape: Sequence[int], raw: bytes, order: str = "<"
) -> bytes:
    rest = struct.pack("<bB", kind, len(shape)) + bytes(shape) + raw + b"\0"
    head = struct.pack("<bb", len(name), number) + name.encode()
    return head + struct.pack(order + "h", len(rest) + 2) + rest


def texts(number: int, name: str, values: Sequence[str]) -> bytes:
    width = max(map(len, values))
    raw = "".join(value.ljust(width) for value in values).encode()
    return parameter(number, name, -1, (width, len(values)), raw)


def content(
    points: NDArray[np.float32],
    labels: Sequence[str] = LABELS,
    *,
    units: str = "mm",
    fps: float = 100.0,
    scale: float = -1.0,
    analogue: int = 0,
    more: bytes = b"",
) -> bytes:
    """A file of points (T, V, 4), the fourth value a residual; whole numbers if scale is above 0."""
    frames, count, _ = points.shape
    records = group(1, "POINT") + group(2, "TRIAL")
    records += parameter(1, "USED", 2, (), struct.pack("<h", count))
    records += parameter(1, "RATE", 4, (), struct.pack("<f", fps))
    records += texts(1, "LABELS", labels) + texts(1, "UNITS", [units]) + more + b"\0\0"
    blocks = -(-(len(records) + 4) // 512)
    section = (bytes([1, 80, blocks, 84]) + records).ljust(blocks * 512, b"\0")
    header = struct.pack(
        "<BBHHHHHfHHf", 2, 80, count, analogue, 1, frames, 0, scale, 2 + blocks, 0, fps
    )
    rows = points.reshape(frames, -1)
    if scale > 0:
        whole = np.rint(points / [scale, scale, scale, 1]).astype("<i2").reshape(frames, -1)
        data = np.concatenate([whole, np.zeros((frames, analogue), "<i2")], axis=1).tobytes()
    else:
        data = np.concatenate([rows, np.zeros((frames, analogue))], axis=1).astype("<f4").tobytes()
    return header.ljust(512, b"\0") + section + data


def write(folder: Path) -> Path:
    points = np.zeros((3, 4, 4), dtype=np.float32)
    points[..., :3] = np.arange(36).reshape(3, 4, 3) + 1
    points[1, 0] = (0, 0, 0, -1)
    (folder / "walk.c3d").write_bytes(content(points))
    return folder / "walk.c3d"
