"""Writing NTU ``.skeleton`` text, for tools that read it.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinestream.clips import XYZ, Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.files import write_atomically
from kinestream.formats.ntu_names import parse_name
from kinestream.skeletons import skeleton

FPS = 30.0

_FIRST_BODY = 72057594037927937  # Kinect identities are as long as this
_BODY = " 0 0 0 0 0 0 0 0 2"  # clipped edges, hands, restricted, lean, tracked
_REST = " 0 0 0 0 0 0 0 0 "  # depth x y, colour x y, orientation w x y z
_TRACKED, _NOT_TRACKED = "2", "0"


def write_ntu(clip: Clip, path: str | Path) -> None:
    """Write positions as an NTU ``.skeleton`` file.

    A missing joint is written as (0, 0, 0), not tracked. Places in images and orientations, which a
    clip does not have, are zero. The format keeps no labels but in its name.

    Args:
        clip: (3, T, 25, M) metres at 30 Hz.
        path: Where to; for a labelled clip named after its action, ``S001C001P001R001A013.skeleton``.

    Raises:
        SkeletonError: The skeleton is not ``ntu25``.
        DataError: The format cannot carry the clip, or the place cannot be written.
    """
    path = Path(path)
    _check(clip, path)
    lines = "\n".join((str(clip.num_frames), *_lines(clip)))
    write_atomically(path, f"{lines}\n".encode())


def _check(clip: Clip, path: Path) -> None:
    if clip.skeleton.joints != skeleton("ntu25").joints:
        raise SkeletonError(
            f"an NTU recording has the joints of skeleton 'ntu25', got {clip.skeleton.name!r}: "
            f"convert the clip to it first (--to-skeleton ntu25)."
        )
    if clip.channels != XYZ or clip.fps != FPS:
        raise DataError(
            f"an NTU recording holds x, y and z at {FPS:g} Hz, got {', '.join(clip.channels)} at "
            f"{clip.fps:g} Hz: resample the clip (--to-fps {FPS:g}) or choose another "
            f"format."
        )
    if np.isinf(clip.data).any() or np.isnan(clip.data).all(axis=(0, 1, 2)).any():
        raise DataError(
            f"{path}: an NTU recording holds finite positions of people who are seen at least once; "
            f"leave the others out."
        )
    name = parse_name(path.stem)
    told = None if name is None else name.label
    if clip.labels is not None and (told is None or (clip.labels != told).any()):
        raise DataError(
            f"{path}: an NTU recording has one label, by its name: give the file a name such as "
            f"S001C001P001R001A013.skeleton with the action's number, or leave the labels out."
        )


def _lines(clip: Clip) -> Iterator[str]:
    missing = np.asarray(np.isnan(clip.data).any(axis=0))  # (T, V, M)
    numbers = np.where(missing, np.float32(0), clip.data).astype(
        np.str_
    )  # shortest that reads back
    for t in range(clip.num_frames):
        people = np.flatnonzero(~missing[t].all(axis=0))
        yield str(len(people))
        for person in people:
            yield f"{_FIRST_BODY + person}{_BODY}"
            yield str(clip.skeleton.num_joints)
            for joint, lost in zip(numbers[:, t, :, person].T, missing[t, :, person], strict=True):
                yield " ".join(joint) + _REST + (_NOT_TRACKED if lost else _TRACKED)
