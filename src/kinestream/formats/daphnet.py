"""Daphnet freezing of gait: three accelerometers of Parkinson's patients, 64 rows a second.

A row is the time in milliseconds, the acceleration of ankle, thigh and trunk in thousandths of
gravity, and an annotation: 0 outside the experiment, 1 no freeze, 2 freeze. The axes of a sensor
are forward, vertical and sideways. A sensor that gives (0, 0, 0), which gravity forbids, had no
connection; in one recording the ankle has none for half of the time.

Legend: C channels, T frames, V sensors, M people, R rows, S samples.

Source: Baechlin, Plotnik, Roggen, Maidan, Hausdorff, Giladi, Troester, Wearable Assistant for
Parkinson's Disease Patients With the Freezing of Gait Symptom, IEEE TITB 2010.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU, UNLABELLED, Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.clock import by_number
from kinestream.formats.parsing.textfile import finite_numbers, read_lines
from kinestream.formats.parsing.units import STANDARD_GRAVITY
from kinestream.formats.parsing.unseen import without_unseen
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

FPS = 64.0
MILLI_G = STANDARD_GRAVITY / 1000
"""A thousandth of standard gravity, m/s2."""

CLASSES = ("no_freeze", "freeze")

_ANNOTATIONS = {0.0: UNLABELLED, 1.0: 0, 2.0: 1}
_SENSORS = 3
_COLUMNS = 1 + 3 * _SENSORS + 1
_LATEST_MS = 1e12


def read_daphnet(path: str | Path) -> tuple[Clip, Repairs]:
    """Read one recording.

    Rows are put in the order of their times, which are multiples of 1/64 s cut to milliseconds; of
    rows with the same time the last one stays. Frames without a row are missing and unlabelled, as
    are those outside the experiment.

    Returns:
        The clip, (3, T, 3, 1) in m/s2 with :data:`CLASSES`, and what had to be mended. The subject
        comes from a name such as ``S01R02.txt``.

    Raises:
        MissingFileError: There is no such file.
        DataError: Half of the rows or more are damaged, an annotation is unknown, no sensor gives
            anything, or times span far more than the rows.
    """
    path = Path(path)
    rows, annotations, dropped = _rows(path)
    numbers = np.rint(rows[:, 0] * FPS / 1e3).astype(np.int64)
    clock = by_number(path, numbers, FPS)
    last = np.zeros(clock.num_samples, dtype=np.int64)
    last[clock.place] = np.arange(len(rows))  # of rows with one place the last is kept
    values = MILLI_G * rows[last, 1:].reshape(-1, _SENSORS, 3)  # (S, V, C)
    samples, unseen = without_unseen(values.transpose(2, 0, 1)[..., None])
    if np.isnan(samples).all():
        raise DataError(f"{path}: no sensor gives anything but zeros.")
    data, empty = clock.frames(path, samples)
    name = re.fullmatch(r"(S\d+)R\d+\.txt", path.name)
    clip = Clip(
        data,
        skeleton("daphnet3"),
        FPS,
        IMU[:3],
        classes=CLASSES,
        labels=clock.labels(annotations[last]),
        subject=name[1] if name else "",
        source=str(path),
    )
    counts = Repairs(
        rows=len(rows) + dropped,
        dropped_rows=dropped,
        duplicates=len(rows) - clock.num_samples,
        missing_joints=unseen.missing_joints,
    )
    return clip, counts + clock.repairs + empty


def _rows(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Times and values (R, 10), labels (R,), and how many other rows there are."""
    good: list[list[float]] = []
    labels: list[int] = []
    dropped = 0
    for number, line in enumerate(read_lines(path, "a Daphnet recording"), start=1):
        row = _row(line)
        if row is None:
            dropped += 1 if line.strip() else 0
            continue
        annotation = row.pop()
        if annotation not in _ANNOTATIONS:
            raise DataError(
                f"{path} line {number}: an annotation is 0, 1 or 2, got {annotation:g}."
            )
        good.append(row)
        labels.append(_ANNOTATIONS[annotation])
    if len(good) <= dropped:
        raise DataError(
            f"{path} is no Daphnet recording: {dropped} of {len(good) + dropped} rows do not hold "
            f"{_COLUMNS} numbers (time, 3 sensors x 3, annotation)."
        )
    return np.array(good), np.array(labels, dtype=np.int64), dropped


def _row(line: str) -> list[float] | None:
    cells = line.split()
    row = finite_numbers(cells) if len(cells) == _COLUMNS else None
    return row if row is not None and abs(row[0]) <= _LATEST_MS else None


def _fits(head: Head) -> bool:
    row = _row(head.lines[0]) if head.lines else None
    return row is not None and row[-1] in _ANNOTATIONS


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_daphnet(path))


FORMAT = Format(
    name="daphnet",
    title="Daphnet freezing of gait",
    endings=(".txt",),
    fits=_fits,
    read=_read,
    tells="acceleration in m/s2 at 64 Hz, freezing of gait, the subject from the name",
)
