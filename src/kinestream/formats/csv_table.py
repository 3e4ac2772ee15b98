"""CSV tables of joints or sensors, with a header that names them.

A column is ``JOINT_x``, ``JOINT_y``, ``JOINT_z``, ``JOINT_score``, or ``SENSOR_acc_x`` to
``SENSOR_gyro_z``; every joint has the same channels. Cells may be separated by commas, semicolons or
tabs, and an empty one is missing. Besides there may be

frame                                        frame numbers; missing ones are empty frames
time_s, time_ms, timestamp                   times; a timestamp counts milliseconds where neighbours
                                             are 1 or more apart, else seconds
person                                       a number or name, for a row per person and frame
label                                        a class name per frame, empty where there is none

Times give the rate; irregular ones are put on a clock. Classes are sorted by name, so that files
with the same actions agree.

Legend: C channels, T frames, V joints, M people, R rows, S samples.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import UNLABELLED, Clip
from kinestream.errors import DataError
from kinestream.formats.csv_header import MISSING, TIMES, Header
from kinestream.formats.csv_layout import in_layout, layout_of
from kinestream.formats.csv_writer import write_csv_table
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.clock import Clock, by_number, by_time
from kinestream.formats.parsing.jsonfile import LARGEST
from kinestream.formats.parsing.people import scene
from kinestream.formats.parsing.textfile import read_lines
from kinestream.formats.repairs import Repairs

_WHAT = "a table whose header names joints and channels (JOINT_x, JOINT_y, ...)"
_COMMA, _WHOLE = re.compile(r"-?\d{1,20},\d{1,20}"), re.compile(r"-?\d{1,20}")


@dataclass(frozen=True)
class _Table:
    """Rows that can be read.

    Attributes:
        values: (R, V, C), NaN where a cell is missing.
        beside: Cells of the columns that are no values, by name.
        repairs: Counts of rows, and of those left out.
    """

    values: NDArray[np.float32]
    beside: dict[str, list[str]]
    repairs: Repairs


def read_csv_table(path: Path, stated: Stated) -> Reading:
    """Read a table.

    The joints are some of the skeleton that is stated, the others are NaN; where none is stated,
    all of a shipped skeleton's, in any order, or a skeleton of the table's own.

    Returns:
        The clip, (C, T, V, M), and what had to be mended.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is not what it should be, or nothing tells its frame rate.
        SkeletonError: A joint is not among those of the skeleton stated.
    """
    lines = read_lines(path, _WHAT)
    header = Header.of(lines[0])
    if header is None:
        raise DataError(f"{path} begins with {lines[0][:60]!r}; expected {_WHAT}.")
    layout, places = layout_of(path, header, stated.skeleton)
    table = _table(path, lines[1:], header)
    clock = _clock(path, table, stated)
    samples, repairs = scene(path, clock.num_samples, clock.place, _people(table), table.values)
    found, empty = clock.frames(path, samples)
    data = in_layout(path, found, places, layout.num_joints)
    repairs += empty + clock.repairs + table.repairs
    classes: tuple[str, ...] = ()
    labels = None
    if "label" in table.beside:
        classes, given, differing = _labels(table.beside["label"], clock)
        labels = clock.labels(given)
        repairs += Repairs(label_disagreements=differing)
    clip = Clip(
        data,
        layout,
        clock.fps,
        header.channels,
        classes,
        labels if classes else None,
        "",
        str(path),
    )
    return Reading(clip, repairs)


def _table(path: Path, lines: list[str], header: Header) -> _Table:
    order = header.columns.ravel()
    rows: list[NDArray[np.float32]] = []
    beside: dict[str, list[str]] = {name: [] for name in header.beside}
    dropped, commas = 0, False
    try:
        for cells in csv.reader(lines, delimiter=header.separator):
            if len(cells) < 2 and not any(cell.strip() for cell in cells):
                continue
            row = _values(cells, order) if len(cells) == header.width else None
            if row is None:
                dropped += 1
                commas = commas or _decimal_commas(cells, header)
                continue
            rows.append(row)
            for name, place in header.beside.items():
                beside[name].append(cells[place].strip())
    except csv.Error as error:
        raise DataError(f"{path} is damaged ({error}); expected {_WHAT}.") from None
    if not rows and not dropped:
        raise DataError(f"{path} has a header and no rows; expected {_WHAT}.")
    if len(rows) <= dropped:
        raise DataError(
            f"{path}: {dropped} rows do not hold {header.width} cells of numbers, {len(rows)} do"
            + ("; decimals are written with a comma, write a point." if commas else ".")
        )
    values = np.stack(rows).reshape(len(rows), *header.columns.shape)
    return _Table(values, beside, Repairs(rows=len(rows) + dropped, dropped_rows=dropped))


def _decimal_commas(cells: list[str], header: Header) -> bool:
    """Whether a row is one whose decimals are written with a comma."""
    if header.separator != ",":
        return any(_COMMA.fullmatch(cell.strip()) for cell in cells)
    return len(cells) > header.width and all(_WHOLE.fullmatch(cell.strip()) for cell in cells)


def _values(cells: list[str], order: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """The cells in an order as numbers, NaN where one is missing; None where one is no number."""
    wanted = [cells[place] for place in order]
    try:
        row = np.array([float(cell) for cell in wanted])
    except ValueError:
        try:
            row = np.array([_number(cell) for cell in wanted])
        except ValueError:
            return None
    row[~(np.abs(row) <= LARGEST)] = math.nan
    return row.astype(np.float32)


def _number(cell: str) -> float:
    return math.nan if cell.strip().lower() in MISSING else float(cell)


def _clock(path: Path, table: _Table, stated: Stated) -> Clock:
    for name in TIMES:
        if name in table.beside:
            times = _column(path, table, name)
            if name == "time_ms" or (name == "timestamp" and _counts_ms(times)):
                times /= 1e3
            return by_time(path, times, stated.fps)
    fps = stated.needed_fps(path)
    if "frame" in table.beside:
        numbers = _column(path, table, "frame")
        if (numbers != np.rint(numbers)).any() or (np.abs(numbers) > 1e15).any():
            raise DataError(f"{path}: the column frame must hold whole numbers.")
        return by_number(path, numbers.astype(np.int64), fps)
    if "person" in table.beside:
        raise DataError(f"{path} has a column person, so it needs a column frame or time_s too.")
    return by_number(path, np.arange(len(table.values)), fps)


def _column(path: Path, table: _Table, name: str) -> NDArray[np.float64]:
    try:
        column = np.array([float(cell) for cell in table.beside[name]])
    except ValueError:
        column = np.array([math.nan])
    if not (np.abs(column) <= LARGEST).all():
        raise DataError(f"{path}: the column {name} must hold a number in every row.")
    return column


def _counts_ms(times: NDArray[np.float64]) -> bool:
    spacing = np.diff(np.unique(times))
    return bool(len(spacing)) and float(np.median(spacing)) >= 1


def _people(table: _Table) -> NDArray[np.int64]:
    """(R,) who is in each row; the same person in all of them where no column tells."""
    names = table.beside.get("person", [""] * len(table.values))
    slots = {name: slot for slot, name in enumerate(sorted(set(names), key=_by_number))}
    return np.array([slots[name] for name in names], dtype=np.int64)


def _by_number(name: str) -> tuple[int, str]:
    return (int(name), "") if re.fullmatch(r"\d{1,15}", name) else (-1, name)


def _labels(cells: list[str], clock: Clock) -> tuple[tuple[str, ...], NDArray[np.int64], int]:
    """Class names, the label of each sample, and in how many its rows have different ones."""
    named = [
        cell if cell.lower() not in MISSING and cell != str(UNLABELLED) else "" for cell in cells
    ]
    classes = tuple(sorted(set(named) - {""}))
    index = {"": UNLABELLED} | {name: k for k, name in enumerate(classes)}
    rows = np.array([index[name] for name in named], dtype=np.int64)
    _, first = np.unique(clock.place, return_index=True)
    labels = rows[first]
    differing = np.unique(clock.place[rows != labels[clock.place]])
    return classes, labels, len(differing)


def _fits(head: Head) -> bool:
    header = Header.of(head.lines[0]) if head.lines else None
    return header is not None


FORMAT = Format(
    name="csv",
    title="CSV table with a header",
    endings=(".csv", ".tsv"),
    fits=_fits,
    read=read_csv_table,
    write=write_csv_table,
    tells="positions or IMU values of any skeleton, any number of people, times, labels",
)
