"""UTD-MHAD skeletons: one trimmed Kinect v1 recording to a MATLAB file, ``d_skel`` 20 x 3 x T.

Legend: C channels, T frames, V joints, M people.

Source: Chen, Jafari, Kehtarnavaz, UTD-MHAD: A Multimodal Dataset for Human Action Recognition
Utilizing a Depth Camera and a Wearable Inertial Sensor, ICIP 2015.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.class_lists import class_list
from kinestream.formats.parsing.matfile import first_variable, read_variable
from kinestream.formats.parsing.unseen import without_unseen
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

FPS = 30.0
VARIABLE = "d_skel"
_JOINTS = 20


class Told(NamedTuple):
    """What a file's name tells: class names, the label of every frame, and who is seen."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64] | None
    subject: str


def told_by_name(path: Path, frames: int) -> Told:
    """What ``aA_sS_tT_skeleton.mat`` or ``..._inertial.mat`` tells; nothing for other names.

    >>> told_by_name(Path("a3_s8_t1_inertial.mat"), 2).subject
    's8'
    """
    classes = class_list("utd_mhad")
    name = re.fullmatch(r"a(\d{1,2})_(s\d+)_t\d+_(skeleton|inertial)\.mat", path.name)
    if name is None or not 1 <= int(name[1]) <= len(classes):
        return Told((), None, "")
    return Told(classes, np.full(frames, int(name[1]) - 1), name[2])


def read_utd_mhad(path: str | Path) -> tuple[Clip, Repairs]:
    """Read the skeletons of one recording.

    Returns:
        The clip, (3, T, 20, 1) metres at 30 Hz; action and subject come from the file's name. A
        joint at (0, 0, 0), or one that is not finite, was not tracked.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is no MATLAB v5 file with ``d_skel`` of 20 x 3 x T.
    """
    path = Path(path)
    values = read_variable(path, VARIABLE)
    if not isinstance(values, np.ndarray) or values.shape[:2] != (_JOINTS, 3) or values.ndim > 3:
        shape = values.shape if isinstance(values, np.ndarray) else "cells or structs"
        raise DataError(f"{path}: {VARIABLE} must be {_JOINTS} x 3 x frames, got {shape}.")
    joints = values.reshape(_JOINTS, 3, -1)  # MATLAB drops the last axis of a single frame
    data, repairs = without_unseen(joints.transpose(1, 2, 0)[..., None])
    classes, labels, subject = told_by_name(path, data.shape[1])
    clip = Clip(
        data,
        skeleton("utd20"),
        FPS,
        classes=classes,
        labels=labels,
        subject=subject,
        source=str(path),
    )
    return clip, repairs


def _fits(head: Head) -> bool:
    return first_variable(head.start) == VARIABLE


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_utd_mhad(path))


FORMAT = Format(
    name="utd_mhad",
    title="UTD-MHAD skeletons",
    endings=(".mat",),
    fits=_fits,
    read=_read,
    tells="positions in metres at 30 Hz; action and subject from the file's name",
)
