"""UTD-MHAD inertial sensor: one trimmed recording to a MATLAB file, ``d_iner`` T x 6.

The sensor was worn on the right wrist, or on the right thigh for actions of the legs. Columns are
acceleration in g and angular rate in degrees a second.

Legend: C channels, T frames, V joints, M people.

Source: Chen, Jafari, Kehtarnavaz, UTD-MHAD: A Multimodal Dataset for Human Action Recognition
Utilizing a Depth Camera and a Wearable Inertial Sensor, ICIP 2015.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.clips import IMU, Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.matfile import first_variable, read_variable
from kinestream.formats.parsing.units import STANDARD_GRAVITY
from kinestream.formats.repairs import Repairs
from kinestream.formats.utd_mhad import told_by_name
from kinestream.skeletons import skeleton

FPS = 50.0

VARIABLE = "d_iner"
_UNITS = np.array([STANDARD_GRAVITY] * 3 + [np.pi / 180] * 3)


def read_utd_mhad_inertial(path: str | Path) -> tuple[Clip, Repairs]:
    """Read the inertial sensor of one recording.

    Returns:
        The clip, (6, T, 1, 1) in m/s2 and rad/s at 50 Hz; action and subject come from the file's
        name. A sample with something that is not finite is missing, and counted.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is no MATLAB v5 file with ``d_iner`` of T x 6.
    """
    path = Path(path)
    values = read_variable(path, VARIABLE)
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.shape[1] != len(IMU):
        shape = values.shape if isinstance(values, np.ndarray) else "cells or structs"
        raise DataError(f"{path}: {VARIABLE} must be samples x {len(IMU)}, got {shape}.")
    with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is missing
        data = (values * _UNITS).astype(np.float32)
    missing = ~np.isfinite(data).all(axis=1)
    data[missing] = np.nan
    classes, labels, subject = told_by_name(path, len(data))
    clip = Clip(
        data.T[..., None, None],
        skeleton("utdmhad1"),
        FPS,
        IMU,
        classes=classes,
        labels=labels,
        subject=subject,
        source=str(path),
    )
    return clip, Repairs(rows=len(data), missing_joints=int(missing.sum()))


def _fits(head: Head) -> bool:
    return first_variable(head.start) == VARIABLE


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_utd_mhad_inertial(path))


FORMAT = Format(
    name="utd_mhad_inertial",
    title="UTD-MHAD inertial sensor",
    endings=(".mat",),
    fits=_fits,
    read=_read,
    tells="acceleration in m/s2 and angular rate in rad/s at 50 Hz; action and subject by name",
)
