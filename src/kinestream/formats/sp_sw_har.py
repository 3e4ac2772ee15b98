"""SP-SW-HAR: a phone and a watch, two CSV files of one execution, become one IMU graph at 25 Hz.

Rows hold acceleration (m/s2), angular rate (rad/s), a timestamp (ms) and a label, at about 100 Hz
with jitter. A frame at time t is the mean of a device's rows in (t - 40 ms, t]: the mean damps what
25 Hz cannot carry, and nothing after t is used, so a live stream can do the same without delay.

Source: Matey-Sanz, Casteleyn, Granell, Dataset of inertial measurements of smartphones and
smartwatches for human activity recognition, Data in Brief 2023, 109809.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU, MAX_VALUES, UNLABELLED, Clip
from kinestream.errors import DataError, MissingFileError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.textfile import finite_numbers, read_lines
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

FPS = 25.0
STEP_MS = 40
GAP_MS = 50
LONG_GAP_MS = 500
CLASSES = ("SEATED", "STANDING_UP", "WALKING", "TURNING", "SITTING_DOWN")

_VALUES = ("x_acc", "y_acc", "z_acc", "x_gyro", "y_gyro", "z_gyro", "timestamp")
_COLUMNS = (*_VALUES, "label")
_WHAT = f"a phone or watch file with the columns {', '.join(_COLUMNS)}"

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def execution_name(path: Path) -> str | None:
    """Execution that a file name stands for, ``s01_02``; None where it names none.

    >>> execution_name(Path("s01_02_sw.csv"))
    's01_02'
    """
    found = re.fullmatch(r"(s\d+_\d+)_s[pw]\.csv", path.name)
    return found.group(1) if found else None


def device_files(path: Path) -> tuple[Path, Path]:
    """Phone and watch file of the execution that either of them belongs to.

    Raises:
        DataError: The file name is not ``sNN_EE_sp.csv`` or ``sNN_EE_sw.csv``.
    """
    name = execution_name(path)
    if name is None:
        raise DataError(
            f"{path} is not an SP-SW-HAR recording: its two files are named sNN_EE_sp.csv (phone) "
            f"and sNN_EE_sw.csv (watch)."
        )
    return path.with_name(f"{name}_sp.csv"), path.with_name(f"{name}_sw.csv")


def read_sp_sw_har(path: str | Path) -> tuple[Clip, Repairs]:
    """Read one execution, both devices, onto a common 25 Hz clock.

    The clock runs over the time both devices recorded. A frame without a row of a device repeats
    that device's last frame; inside a pause of more than half a second of either device the frame
    is unlabelled too. A frame's label is the phone's newest label; where the watch's differs, the
    frame is counted.

    Args:
        path: Either of the two files; the other is found beside it.

    Returns:
        The clip, (6, T, 2, 1) with phone and watch as joints, and what had to be mended.

    Raises:
        MissingFileError: One of the two files does not exist.
        DataError: A file is not what it should be, or the devices never recorded at once.
    """
    path = Path(path)
    files = device_files(path)
    for file in files:
        if not file.is_file():
            raise MissingFileError(f"there is no {file}: an execution needs its phone and watch.")
    phone, watch = (_read_device(file) for file in files)
    grid = _common_clock(phone, watch, path)
    data = np.stack([phone.frames_at(grid), watch.frames_at(grid)], axis=-1)  # (T, C, V)
    labels, watch_labels = phone.labels_at(grid), watch.labels_at(grid)
    held = phone.in_long_gap(grid) | watch.in_long_gap(grid)
    repairs = phone.repairs + watch.repairs
    repairs += Repairs(
        filled_frames=int((phone.is_empty(grid) | watch.is_empty(grid))[~held].sum()),
        held_frames=int(held.sum()),
        label_disagreements=int((labels != watch_labels).sum()),
    )
    clip = Clip(
        data=np.moveaxis(data, 1, 0)[..., None].astype(np.float32),
        skeleton=skeleton("phonewatch2"),
        fps=FPS,
        channels=IMU,
        classes=CLASSES,
        labels=np.where(held, UNLABELLED, labels),
        subject=path.name.partition("_")[0],
        source=str(files[0]),
    )
    return clip, repairs


@dataclass(frozen=True)
class _Device:
    """Rows of one device in the order of time.

    Attributes:
        time_ms: (R,) not decreasing.
        values: (R, 6) acceleration, then angular rate.
        labels: (R,) class index.
        repairs: What was mended while reading.
    """

    time_ms: Array
    values: Array
    labels: Labels
    repairs: Repairs

    def frames_at(self, grid: Array) -> Array:
        """(T, 6): the mean of the rows in the bin that ends at each time, else the frame before."""
        inside = (self.time_ms > grid[0] - STEP_MS) & (self.time_ms <= grid[-1])
        place = np.ceil((self.time_ms[inside] - grid[0]) / STEP_MS).astype(np.int64)
        count = np.bincount(place, minlength=len(grid))
        total = [
            np.bincount(place, weights=column, minlength=len(grid))
            for column in self.values[inside].T
        ]
        mean = np.stack(total, axis=1) / np.maximum(count, 1)[:, None]
        if count[0] == 0:
            mean[0] = self.values[self._newest(grid[:1])[0]]
        last = np.maximum.accumulate(np.where(count > 0, np.arange(len(grid)), 0))
        return np.asarray(mean[last])

    def labels_at(self, grid: Array) -> Labels:
        """(T,): the newest label at each time."""
        return self.labels[self._newest(grid)]

    def is_empty(self, grid: Array) -> NDArray[np.bool_]:
        """(T,): no row fell into the bin."""
        return self.time_ms[self._newest(grid)] <= grid - STEP_MS

    def in_long_gap(self, grid: Array) -> NDArray[np.bool_]:
        """(T,): no row fell into the bin, and the rows around it are over half a second apart."""
        newest = self._newest(grid)
        following = self.time_ms[np.minimum(newest + 1, len(self.time_ms) - 1)]
        return self.is_empty(grid) & (following - self.time_ms[newest] > LONG_GAP_MS)

    def _newest(self, grid: Array) -> NDArray[np.int64]:
        return np.searchsorted(self.time_ms, grid, side="right") - 1


def _common_clock(phone: _Device, watch: _Device, path: Path) -> Array:
    start = max(phone.time_ms[0], watch.time_ms[0])
    end = min(phone.time_ms[-1], watch.time_ms[-1])
    if end < start:
        raise DataError(
            f"{path}: phone and watch never recorded at the same time, there are "
            f"{(start - end) / 1000:.1f} s between them."
        )
    count = math.floor((end - start) / STEP_MS) + 1
    if count * 2 * len(IMU) > MAX_VALUES:
        raise DataError(
            f"{path}: timestamps span {(end - start) / 1000:.0f} s, too long for one clip: cut the "
            f"recording first."
        )
    return np.asarray(start + STEP_MS * np.arange(count, dtype=np.float64))


def _read_device(path: Path) -> _Device:
    lines = read_lines(path, _WHAT)
    header = [cell.strip() for cell in lines[0].split(",")]
    if len(set(header)) != len(header) or set(header) != set(_COLUMNS):
        raise DataError(f"{path} begins with {lines[0][:60]!r}; expected {_WHAT}.")
    order = [header.index(name) for name in _VALUES]
    where = header.index("label")
    table, labels, dropped = [], [], 0
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split(",")
        row = finite_numbers([cells[c] for c in order]) if len(cells) == len(header) else None
        if row is None:
            dropped += 1 if line.strip() else 0
            continue
        table.append(row)
        labels.append(_class_index(cells[where].strip(), f"{path} line {number}"))
    if len(table) <= dropped:
        raise DataError(f"{path}: {dropped} rows are damaged and {len(table)} can be read.")
    return _sorted_device(np.array(table), np.array(labels, dtype=np.int64), dropped)


def _sorted_device(table: Array, labels: Labels, dropped: int) -> _Device:
    backwards = int((np.diff(table[:, -1]) < 0).sum())
    order = np.argsort(table[:, -1], kind="stable")
    time_ms = table[order, -1]
    spacing = np.diff(time_ms)
    repairs = Repairs(
        rows=len(table) + dropped,
        dropped_rows=dropped,
        duplicates=int((spacing == 0).sum()),
        backwards=backwards,
        gaps=int((spacing > GAP_MS).sum()),
        long_gaps=int((spacing > LONG_GAP_MS).sum()),
    )
    return _Device(time_ms, table[order, :-1], labels[order], repairs)


def _class_index(label: str, where: str) -> int:
    try:
        return CLASSES.index(label)
    except ValueError:
        raise DataError(
            f"{where}: label {label!r} is outside the list; allowed are {', '.join(CLASSES)}."
        ) from None


def _fits(head: Head) -> bool:
    return execution_name(head.path) is not None or set(head.columns(",")) == set(_COLUMNS)


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_sp_sw_har(path))


FORMAT = Format(
    name="sp_sw_har",
    title="SP-SW-HAR phone and watch",
    endings=(".csv",),
    fits=_fits,
    read=_read,
    tells="acceleration and angular rate with labels; both files of an execution are read",
)
