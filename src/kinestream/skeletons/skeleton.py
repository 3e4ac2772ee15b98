"""A skeleton: named joints (or sensors), the bones between them, its centre and its mirror pairs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kinestream.errors import MissingFileError, SkeletonError

MAX_JOINTS = 1024
MAX_JSON_BYTES = 1 << 20

_LAYOUTS = Path(__file__).parent / "layouts"
_KEYS = {"name", "num_node", "edge", "center", "names", "pairs", "units", "source"}


@dataclass(frozen=True)
class Skeleton:
    """The graph a model works on.

    Attributes:
        name: What the layout is called, for example ``ntu25``.
        joints: Joint (or sensor) names in the order of the data's V axis.
        bones: Undirected edges as ``(child, parent)`` joint indices, without self loops.
        centre: Index of the joint the spatial partition measures distance from.
        pairs: ``(left, right)`` joint indices that mirror each other.
        units: Unit of the coordinates, ``m``, ``px``, ``mm``; ``imu`` for sensors.

    Raises:
        SkeletonError: An index is out of range, a bone joins a joint to itself, a name repeats, or
            a joint is in two pairs.

    >>> Skeleton("arm", ("shoulder", "elbow", "hand"), ((1, 0), (2, 1))).num_joints
    3
    """

    name: str
    joints: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]
    centre: int = 0
    pairs: tuple[tuple[int, int], ...] = ()
    units: str = "m"

    def __post_init__(self) -> None:
        count = len(self.joints)
        if not 1 <= count <= MAX_JOINTS:
            raise SkeletonError(
                f"skeleton {self.name!r} has {count} joints; it must have 1 to {MAX_JOINTS}."
            )
        if len(set(self.joints)) != count:
            raise SkeletonError(f"skeleton {self.name!r} uses a joint name twice: {self.joints}.")
        for what, edges in (("edge", self.bones), ("pairs", self.pairs)):
            for a, b in edges:
                if not (0 <= a < count and 0 <= b < count) or a == b:
                    raise SkeletonError(
                        f"skeleton {self.name!r}: {what} [{a}, {b}] must join two different "
                        f"joints between 0 and {count - 1}."
                    )
        mirrored = Counter(joint for pair in self.pairs for joint in pair).most_common(1)
        if mirrored and mirrored[0][1] > 1:
            raise SkeletonError(
                f"skeleton {self.name!r}: pairs use joint {mirrored[0][0]} twice; a joint has one "
                f"mirror image."
            )
        if not 0 <= self.centre < count:
            raise SkeletonError(
                f"skeleton {self.name!r}: center {self.centre} must be between 0 and {count - 1}."
            )

    @property
    def num_joints(self) -> int:
        """Number of joints V."""
        return len(self.joints)

    def index(self, joint: str) -> int:
        """Position of a joint by name.

        Raises:
            SkeletonError: The skeleton has no joint of that name.
        """
        try:
            return self.joints.index(joint)
        except ValueError:
            raise SkeletonError(
                f"skeleton {self.name!r} has no joint {joint!r}; it has {', '.join(self.joints)}."
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """The skeleton as plain JSON values, with the field's own key names."""
        return {
            "name": self.name,
            "num_node": self.num_joints,
            "edge": [list(bone) for bone in self.bones],
            "center": self.centre,
            "names": list(self.joints),
            "pairs": [list(pair) for pair in self.pairs],
            "units": self.units,
        }

    @classmethod
    def from_dict(cls, values: object, name: str = "custom") -> Skeleton:
        """Build a skeleton from ``num_node``, ``edge``, ``center`` and optional keys.

        Args:
            values: A mapping with ``num_node`` (int), ``edge`` (pairs of indices; self loops are
                dropped, every node has one anyway), ``center`` (int) and optionally ``name``,
                ``names``, ``pairs``, ``units``, ``source``.
            name: Used when the mapping has no ``name``.

        Raises:
            SkeletonError: A key is missing, unknown or of the wrong type.
        """
        if not isinstance(values, dict):
            raise SkeletonError(
                f"a skeleton is a JSON object with num_node, edge and center, got "
                f"{type(values).__name__}."
            )
        unknown = set(values) - _KEYS
        missing = {"num_node", "edge", "center"} - set(values)
        if unknown or missing:
            raise SkeletonError(
                f"skeleton {name!r}: missing keys {sorted(missing)}, unknown keys "
                f"{sorted(map(str, unknown))}; allowed are {sorted(_KEYS)}."
            )
        name = str(values.get("name", name))
        count = _whole(values["num_node"], "num_node", name)
        if not 1 <= count <= MAX_JOINTS:
            raise SkeletonError(
                f"skeleton {name!r}: num_node must be 1 to {MAX_JOINTS}, got {count}."
            )
        names = values.get("names") or [f"joint{v}" for v in range(count)]
        if not isinstance(names, list) or len(names) != count:
            raise SkeletonError(f"skeleton {name!r}: names must list {count} joints.")
        bones = [bone for bone in _edges(values["edge"], "edge", name) if bone[0] != bone[1]]
        return cls(
            name=name,
            joints=tuple(str(n) for n in names),
            bones=tuple(bones),
            centre=_whole(values["center"], "center", name),
            pairs=tuple(_edges(values.get("pairs", []), "pairs", name)),
            units=str(values.get("units", "m")),
        )

    @classmethod
    def from_json(cls, path: str | Path) -> Skeleton:
        """Read a skeleton from a JSON file; its name defaults to the file's stem."""
        path = Path(path)
        if not path.is_file():
            raise MissingFileError(f"there is no skeleton file {path}.")
        if path.stat().st_size > MAX_JSON_BYTES:
            raise SkeletonError(f"{path} is over 1 MiB, too large for a skeleton.")
        try:
            values = json.loads(path.read_text(encoding="utf-8-sig"))
        except (ValueError, RecursionError):
            raise SkeletonError(
                f"{path} is not JSON; a skeleton file holds num_node, edge and center."
            ) from None
        return cls.from_dict(values, name=path.stem)

    @classmethod
    def of_sensors(
        cls, name: str, sensors: Sequence[str], bones: Sequence[tuple[int, int]] | None = None
    ) -> Skeleton:
        """An IMU graph: one node for each body-worn sensor.

        Args:
            name: Name of the layout.
            sensors: Sensor names, in the order of the data's V axis.
            bones: Edges along the body; without them every sensor hangs on the first.

        >>> Skeleton.of_sensors("legs", ["pelvis", "left_shank", "right_shank"]).bones
        ((1, 0), (2, 0))
        """
        if bones is None:
            bones = [(v, 0) for v in range(1, len(sensors))]
        return cls(name, tuple(sensors), tuple(bones), units="imu")


def skeleton(name: str | Path) -> Skeleton:
    """Find a skeleton: one of the shipped layouts by name, or a JSON file by path.

    Raises:
        SkeletonError: There is neither a layout nor a file of that name.

    >>> skeleton("ntu25").joints[20]
    'spine_shoulder'
    """
    if str(name) in layout_names():
        return _shipped(str(name))
    if Path(name).suffix == ".json" or Path(name).is_file():
        return Skeleton.from_json(name)
    raise SkeletonError(
        f"there is no skeleton {str(name)!r}; use one of {', '.join(layout_names())} or the path "
        f"of a JSON file with num_node, edge and center."
    )


@cache
def layout_names() -> tuple[str, ...]:
    """Names of the layouts that come with Kinestream."""
    return tuple(sorted(path.stem for path in _LAYOUTS.glob("*.json")))


@cache
def _shipped(name: str) -> Skeleton:
    return Skeleton.from_json(_LAYOUTS / f"{name}.json")


def _whole(value: object, key: str, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SkeletonError(f"skeleton {name!r}: {key} must be a whole number, got {value!r}.")
    return value


def _edges(value: object, key: str, name: str) -> list[tuple[int, int]]:
    if not isinstance(value, list) or len(value) > MAX_JOINTS**2:
        raise SkeletonError(f"skeleton {name!r}: {key} must be a list of pairs of joint indices.")
    edges = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            raise SkeletonError(f"skeleton {name!r}: {key} must hold pairs, got {pair!r}.")
        edges.append((_whole(pair[0], key, name), _whole(pair[1], key, name)))
    return edges
