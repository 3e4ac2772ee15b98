"""HuGaDB: six IMUs on the legs, a text file for each continuous recording, versions 1 and 2.

Three lines that begin with ``#``, a line of column names, then 39 columns: acceleration and angular
rate of right foot, shin and thigh and of the left ones, the two muscle sensors, and the activity. The
muscle sensors are left out. Values are 16-bit numbers for 2 g and 2000 degrees a second, and become
m/s2 and rad/s; the published MS-GCN weights were trained on numbers scaled otherwise.

Some recordings of version 1 hold angular rates that were amplified tenfold and cut off; the authors
list them with their data. They are read as they are.

Legend: C channels, T frames, V sensors, M people.

Source: Chereshnev, Kertesz-Farkas, HuGaDB: Human Gait Database for Activity Recognition from
Wearable Inertial Sensor Networks, AIST 2017.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU, UNLABELLED, Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.class_lists import class_list
from kinestream.formats.parsing.textfile import finite_numbers, read_lines
from kinestream.formats.parsing.units import STANDARD_GRAVITY
from kinestream.formats.parsing.unseen import without_unseen
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

FPS = 1000 / 17
"""The authors count 2,111,962 samples in 35,903 s: one every 17 ms."""

ACCELERATION = 2 * STANDARD_GRAVITY / 2**15
"""m/s2 in a unit of the files, whose range is 2 g."""

ANGULAR_RATE = math.radians(2000) / 2**15
"""rad/s in a unit of the files, whose range is 2000 degrees a second."""

_SENSORS = 6
_VALUES = _SENSORS * len(IMU)
_COLUMNS = _VALUES + 2 + 1
_LARGEST = 2**15
_UNITS = np.array([ACCELERATION] * 3 + [ANGULAR_RATE] * 3)
_NAME = re.compile(r"(?:HuGaDB|HGD)_v\d+_\w+_(\d+)_\d+")


def read_hugadb(path: str | Path) -> tuple[Clip, Repairs]:
    """Read one recording.

    A damaged row leaves a frame without values and label, so that time stays right. Activity 0 is
    no label.

    Returns:
        The clip, (6, T, 6, 1) in m/s2 and rad/s at 58.8 Hz, with the 12 activities as classes, and
        what had to be mended. The subject comes from the file's name.

    Raises:
        MissingFileError: There is no such file.
        DataError: Half of the rows or more are damaged, or an activity is unknown.
    """
    path = Path(path)
    values, labels, dropped = _rows(path)
    imu = values.reshape(-1, _SENSORS, len(IMU)) * _UNITS  # (T, V, C)
    data, repairs = without_unseen(imu.transpose(2, 0, 1)[..., None])
    name = _NAME.fullmatch(path.stem)
    clip = Clip(
        data,
        skeleton("hugadb6"),
        FPS,
        IMU,
        classes=class_list("hugadb"),
        labels=labels,
        subject=name[1] if name else "",
        source=str(path),
    )
    return clip, repairs + Repairs(dropped_rows=dropped)


def _rows(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Values (T, 36), NaN in damaged rows; labels (T,); and how many rows are damaged."""
    lines = read_lines(path, "a HuGaDB recording")
    begin = next((at for at, line in enumerate(lines) if _row(line) is not None), len(lines))
    end = max((at + 1 for at, line in enumerate(lines) if line.strip()), default=0)
    count = max(end - begin, 0)
    values = np.full((count, _VALUES), np.nan)
    labels = np.full(count, UNLABELLED)
    dropped = 0
    for at in range(count):
        row = _row(lines[begin + at])
        if row is None:
            dropped += 1
            continue
        activity = row[-1]
        if activity not in range(len(class_list("hugadb")) + 1):
            raise DataError(
                f"{path} line {begin + at + 1}: an activity is a number from 1 to "
                f"{len(class_list('hugadb'))}, or 0 for none, got {activity:g}."
            )
        values[at] = row[:_VALUES]
        labels[at] = int(activity) - 1
    if count <= 2 * dropped:
        raise DataError(
            f"{path} is no HuGaDB recording: {count - dropped} of {len(lines)} lines hold {_COLUMNS} "
            f"16-bit numbers (6 sensors x 6, 2 muscles, activity)."
        )
    return values, labels, dropped


def _row(line: str) -> list[float] | None:
    cells = line.split()
    row = finite_numbers(cells) if len(cells) == _COLUMNS else None
    return row if row is not None and max(map(abs, row)) <= _LARGEST else None


def _fits(head: Head) -> bool:
    return any(_row(line) is not None for line in head.lines[:5]) and (
        head.lines[0].startswith("#Activity") or _NAME.fullmatch(head.path.stem) is not None
    )


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_hugadb(path))


FORMAT = Format(
    name="hugadb",
    title="HuGaDB",
    endings=(".txt",),
    fits=_fits,
    read=_read,
    tells="acceleration and angular rate in m/s2 and rad/s at 58.8 Hz, activities; no muscle sensors",
)
