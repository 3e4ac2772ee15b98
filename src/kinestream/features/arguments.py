"""Arguments of features, as configurations and bundles give them: plain values, checked by name."""

from __future__ import annotations

from collections.abc import Sequence

from kinestream.errors import ConfigError, SkeletonError
from kinestream.skeletons import Skeleton

Joints = str | int | Sequence[str | int]
"""One joint by name or index, or several whose mean is taken."""


LARGEST = 3e38
"""What float32 can hold."""


def joint_indices(skeleton: Skeleton, value: object, where: str) -> tuple[int, ...]:
    """The joints that a value names: a name, an index, or a list of them.

    Args:
        skeleton: Which joints there are.
        value: From outside.
        where: Feature and argument, for messages: ``feature 'centre': joint``.

    Raises:
        ConfigError: It is none of these.
        SkeletonError: There is no such joint.

    >>> joint_indices(Skeleton("arm", ("s", "e", "h"), ((1, 0), (2, 1))), ["s", 2], "joint")
    (0, 2)
    """
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values:
        raise ConfigError(f"{where} names no joint; give a name, an index or a list of them.")
    return tuple(_joint(skeleton, one, where) for one in values)


def _joint(skeleton: Skeleton, value: object, where: str) -> int:
    if isinstance(value, str):
        return skeleton.index(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{where} must name joints or give their indices, got {value!r}.")
    if not 0 <= value < skeleton.num_joints:
        raise SkeletonError(
            f"{where} is {value}, skeleton {skeleton.name!r} has joints 0 to "
            f"{skeleton.num_joints - 1}."
        )
    return value


def line(skeleton: Skeleton, value: object, where: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where a line begins and where it ends: two joints, or two lists of joints.

    Raises:
        ConfigError: There are not two ends.
        SkeletonError: There is no such joint.
    """
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ConfigError(f"{where} must be two joints, from and to, got {value!r}.")
    return joint_indices(skeleton, value[0], where), joint_indices(skeleton, value[1], where)


def whole(value: object, least: int, where: str) -> int:
    """A whole number from ``least`` up.

    Raises:
        ConfigError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 1_000_000:
        raise ConfigError(f"{where} must be a whole number from {least} to 1000000, got {value!r}.")
    return value


def finite(value: object, where: str) -> float:
    """A number.

    Raises:
        ConfigError: It is none, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise ConfigError(f"{where} must be a finite number, got {value!r}.")
    return float(value)


def choice(value: object, known: Sequence[str], where: str) -> str:
    """One of several words.

    Raises:
        ConfigError: It is another.
    """
    if not isinstance(value, str) or value not in known:
        raise ConfigError(f"{where} must be {' or '.join(known)}, got {value!r}.")
    return value
