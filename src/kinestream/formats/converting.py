"""A clip with the joints of another layout."""

from __future__ import annotations

from dataclasses import replace

from kinestream.clips import MAX_VALUES, Clip
from kinestream.errors import DataError
from kinestream.skeletons import Conversion, Skeleton
from kinestream.skeletons import skeleton as find_skeleton


def to_skeleton(clip: Clip, target: Skeleton | str) -> Clip:
    """The clip in another layout, joints matched by name.

    Positions stay in the clip's units and axes. Joints that cannot be had are NaN; how each one is
    had, :class:`kinestream.skeletons.Conversion` tells.

    Args:
        clip: A recording of positions.
        target: The layout that is wanted, or its name.

    Raises:
        SkeletonError: A layout is one of sensors, or they share no joint.
        DataError: The result would be larger than a clip may be.
    """
    wanted = find_skeleton(target) if isinstance(target, str) else target
    size = clip.data.size // clip.skeleton.num_joints * wanted.num_joints
    if size > MAX_VALUES:
        raise DataError(
            f"{clip.source or 'the clip'} would hold {size} values with the {wanted.num_joints} "
            f"joints of {wanted.name!r}, {MAX_VALUES} are allowed: cut it first."
        )
    data = Conversion(clip.skeleton, wanted).apply(clip.data, clip.channels)
    return replace(clip, data=data, skeleton=replace(wanted, units=clip.skeleton.units))
