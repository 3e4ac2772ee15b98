"""C3D motion capture: the positions of labelled markers.

The file is read here rather than by a native library: those that there are crash the interpreter at
damaged files, which no error can be made of.

Unlabelled trajectories (an empty label, or one that begins with ``*``) are left out, and so are the
angles, forces, moments, powers and scalars that processing software keeps among the points. Of
``SUBJECT:MARKER`` the marker stays where that is still unique. A point with a negative residual, or
at exactly (0, 0, 0), was not seen. Analogue channels and events are not read.

Source: The C3D File Format, User Guide, Motion Lab Systems (c3d.org).

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES, Clip
from kinestream.errors import DataError
from kinestream.formats.c3d_parameters import BLOCK, Parameters, read_parameters
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.joints import agreed_layout, mirror_pairs
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import Skeleton
from kinestream.skeletons.skeleton import MAX_JOINTS

METRES = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001}
DERIVED = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS")

_WHAT = "a C3D file"
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class _Points:
    """Where the points of a file are, and what they mean.

    Attributes:
        count: Number of points in a frame.
        frames: Number of frames T.
        start: First byte of the data.
        stride: Bytes of a frame, with its analogue samples.
        scale: What whole numbers are multiplied by; None where values are floats.
        fps: Frames per second.
    """

    count: int
    frames: int
    start: int
    stride: int
    scale: float | None
    fps: float


def read_c3d(path: Path, stated: Stated) -> Reading:
    """Read the labelled points.

    The skeleton is the one stated, whose joints are found among the labels; else the shipped one
    with just these joints; else one of the labels, without bones. Values are brought to its unit
    where both are lengths; a skeleton of labels has the file's unit.

    Returns:
        The clip, (3, T, V, 1), and what had to be mended.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is no C3D file, it is damaged or holds no points.
        SkeletonError: The labels lack a joint of the skeleton stated.
    """
    parameters = read_parameters(path)
    points = _points(path, parameters)
    places, names, subject = _names(path, parameters, points.count)
    units = parameters.text("POINT", "UNITS").lower() or "mm"
    agreed = agreed_layout(path, names, stated.skeleton, more=True)
    if agreed is None:
        layout = Skeleton(path.stem, names, (), pairs=mirror_pairs(names), units=units)
        order = list(range(len(names)))
    else:
        layout, order = agreed
    factor = METRES[units] / METRES[layout.units] if {units, layout.units} <= set(METRES) else 1.0
    values = _values(path, parameters, points)[:, [places[joint] for joint in order]]  # (T, V, 4)
    with np.errstate(invalid="ignore", over="ignore"):
        joints = values[..., :3] * factor
        seen = (values[..., 3] >= 0) & (np.abs(joints) <= _LARGEST).all(axis=2)
    seen &= (joints != 0).any(axis=2)
    joints[~seen] = np.nan
    if not seen.any():
        raise DataError(f"{path}: no marker is seen in any of {points.frames} frames.")
    repairs = Repairs(
        rows=points.frames,
        missing_joints=int((~seen)[seen.any(axis=1)].sum()),
        empty_frames=int((~seen.any(axis=1)).sum()),
    )
    data = joints.transpose(2, 0, 1)[..., None].astype(np.float32)
    return Reading(Clip(data, layout, points.fps, subject=subject, source=str(path)), repairs)


def _points(path: Path, parameters: Parameters) -> _Points:
    words, floats = parameters.header_words, parameters.header_floats
    count, analogue, first, last = (int(word) for word in words[1:5])
    scale = parameters.number("POINT", "SCALE", floats[6])
    fps = parameters.number("POINT", "RATE", floats[10])
    block = int(parameters.number("POINT", "DATA_START", words[8]))
    begin = parameters.long_number("TRIAL", "ACTUAL_START_FIELD", first)
    end = parameters.long_number("TRIAL", "ACTUAL_END_FIELD", last)
    frames = int(parameters.number("POINT", "LONG_FRAMES", end - begin + 1))
    if count != parameters.number("POINT", "USED", count):
        raise DataError(
            f"{path} is damaged: its header and its parameters count points differently."
        )
    if not (count > 0 and frames > 0):
        raise DataError(
            f"{path} holds {count} points in {max(frames, 0)} frames; there must be some."
        )
    if not (0 < fps <= 1e6 and abs(scale) <= _LARGEST):
        raise DataError(f"{path} is damaged: rate {fps:g}, scale {scale:g}.")
    width = 4 if scale < 0 else 2
    stride = (4 * count + analogue) * width
    start, size = (block - 1) * BLOCK, path.stat().st_size
    if start < BLOCK or start + frames * stride > size:
        raise DataError(
            f"{path} claims {frames} frames of {count} points from byte {start} on, which its {size} "
            f"bytes do not hold: is it cut off?"
        )
    if frames * count * 4 > MAX_VALUES:
        raise DataError(f"{path} has {frames} frames of {count} points: cut it first.")
    rate = float(f"{fps:.6g}")  # a float32: 29.97 reads 29.9699993
    return _Points(count, frames, start, stride, None if scale < 0 else scale, rate)


def _values(path: Path, parameters: Parameters, points: _Points) -> NDArray[np.float64]:
    """(T, points, 4): x, y, z and a residual, negative where the point was not seen."""
    rows = np.memmap(path, np.uint8, "r", points.start, (points.frames, points.stride))
    if points.scale is None:
        raw = np.ascontiguousarray(rows[:, : 16 * points.count])
        return parameters.floats(raw).reshape(points.frames, -1, 4)
    raw = np.ascontiguousarray(rows[:, : 8 * points.count])
    whole = raw.view(parameters.int16).reshape(points.frames, -1, 4).astype(np.float64)
    whole[..., :3] *= points.scale
    return whole


def _names(
    path: Path, parameters: Parameters, count: int
) -> tuple[list[int], tuple[str, ...], str]:
    """Points that are labelled markers, their names, and the subject if it is a single one."""
    labels = parameters.texts("POINT", "LABELS")[:count]
    derived = {label for group in DERIVED for label in parameters.texts("POINT", group)}
    places = [
        place
        for place, label in enumerate(labels)
        if label and not label.startswith("*") and label not in derived
    ]
    if not 0 < len(places) <= MAX_JOINTS:
        raise DataError(
            f"{path} has {len(places)} labelled markers, 1 to {MAX_JOINTS} can be read."
        )
    whole = [labels[place] for place in places]
    parts = [label.rpartition(":") for label in whole]
    stripped = [name for _, _, name in parts]
    names = stripped if len(set(stripped)) == len(whole) and all(stripped) else whole
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path} labels two points {twice[:40]!r}: rename one.")
    subjects = {subject for subject, _, _ in parts}
    return places, tuple(names), next(iter(subjects)) if len(subjects) == 1 else ""


def _fits(head: Head) -> bool:
    return head.ending == ".c3d" and head.start[1:2] == b"\x50" and 0 < head.start[0] < 128


FORMAT = Format(
    name="c3d",
    title="C3D motion capture",
    endings=(".c3d",),
    fits=_fits,
    read=read_c3d,
    tells="positions of labelled markers, the rate, units and subject",
)
