"""Florence 3D actions: 215 trimmed Kinect v1 recordings in the cells of one MATLAB file.

A cell is a struct of ``original_skeletal_data`` (3 x 15 x T metres), ``subject`` and ``action``
(1 to 9). Its axes are across, away from the sensor and up; the clip has them as other Kinect sets
do: x across, y up, z away.

The set tells no frame rate. Its people sit down within 22 rows and drink from a bottle within 20,
which is a natural pace at about 15 rows a second and twice as fast as people are at 30.

Legend: C channels, T frames, V joints, M people.

Source: Seidenari, Varano, Berretti, Del Bimbo, Pala, Recognizing Actions from Depth Cameras as
Weakly Aligned Multi-Part Bag-of-Poses, CVPRW 2013.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Named, Reading, Stated
from kinestream.formats.parsing.class_lists import class_list
from kinestream.formats.parsing.matfile import (
    Cell,
    Numbers,
    Struct,
    Value,
    first_variable,
    read_variable,
)
from kinestream.formats.parsing.several import chosen
from kinestream.formats.parsing.unseen import without_unseen
from kinestream.skeletons import skeleton

FPS = 15.0
VARIABLE = "skeletal_data"
_JOINTS = 15


def read_all_florence3d(path: str | Path, fps: float = FPS) -> Iterator[Named]:
    """Read every recording, named ``a01_s01_n001``: action, subject and place in the file.

    Args:
        path: ``skeletal_data.mat``.
        fps: Frames per second, where you know better than :data:`FPS`.

    Yields:
        Clips of (3, T, 15, 1) metres with one label on all frames, and what was mended in them. A
        joint at (0, 0, 0), or one that is not finite, was not tracked.

    Raises:
        MissingFileError: There is no such file.
        DataError: The file is not what it should be.
    """
    path = Path(path)
    cells = read_variable(path, VARIABLE)
    if not isinstance(cells, Cell) or not cells.values:
        raise DataError(f"{path}: {VARIABLE} must be a cell array with a recording in each cell.")
    for place, cell in enumerate(cells.values, start=1):
        yield _recording(cell, place, path, fps)


def _recording(cell: Value, place: int, path: Path, fps: float) -> Named:
    where = f"{path} cell {place}"
    joints = _field(cell, "original_skeletal_data", where)
    if joints.shape[:2] != (3, _JOINTS) or joints.ndim > 3:
        raise DataError(f"{where}: joints must be 3 x {_JOINTS} x frames, got {joints.shape}.")
    across, away, up = joints.reshape(3, _JOINTS, -1)
    data, repairs = without_unseen(np.stack([across.T, up.T, away.T])[..., None])
    subject, action = _whole(cell, "subject", where), _whole(cell, "action", where)
    classes = class_list("florence3d")
    if action > len(classes):
        raise DataError(f"{where}: 'action' must be 1 to {len(classes)}, got {action}.")
    clip = Clip(
        data,
        skeleton("florence15"),
        fps,
        classes=classes,
        labels=np.full(data.shape[1], action - 1),
        subject=f"s{subject:02}",
        source=str(path),
    )
    return Named(f"a{action:02}_s{subject:02}_n{place:03}", clip, repairs)


def _field(cell: Value, name: str, where: str) -> Numbers:
    values = cell.fields.get(name, []) if isinstance(cell, Struct) else []
    if len(values) != 1 or not isinstance(values[0], np.ndarray):
        raise DataError(f"{where} must be a struct with numbers in its field {name!r}.")
    return values[0]


def _whole(cell: Value, name: str, where: str) -> int:
    """A field of one whole number from 1 to 999."""
    value = _field(cell, name, where)
    if value.size != 1 or not 1 <= value.item() <= 999 or value.item() != int(value.item()):
        raise DataError(f"{where}: {name!r} must be a whole number from 1, got {value.shape}.")
    return int(value.item())


def _fits(head: Head) -> bool:
    return first_variable(head.start) == VARIABLE


def _read(path: Path, stated: Stated) -> Reading:
    return chosen(path, _read_all(path, stated), stated.recording)


def _read_all(path: Path, stated: Stated) -> Iterator[Named]:
    return read_all_florence3d(path, FPS if stated.fps is None else stated.fps)


FORMAT = Format(
    name="florence3d",
    title="Florence 3D actions",
    endings=(".mat",),
    fits=_fits,
    read=_read,
    read_all=_read_all,
    tells="positions in metres, action and subject; all recordings in one file",
)
