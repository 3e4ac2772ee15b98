"""NTU RGB+D and NTU RGB+D 120: the ``.skeleton`` text of one trimmed Kinect v2 recording.

A line with the number of frames; for each frame a line with the number of bodies; for each body a
line of 10 fields (the first is its identity), a line with the number of joints, and for each joint a
line of 12 fields: x, y and z in metres, places in the depth and colour images, an orientation, and
how the joint was tracked. Joints that the sensor inferred, or calls not tracked, keep the position
that it gives for them, as in published work. Places, orientations and states are not kept.

Class, subject, camera and setup stand in the name: ``S001C002P003R002A013.skeleton``.

Legend: C channels, T frames, V joints, M people, R sightings of a body in a frame.

Source: Shahroudy, Liu, Ng, Wang, NTU RGB+D: A Large Scale Dataset for 3D Human Activity Analysis,
CVPR 2016; Liu, Shahroudy, Perez, Wang, Duan, Kot, NTU RGB+D 120, TPAMI 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.ntu_names import NtuName, parse_name
from kinestream.formats.ntu_writing import FPS, write_ntu
from kinestream.formats.parsing.class_lists import class_list
from kinestream.formats.parsing.fields import Fields, read_fields
from kinestream.formats.parsing.people import scene
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import skeleton

MAX_FRAMES = 36_000  # 20 minutes; the longest recording has 300

_WHAT = "an NTU recording (.skeleton)"
_JOINTS = 25
_BODY_FIELDS = 10
_JOINT_FIELDS = 12
_BODY_LINES = 2 + _JOINTS

__all__ = ["FORMAT", "FPS", "NtuName", "parse_name", "read_ntu", "write_ntu"]

Whole = NDArray[np.int64]


def read_ntu(path: str | Path) -> tuple[Clip, Repairs]:
    """Read one recording with everybody in it, in the order in which they are first seen.

    A joint is missing where a coordinate is ``nan`` or infinite, or all three are zero. Which bodies
    are people is for :func:`kinestream.datasets.preparing.ntu_people.choose_people`.

    Returns:
        The clip, (3, T, 25, M) metres at 30 Hz, NaN for people who are not there, and what had to
        be mended. With a name such as ``S001C002P003R002A013.skeleton`` it has one label on all
        frames, a class of all 120, and the subject ``P003``.

    Raises:
        MissingFileError: There is no such file.
        DataError: The file is not what it should be, or nobody is seen in any frame.
    """
    path = Path(path)
    fields = read_fields(path, _WHAT)
    found = _sightings(fields)
    data, repairs = scene(
        path, found.num_frames, found.frames, found.people, _poses(fields, found.joints)
    )
    seen = ~np.isnan(data).all(axis=(0, 2, 3))  # (T,)
    name = parse_name(path.stem)
    label = None if name is None else name.label
    clip = Clip(
        data,
        skeleton("ntu25"),
        FPS,
        classes=() if label is None else class_list("ntu120"),
        labels=None if label is None else np.full(found.num_frames, label),
        subject=f"P{name.subject:03}" if name else "",
        source=str(path),
    )
    return clip, repairs + Repairs(rows=found.num_frames, empty_frames=int((~seen).sum()))


@dataclass(frozen=True)
class _Sightings:
    """Bodies in frames: when, who, and on which line their first joint stands, (R,) each."""

    num_frames: int
    frames: Whole
    people: Whole
    joints: Whole


def _sightings(fields: Fields) -> _Sightings:
    counts = fields.wholes()
    num_frames = counts[0]
    if not 0 < num_frames < min(len(counts), MAX_FRAMES + 1):
        raise DataError(
            f"{fields.path} line 1 must tell of 1 to {MAX_FRAMES} frames, which fill a line or more "
            f"each, got {_seen(fields, 0)} and {len(counts) - 1} more lines; expected {_WHAT}."
        )
    people: dict[bytes, int] = {}
    rows: list[tuple[int, int, int]] = []
    at = 1
    for frame in range(num_frames):
        if at >= len(counts) or counts[at] < 0:
            raise DataError(
                f"{fields.path} line {at + 1}: expected the number of bodies in frame {frame + 1} "
                f"of {num_frames}, got {_seen(fields, at)}."
            )
        for body in range(at + 1, at + 1 + _BODY_LINES * counts[at], _BODY_LINES):
            if body + _BODY_LINES > len(counts) or counts[body + 1] != _JOINTS:
                raise DataError(
                    f"{fields.path} line {body + 2}: expected {_JOINTS} joints and a line for each, "
                    f"got {_seen(fields, body + 1)} and {max(0, len(counts) - body - 2)} more lines."
                )
            identity = fields.line(body).partition(b" ")[0]
            rows.append((frame, people.setdefault(identity, len(people)), body + 2))
        at += 1 + _BODY_LINES * counts[at]
    if at < len(counts):
        raise DataError(
            f"{fields.path} line {at + 1}: the file goes on after the last of its {num_frames} "
            f"frames; it is damaged."
        )
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return _Sightings(num_frames, table[:, 0], table[:, 1], table[:, 2])


def _seen(fields: Fields, line: int) -> str:
    if line >= len(fields):
        return "the end of the file"
    return repr(fields.line(line)[:40].decode("ascii"))


def _poses(fields: Fields, first_joints: Whole) -> NDArray[np.float32]:
    """(R, 25, 3) metres, NaN for missing joints."""
    lines = (first_joints[:, None] + np.arange(_JOINTS)).ravel()
    for which, expected in ((first_joints - 2, _BODY_FIELDS), (lines, _JOINT_FIELDS)):
        wrong = which[fields.counts[which] != expected]
        if len(wrong):
            raise DataError(
                f"{fields.path} line {wrong[0] + 1} has {fields.counts[wrong[0]]} fields, expected "
                f"{expected}."
            )
    with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is missing
        poses = fields.numbers(lines, 3).astype(np.float32).reshape(-1, _JOINTS, 3)
    missing = ~np.isfinite(poses).all(axis=2) | (poses == 0).all(axis=2)
    poses[missing] = np.nan
    return poses


def _fits(head: Head) -> bool:
    """Counts of frames and bodies, then a body; or frames without bodies under the right ending."""
    if head.lines[:1] in ([], ["0"]) or not all(_is_count(line) for line in head.lines[:2]):
        return False
    bodies = next((at for at, line in enumerate(head.lines) if at and line != "0"), None)
    if bodies is None:
        return head.ending == ".skeleton"
    if not _is_count(head.lines[bodies]) or len(head.lines) < bodies + 3:
        return False
    body, joints = head.lines[bodies + 1 : bodies + 3]
    return len(body.split()) == _BODY_FIELDS and joints == str(_JOINTS)


def _is_count(line: str) -> bool:
    return line.isascii() and line.isdigit()


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(*read_ntu(path))


FORMAT = Format(
    name="ntu",
    title="NTU RGB+D skeletons",
    endings=(".skeleton",),
    fits=_fits,
    read=_read,
    write=write_ntu,
    tells="positions in metres of everybody at 30 Hz; the action and the subject from the name",
)
