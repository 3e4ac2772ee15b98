"""The header of a CSV table: which column is which value of which joint.

Legend: C channels, V joints.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU, XYZ
from kinestream.skeletons.skeleton import MAX_JOINTS

CHANNELS = (*XYZ, "score", *IMU)
TIMES = ("time_s", "time_ms", "timestamp")
BESIDE = ("frame", *TIMES, "person", "label")
MISSING = {"", "nan", "na", "null", "none"}

_VALUE = re.compile(rf"(.+?)_({'|'.join(sorted(CHANNELS, key=len, reverse=True))})")


@dataclass(frozen=True)
class Header:
    """What the columns of a table mean.

    Attributes:
        separator: What stands between cells.
        beside: The column of each name of :data:`BESIDE` that is there.
        joints: Joint names in their order.
        channels: Channel names in the order of :data:`CHANNELS`.
        columns: (V, C) column of each value.
    """

    separator: str
    beside: dict[str, int]
    joints: tuple[str, ...]
    channels: tuple[str, ...]
    columns: NDArray[np.int64]

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.columns.size + len(self.beside)

    @classmethod
    def of(cls, line: str) -> Header | None:
        """The header that a line is, or None."""
        separator = max(",;\t", key=line.count)
        if line.count(separator) > MAX_JOINTS * len(CHANNELS):
            return None
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
        except (csv.Error, StopIteration):
            return None
        beside = {cell.lower(): place for place, cell in enumerate(cells) if cell.lower() in BESIDE}
        values: dict[tuple[str, str], int] = {}
        for place, cell in enumerate(cells):
            found = _VALUE.fullmatch(cell)
            if found:
                values[found[1], found[2]] = place
        joints = tuple(dict.fromkeys(joint for joint, _ in values))
        channels = tuple(each for each in CHANNELS if any(each == name for _, name in values))
        if len(beside) + len(values) != len(cells) or len(values) != len(joints) * len(channels):
            return None
        if not channels or channels == ("score",) or len(joints) > MAX_JOINTS:
            return None
        columns = [[values[joint, channel] for channel in channels] for joint in joints]
        return cls(separator, beside, joints, channels, np.array(columns, dtype=np.int64))
