"""Which skeleton the joints of a CSV table are.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU
from kinestream.errors import SkeletonError
from kinestream.formats.csv_header import Header
from kinestream.formats.parsing.joints import joint_key, layout_for, listed, mirror_pairs
from kinestream.formats.parsing.people import check_size
from kinestream.skeletons import Skeleton


def layout_of(path: Path, header: Header, stated: Skeleton | None) -> tuple[Skeleton, list[int]]:
    """The skeleton of a table, and the place in it of each of the table's joints.

    It is the one stated, of which the table may hold some joints; else the shipped one with just
    these joints; else one of the table's own.

    Raises:
        SkeletonError: A joint is not among those of the skeleton stated, or is there twice.
    """
    names = header.joints
    if stated is None:
        shipped = layout_for(names)
        if shipped is None:
            return _own(path.stem, header), list(range(len(names)))
        stated = shipped
    known = {joint_key(joint): place for place, joint in enumerate(stated.joints)}
    unknown = [name for name in names if joint_key(name) not in known]
    places = [known[joint_key(name)] for name in names if name not in unknown]
    if unknown or len(set(places)) != len(places):
        raise SkeletonError(
            f"{path} holds {len(names)} joints ({listed(names)}), of which skeleton {stated.name!r} "
            f"lacks {listed(unknown) or 'none, but one is there twice'}: name the skeleton that has "
            f"them (--skeleton, skeleton=... in Python), or none."
        )
    return stated, places


def _own(name: str, header: Header) -> Skeleton:
    """A skeleton of the table's own joints, without bones, or of its sensors."""
    if set(header.channels) <= set(IMU):
        return Skeleton.of_sensors(name, header.joints)
    return Skeleton(name, header.joints, (), pairs=mirror_pairs(header.joints))


def in_layout(
    path: Path, found: NDArray[np.float32], places: list[int], num_joints: int
) -> NDArray[np.float32]:
    """(C, T, V, M) of the table's joints as those of the skeleton, NaN where the table has none.

    Raises:
        DataError: They would be too many for a clip.
    """
    channels, frames, _, people = found.shape
    check_size(path, (channels, frames, num_joints, people))
    data = np.full((channels, frames, num_joints, people), np.nan, dtype=np.float32)
    data[:, :, places] = found
    return data
