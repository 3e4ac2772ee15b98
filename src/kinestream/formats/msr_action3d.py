"""MSR Action3D: one trimmed recording to a text file, 20 lines of x, y, z and confidence a frame.

The files of real-world coordinates are read, ``aAA_sSS_eEE_skeleton3D.txt``, in metres. Those of
image coordinates look the same but hold hundreds of pixels, and are refused. Confidences are
dropped: low ones stand beside positions that the tracker guessed. The sensor gave about 15 frames a
second.

Legend: C channels, T frames, V joints, M people.

Source: Li, Zhang, Liu, Action Recognition Based on a Bag of 3D Points, CVPRW 2010.
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
FARTHEST_M = 20.0
"""No joint is farther away; the sensor sees 4 m."""

_JOINTS = 20
_COLUMNS = 4


def read_msr_action3d(path: str | Path) -> tuple[Clip, Repairs]:
    """Read one recording.

    Returns:
        The clip, (3, T, 20, 1) metres at 15 Hz; action and subject come from the file's name. A
        joint at (0, 0, 0) was not tracked; some files have frames of nothing else.

    Raises:
        MissingFileError: There is no such file.
        DataError: A line does not hold 4 numbers, the last frame is not whole, or the coordinates
            are those of an image.
    """
    path = Path(path)
    data, repairs = without_unseen(_joints(path).transpose(2, 0, 1)[..., None])
    name = re.fullmatch(r"a(\d\d)_(s\d\d)_e\d\d_skeleton(3D)?\.txt", path.name)
    classes = class_list("msr_action3d")
    known = name is not None and 1 <= int(name[1]) <= len(classes)
    clip = Clip(
        data,
        skeleton("msr20"),
        FPS,
        classes=classes if known else (),
        labels=np.full(data.shape[1], int(name[1]) - 1) if name and known else None,
        subject=name[2] if name else "",
        source=str(path),
    )
    return clip, repairs


def _joints(path: Path) -> NDArray[np.float64]:
    """Positions, (T, 20, 3)."""
    rows: list[list[float]] = []
    for number, line in enumerate(read_lines(path, "MSR Action3D skeletons"), start=1):
        cells = line.split()
        row = finite_numbers(cells) if len(cells) == _COLUMNS else None
        if row is None and cells:
            raise DataError(
                f"{path} line {number}: an MSR Action3D joint is 4 numbers (x, y, z, confidence), "
                f"got {line[:40]!r}."
            )
        if row is not None:
            rows.append(row)
    if len(rows) % _JOINTS:
        raise DataError(
            f"{path} has {len(rows)} joints, which is no multiple of {_JOINTS}: the file is cut."
        )
    joints = np.array(rows).reshape(-1, _JOINTS, _COLUMNS)[..., :3]
    if np.abs(joints).max() > FARTHEST_M:
        raise DataError(
            f"{path} holds values up to {np.abs(joints).max():g}, so these are image coordinates: "
            f"read the set's real-world files, *_skeleton3D.txt."
        )
    return joints


def _fits(head: Head) -> bool:
    lines = head.lines[:_JOINTS]
    return len(lines) == _JOINTS and all(map(_is_joint, lines))


def _is_joint(line: str) -> bool:
    """Whether these are coordinates; four whole numbers could be a label with its span."""
    row = line.split()
    return len(row) == _COLUMNS and "." in line and finite_numbers(row) is not None


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_msr_action3d(path))


FORMAT = Format(
    name="msr_action3d",
    title="MSR Action3D",
    endings=(".txt",),
    fits=_fits,
    read=_read,
    tells="positions in metres at 15 Hz; action and subject from the file's name",
)
