"""IMU-FOG-IT: freezing of gait seen by seven IMUs on pelvis and legs, a CSV table for each trial.

The recordings are not public. Known is what RT-ST-GCN trains on: a graph of seven sensors with
acceleration and angular rate each, eight classes without their names, 264 trials for training and 112
for validation. The rest is an assumption, the simplest that holds this: a header with the columns
``time`` (seconds), ``SENSOR_CHANNEL`` (m/s2 and rad/s; ``pelvis_acc_x`` to ``right_foot_gyro_z``) and
``label`` (a class by name or by index from 0; -1 or nothing where it is not known), in any order. Class
names stand in ``actions.txt`` beside the trial or one folder up, one to a line; without it there are
two, no freeze and freeze. Recordings kept otherwise are to be given these columns first.

Legend: C channels, T frames, V sensors, M people, R rows, S samples.

Source: RT-ST-GCN (Yudayev, Filtjens, Balasch, MLSP 2024), for the sensors and their graph.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU, UNLABELLED, Clip
from kinestream.errors import DataError
from kinestream.formats.folder import ACTIONS
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.labels import read_classes
from kinestream.formats.parsing.clock import by_time
from kinestream.formats.parsing.textfile import finite_numbers, read_lines
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

CLASSES = ("no_freeze", "freeze")
SENSORS = skeleton("imu7").joints

_VALUES = tuple(f"{sensor}_{channel}" for sensor in SENSORS for channel in IMU)
_COLUMNS = ("time", *_VALUES, "label")
_WHAT = f"an IMU-FOG-IT table with the columns {', '.join(_COLUMNS[:3])}, ..., {_COLUMNS[-1]}"


def read_imu_fog_it(path: str | Path, fps: float | None = None) -> tuple[Clip, Repairs]:
    """Read one trial.

    Times give the rate. Where they are irregular, a frame shows the newest row at its time, and in
    pauses of more than half a second frames are unlabelled. A sensor with a value that is empty or
    not finite is missing.

    Args:
        path: The table.
        fps: Frames per second, where times are irregular or do not tell.

    Returns:
        The clip, (6, T, 7, 1) in m/s2 and rad/s with the classes of ``actions.txt`` or
        :data:`CLASSES`, and what had to be mended.

    Raises:
        MissingFileError: There is no such file.
        DataError: A column is missing, a label is unknown, half of the rows or more are damaged, or
            no sensor gives anything.
    """
    path = Path(path)
    classes = _classes(path)
    times_s, values, labels, dropped = _table(path, classes)
    clock = by_time(path, times_s, fps)
    last = np.zeros(clock.num_samples, dtype=np.int64)
    last[clock.place] = np.arange(len(times_s))  # of rows with one place the last is kept
    samples = values[last].transpose(2, 0, 1)[..., None]  # (C, S, V, 1)
    lost = np.isnan(samples[0]).sum() - len(SENSORS) * np.isnan(samples).all(axis=(0, 2, 3)).sum()
    data, empty = clock.frames(path, samples)
    clip = Clip(
        data,
        skeleton("imu7"),
        clock.fps,
        IMU,
        classes=classes,
        labels=clock.labels(labels[last]),
        source=str(path),
    )
    counts = Repairs(
        rows=len(times_s) + dropped,
        dropped_rows=dropped,
        duplicates=len(times_s) - clock.num_samples,
        missing_joints=int(lost),
    )
    return clip, counts + clock.repairs + empty


def _classes(path: Path) -> tuple[str, ...]:
    folder = path.absolute().parent
    places = (folder / ACTIONS, folder.parent / ACTIONS)
    found = next((place for place in places if place.is_file()), None)
    return CLASSES if found is None else read_classes(found)


def _table(
    path: Path, classes: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.int64], int]:
    """Times (R,), values (R, V, C) with NaN for missing sensors, labels (R,), and damaged rows."""
    lines = read_lines(path, _WHAT)
    header = _header(lines[0])
    if header is None:
        raise DataError(f"{path} begins with {lines[0][:60]!r}; expected {_WHAT}.")
    known = {"": UNLABELLED, str(UNLABELLED): UNLABELLED}
    known |= {str(index): index for index in range(len(classes))}
    known |= {name: index for index, name in enumerate(classes)}
    time, label = header.index("time"), header.index("label")
    order = [header.index(name) for name in _VALUES]
    times: list[float] = []
    values: list[NDArray[np.float32]] = []
    labels: list[int] = []
    dropped = 0
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line.split(",")]
        moment = finite_numbers([cells[time]]) if len(cells) == len(header) else None
        row = None if moment is None else _row([cells[place] for place in order])
        if moment is None or row is None:
            dropped += 1 if line.strip() else 0
            continue
        if cells[label] not in known:
            raise DataError(
                f"{path} line {number}: a label is an index from 0 to {len(classes) - 1} or one of "
                f"{', '.join(classes[:20])}, got {cells[label][:40]!r}."
            )
        times += moment
        values.append(row)
        labels.append(known[cells[label]])
    if len(times) <= dropped:
        raise DataError(f"{path}: {dropped} rows are damaged and {len(times)} can be read.")
    table = np.stack(values).reshape(-1, len(SENSORS), len(IMU))
    table[~np.isfinite(table).all(axis=2)] = np.nan
    if np.isnan(table).all():
        raise DataError(f"{path}: no sensor gives anything.")
    return np.array(times), table, np.array(labels, dtype=np.int64), dropped


def _row(cells: list[str]) -> NDArray[np.float32] | None:
    """Values, NaN where a cell is empty; None where one is no number."""
    try:
        row = np.array([float(cell or "nan") for cell in cells])
    except ValueError:
        return None
    with np.errstate(over="ignore"):  # what becomes infinite is missing
        return row.astype(np.float32)


def _header(line: str) -> list[str] | None:
    cells = [cell.strip() for cell in line.split(",")]
    return cells if sorted(cells) == sorted(_COLUMNS) else None


def _fits(head: Head) -> bool:
    return bool(head.lines) and _header(head.lines[0]) is not None


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_imu_fog_it(path, stated.fps))


FORMAT = Format(
    name="imu_fog_it",
    title="IMU-FOG-IT freezing of gait",
    endings=(".csv",),
    fits=_fits,
    read=_read,
    tells="acceleration and angular rate of seven sensors, freezing of gait",
)
