"""Joints by name: which skeleton the names in a file are, and which of them mirror each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from kinestream.errors import SkeletonError
from kinestream.skeletons import Skeleton, layout_names, skeleton

_WITHIN = (("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT"))
_BEFORE = (("l_", "r_"), ("L", "R"))
_AFTER = (("_l", "_r"), ("_L", "_R"), (".L", ".R"))


def joint_key(name: str) -> str:
    """What is left of a name when spelling is put aside.

    >>> joint_key("LeftShoulder"), joint_key("left shoulder"), joint_key("Left-Shoulder")
    ('left_shoulder', 'left_shoulder', 'left_shoulder')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def order_for(names: Sequence[str], layout: Skeleton, *, more: bool = False) -> list[int] | None:
    """Where a layout's joints stand among names that a file gives; None if it has other joints.

    Args:
        names: The file's names.
        layout: The skeleton.
        more: Whether the file may hold other joints besides.

    >>> order_for(["Hand", "elbow"], Skeleton("arm", ("elbow", "hand"), ((1, 0),)))
    [1, 0]
    """
    places = {joint_key(name): place for place, name in enumerate(names)}
    keys = [joint_key(joint) for joint in layout.joints]
    if len(places) != len(names) or not set(keys) <= set(places):
        return None
    return [places[key] for key in keys] if more or len(keys) == len(names) else None


def layout_for(names: Sequence[str]) -> Skeleton | None:
    """The shipped layout with just these joints, in this order if there is one so, or None."""
    fitting = [layout for layout in _layouts() if order_for(names, layout) is not None]
    in_order = [layout for layout in fitting if order_for(names, layout) == [*range(len(names))]]
    return next(iter(in_order or fitting), None)


def agreed_layout(
    path: Path, names: Sequence[str], stated: Skeleton | None, *, more: bool = False
) -> tuple[Skeleton, list[int]] | None:
    """The skeleton of a file's joints: the one stated, else the shipped layout with these names.

    Args:
        path: The file, for errors.
        names: Its joints.
        stated: The skeleton that was stated, if any.
        more: Whether the file may hold joints that the stated skeleton lacks.

    Returns:
        The skeleton, and the place of each of its joints in the file; None where nothing was
        stated and no layout has just these joints.

    Raises:
        SkeletonError: The skeleton stated has other joints.
    """
    found = layout_for(names) if stated is None else stated
    if found is None:
        return None
    order = order_for(names, found, more=more)
    if order is None:
        raise SkeletonError(
            f"{path} holds {len(names)} joints ({listed(names)}), skeleton {found.name!r} has "
            f"{found.num_joints} ({listed(found.joints)}): name the one that has the file's joints."
        )
    return found, order


def mirror_pairs(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """``(left, right)`` places of names that differ in the side only.

    >>> mirror_pairs(["Hips", "LeftFoot", "RightFoot", "LHand", "RHand", "arm_l", "arm_r"])
    ((1, 2), (3, 4), (5, 6))
    """
    places = {name: place for place, name in enumerate(names)}
    pairs: dict[int, int] = {}
    for left, name in enumerate(names):
        right = next((places[other] for other in _mirrored(name) if other in places), None)
        if right is not None and left not in pairs and right not in pairs.values():
            pairs[left] = right
    return tuple(pair for pair in pairs.items() if pair[1] not in pairs)


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names from a file in one line, as an error can show them.

    >>> listed(["nose", "a\\nb"]), listed("abc", 2)
    ('nose, a\\\\nb', 'a, b, ...')
    """
    shown = [repr(name)[1:-1][:40] for name in names[:most]]
    return ", ".join([*shown, "..."] if len(names) > most else shown)


def _mirrored(name: str) -> list[str]:
    """Names that the joint on the other side may have."""
    found = [name.replace(left, right) for left, right in _WITHIN if left in name]
    found += [right + name[len(left) :] for left, right in _BEFORE if name.startswith(left)]
    return found + [name[: -len(left)] + right for left, right in _AFTER if name.endswith(left)]


@cache
def _layouts() -> tuple[Skeleton, ...]:
    return tuple(skeleton(name) for name in layout_names())
