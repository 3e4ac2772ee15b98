"""BVH motion capture: a hierarchy of joints, and their channels for every frame.

The joints' rotations (degrees) and offsets become positions by forward kinematics. A joint's matrix
is the product of its rotations in the order in which the file lists them. Position channels are the
joint's whole translation from its parent; an axis without one keeps its offset. Values stay in the
file's unit, which BVH does not tell (mostly centimetres): the skeleton's units are ``file`` unless a
skeleton is stated. An end site becomes a joint ``NAME_end``, unless it lies in its joint.

Source: Biovision BVH, as described by Meredith and Maddock, Motion Capture File Formats Explained,
University of Sheffield, 2001.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES, Clip
from kinestream.errors import DataError
from kinestream.formats.bvh_hierarchy import BVH, Joint, joint_positions, read_hierarchy
from kinestream.formats.bvh_writer import write_bvh
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.parsing.joints import agreed_layout, mirror_pairs
from kinestream.formats.parsing.textfile import finite_numbers, read_lines
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import Skeleton

UNITS = "file"
BLOCK = 1 << 18  # joints times frames that are worked on at once

Array = NDArray[np.float64]


def read_bvh(path: Path, stated: Stated) -> Reading:
    """Read the positions of all joints.

    Returns:
        The clip, (3, T, V, 1) in the file's unit. Its skeleton is the one stated, which may have
        fewer joints; else the shipped one with just these joints; else it is made of the hierarchy.

    Raises:
        MissingFileError: There is no such file.
        DataError: The hierarchy or a frame is not what it should be.
        SkeletonError: The skeleton that was stated has other joints.
    """
    lines = read_lines(path, BVH)
    motion = next((n for n, line in enumerate(lines) if line.strip().upper() == "MOTION"), None)
    if motion is None:
        raise DataError(f"{path} has no line MOTION; expected {BVH}.")
    joints = read_hierarchy(path, lines[:motion])
    values, fps = _motion(path, lines[motion + 1 :], motion + 2, joints)
    frames = len(values)
    if frames * len(joints) * 3 > MAX_VALUES:
        raise DataError(f"{path} has {frames} frames, too long for one clip: cut it first.")
    data = np.empty((3, frames, len(joints), 1), dtype=np.float32)
    step = max(BLOCK // len(joints), 1)
    for begin in range(0, frames, step):
        block = joint_positions(joints, values[begin : begin + step])  # (T, V, 3)
        data[:, begin : begin + step, :, 0] = block.transpose(2, 0, 1)
    if not np.isfinite(data).all():
        raise DataError(f"{path}: a position is too large for float32.")
    layout, order = _layout(path, joints, stated)
    return Reading(Clip(data[:, :, order], layout, fps, source=str(path)), Repairs(rows=frames))


def _motion(
    path: Path, lines: list[str], number: int, joints: Sequence[Joint]
) -> tuple[Array, float]:
    rows = [(n, line) for n, line in enumerate(lines, start=number) if line.strip()]
    head = [line.partition(":") for _, line in rows[:2]]
    if [name.strip().lower() for name, _, _ in head] != ["frames", "frame time"]:
        raise DataError(f"{path} line {number}: MOTION begins with Frames: and Frame Time:.")
    count, fps = head[0][2].strip(), _rate(path, head[1][2].strip())
    rows = rows[2:]
    if not rows or count != str(len(rows)):
        raise DataError(f"{path} claims {count[:20]} frames and holds {len(rows)}: is it cut off?")
    width = sum(len(joint.channels) for joint in joints)
    values = np.empty((len(rows), width))
    for place, (line_number, line) in enumerate(rows):
        row = finite_numbers(line.split())
        if row is None or len(row) != width:
            raise DataError(f"{path} line {line_number}: a frame must be {width} finite numbers.")
        values[place] = row
    return values, fps


def _rate(path: Path, text: str) -> float:
    """Frames per second of a frame time: the roundest that its digits allow."""
    found = finite_numbers([text])
    if found is None or not 1e-6 <= found[0] <= 1e3:
        raise DataError(f"{path}: Frame Time must be seconds above 0, got {text[:20]!r}.")
    period = found[0]
    decimals = len(text.partition(".")[2])
    tolerance = min(max(10.0**-decimals, 1e-12 * period), 0.015 * period)
    for digits in range(1, 16):
        fps = float(f"{1 / period:.{digits}g}")
        if abs(1 / fps - period) <= tolerance:
            return fps
    return 1 / period


def _layout(path: Path, joints: Sequence[Joint], stated: Stated) -> tuple[Skeleton, list[int]]:
    names = [joint.name for joint in joints]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path} names the joint {twice[:40]!r} twice: rename one.")
    agreed = agreed_layout(path, names, stated.skeleton, more=True)
    if agreed is not None:
        layout, order = agreed
        return layout if stated.skeleton else replace(layout, units=UNITS), order
    bones = [(v, joint.parent) for v, joint in enumerate(joints) if joint.parent is not None]
    layout = Skeleton(path.stem, tuple(names), tuple(bones), 0, mirror_pairs(names), UNITS)
    return layout, list(range(len(names)))


def _fits(head: Head) -> bool:
    return bool(head.lines) and head.lines[0].split()[0].upper() == "HIERARCHY"


FORMAT = Format(
    name="bvh",
    title="BVH motion capture",
    endings=(".bvh",),
    fits=_fits,
    read=read_bvh,
    write=write_bvh,
    tells="positions of one person in the file's unit, and the rate; rotations are worked out",
)
