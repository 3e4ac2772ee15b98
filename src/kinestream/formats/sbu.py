"""SBU Kinect interaction: two people, one trimmed recording to a ``skeleton_pos.txt``.

A row is a frame number and 2 x 15 joints of x, y and z with commas between them. Values stay as the
file has them: x and y are parts of the picture, 0 to 1, and z is scaled too. The set's read-me
gives the way back to the tracker's units: 1280 - 2560 x, 960 - 1920 y and 1280 z.

Recordings lie in ``s01s02/03/001``: the pair of people, the action (1 to 8) and the repetition.

Legend: C channels, T frames, V joints, M people.

Source: Yun, Honorio, Chattopadhyay, Berg, Samaras, Two-person Interaction Detection Using
Body-Pose Features and Multiple Instance Learning, CVPRW 2012.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.class_lists import class_list
from kinestream.formats.parsing.textfile import finite_numbers, read_lines
from kinestream.formats.parsing.unseen import without_unseen
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

FPS = 15.0
_PEOPLE, _JOINTS = 2, 15
_COLUMNS = 1 + 3 * _PEOPLE * _JOINTS


def read_sbu(path: str | Path) -> tuple[Clip, Repairs]:
    """Read one recording.

    Rows stay in the file's order and are taken as neighbouring frames; rows that do not hold the
    numbers are left out and counted.

    Returns:
        The clip, (3, T, 15, 2) normalised coordinates at 15 Hz; the action and the pair come from
        the folders. A joint at (0, 0, 0) was not tracked.

    Raises:
        MissingFileError: There is no such file.
        DataError: Half of the rows or more are damaged.
    """
    path = Path(path)
    rows, dropped = _rows(path)
    joints = rows[:, 1:].reshape(len(rows), _PEOPLE, _JOINTS, 3)
    data, repairs = without_unseen(joints.transpose(3, 0, 2, 1))
    steps = np.diff(rows[:, 0])
    repairs += Repairs(
        rows=dropped,
        dropped_rows=dropped,
        duplicates=int((steps == 0).sum()),
        backwards=int((steps < 0).sum()),
        gaps=int((steps > 1).sum()),
    )
    pair, action = _told_by_folders(path)
    clip = Clip(
        data,
        skeleton("sbu15"),
        FPS,
        classes=() if action is None else class_list("sbu"),
        labels=None if action is None else np.full(len(rows), action),
        subject=pair,
        source=str(path),
    )
    return clip, repairs


def _rows(path: Path) -> tuple[NDArray[np.float64], int]:
    """Rows that hold the numbers, (T, 91), and how many others there are."""
    lines = [line for line in read_lines(path, "SBU skeletons") if line.strip()]
    good = [row for row in map(_row, lines) if row is not None]
    if 2 * len(good) <= len(lines):
        raise DataError(
            f"{path} is no file of SBU skeletons: {len(lines) - len(good)} of {len(lines)} lines "
            f"do not hold {_COLUMNS} numbers (frame number, then 2 people x 15 joints x 3)."
        )
    return np.array(good), len(lines) - len(good)


def _row(line: str) -> list[float] | None:
    cells = [cell.strip() for cell in line.split(",")]
    if cells[-1] == "":  # a comma may end the line
        cells.pop()
    return finite_numbers(cells) if len(cells) == _COLUMNS else None


def _told_by_folders(path: Path) -> tuple[str, int | None]:
    """The pair of people and the class; empty and None where the folders do not tell them."""
    found = re.fullmatch(r"(s\d\ds\d\d)/(\d{1,2})/\d+", "/".join(path.absolute().parts[-4:-1]))
    if found is None or not 1 <= int(found[2]) <= len(class_list("sbu")):
        return "", None
    return found[1], int(found[2]) - 1


def _fits(head: Head) -> bool:
    return bool(head.lines) and _row(head.lines[0]) is not None


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_sbu(path))


FORMAT = Format(
    name="sbu",
    title="SBU Kinect interaction",
    endings=(".txt",),
    fits=_fits,
    read=_read,
    tells="normalised positions of two people at 15 Hz; the action and the pair from the folders",
)
