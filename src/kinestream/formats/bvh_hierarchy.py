"""The hierarchy of a BVH file, and where its joints are: forward kinematics.

Legend: T frames, V joints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.formats.parsing.textfile import finite_numbers
from kinestream.skeletons.skeleton import MAX_JOINTS

BVH = "a BVH file, HIERARCHY and then MOTION"
MAX_STILL = 16  # joints per channel: more are no motion, and positions are paid for each

_AXES = "XYZ"
_CHANNELS = {f"{axis}{kind}".lower() for axis in _AXES for kind in ("position", "rotation")}

Array = NDArray[np.float64]


@dataclass
class Joint:
    """A joint as the hierarchy tells it.

    Attributes:
        name: Its name.
        parent: Place of its parent, None for the root.
        offset: (3,) from its parent.
        channels: Names in small letters, such as ``zrotation``.
        first: Column of its first channel.
        is_end: Whether it is an end site, which has neither channels nor children.
    """

    name: str
    parent: int | None
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    channels: list[str] = field(default_factory=list)
    first: int = 0
    is_end: bool = False

    @property
    def may_move(self) -> bool:
        """Whether channels may still be given."""
        return not self.channels and not self.is_end


def read_hierarchy(path: Path, lines: list[str]) -> list[Joint]:
    """Joints of a hierarchy, parents before their children.

    Args:
        path: The file, for errors.
        lines: Its lines before ``MOTION``.

    Raises:
        DataError: A line is out of place, cut off, or not what it should be; or far more joints are
            named than move.
    """
    found = _Hierarchy()
    for number, words in _sentences(lines):
        found.where = f"{path} line {number}"
        found.take(words)
    if found.above or found.begun or not found.columns:
        raise DataError(f"{path}: the hierarchy is cut off, or no joint in it moves.")
    if len(found.joints) > MAX_STILL * found.columns:
        raise DataError(
            f"{path} has {len(found.joints)} joints and only {found.columns} channels; at least one "
            f"channel for {MAX_STILL} joints is expected."
        )
    return found.joints


@dataclass
class _Hierarchy:
    """What was read so far.

    Attributes:
        joints: The joints.
        above: Places of the joints whose braces are open.
        begun: A joint whose opening brace has yet to come.
        columns: Number of channels.
        where: The line that is read, for errors.
    """

    joints: list[Joint] = field(default_factory=list)
    above: list[int] = field(default_factory=list)
    begun: Joint | None = None
    columns: int = 0
    where: str = ""

    def take(self, words: list[str]) -> None:
        """Read the next sentence."""
        head = words[0].upper()
        if self.begun is not None:
            head = head if head == "{" else ""
        match head:
            case "{" if self.begun is not None:
                self._open(self.begun)
            case "ROOT" | "JOINT" | "END" if len(words) > 1:
                self._begin(head, words)
            case "}" if self.above:
                self._close()
            case "OFFSET" if self.above:
                self._offset(words)
            case "CHANNELS" if self.above and self._last.may_move:
                self._channels(words)
            case "HIERARCHY" if not self.joints:
                pass
            case _:
                raise DataError(
                    f"{self.where}: {' '.join(words)[:40]!r} is out of place; expected {BVH}."
                )

    @property
    def _last(self) -> Joint:
        return self.joints[self.above[-1]]

    def _begin(self, head: str, words: list[str]) -> None:
        inside = bool(self.above) and not self._last.is_end
        if (head == "ROOT") != (not self.joints) or inside == (head == "ROOT"):
            raise DataError(f"{self.where}: a BVH file has one ROOT, and joints inside it.")
        parent = self.above[-1] if self.above else None
        name = f"{self._last.name}_end" if head == "END" else "_".join(words[1:])
        self.begun = Joint(name, parent, is_end=head == "END")

    def _open(self, joint: Joint) -> None:
        if len(self.joints) == MAX_JOINTS:
            raise DataError(f"{self.where}: a skeleton has at most {MAX_JOINTS} joints.")
        self.above.append(len(self.joints))
        self.joints.append(joint)
        self.begun = None

    def _close(self) -> None:
        joint = self.joints[self.above.pop()]
        if joint.is_end and not any(joint.offset):
            self.joints.pop()

    def _offset(self, words: list[str]) -> None:
        offset = finite_numbers(words[1:])
        if offset is None or len(offset) != 3:
            raise DataError(
                f"{self.where}: OFFSET needs three numbers, got {' '.join(words)[:40]!r}."
            )
        self._last.offset = (offset[0], offset[1], offset[2])

    def _channels(self, words: list[str]) -> None:
        names = [word.lower() for word in words[2:]]
        known = len(set(names)) == len(names) and set(names) <= _CHANNELS
        if words[1:2] != [str(len(names))] or not known:
            raise DataError(
                f"{self.where}: CHANNELS needs their number and names such as Zrotation, each once; "
                f"got {' '.join(words)[:60]!r}."
            )
        self._last.channels = names
        self._last.first = self.columns
        self.columns += len(names)


def _sentences(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Words of the hierarchy with their line number; braces stand alone."""
    for number, line in enumerate(lines, start=1):
        sentence: list[str] = []
        for word in line.replace("{", " { ").replace("}", " } ").split():
            if word in ("{", "}"):
                if sentence:
                    yield number, sentence
                yield number, [word]
                sentence = []
            else:
                sentence.append(word)
        if sentence:
            yield number, sentence


def joint_positions(joints: list[Joint], values: Array) -> Array:
    """Positions of all joints.

    Args:
        joints: The hierarchy, parents before their children.
        values: (T, columns) the channels of each frame.

    Returns:
        (T, V, 3).
    """
    places = np.empty((len(values), len(joints), 3))
    turns = np.empty((len(values), len(joints), 3, 3))
    for v, joint in enumerate(joints):
        local, turn = _local(joint, values)
        if joint.parent is None:
            places[:, v], turns[:, v] = local, turn
        else:
            above = turns[:, joint.parent]
            places[:, v] = places[:, joint.parent] + (above @ local[..., None])[..., 0]
            turns[:, v] = above @ turn if joint.channels else above
    return places


def _local(joint: Joint, values: Array) -> tuple[Array, Array]:
    """(T, 3) translation and (T, 3, 3) rotation of a joint against its parent."""
    move = np.tile(np.array(joint.offset), (len(values), 1))
    turn: Array = np.broadcast_to(np.eye(3), (len(values), 3, 3))
    for place, name in enumerate(joint.channels, start=joint.first):
        axis = _AXES.index(name[0].upper())
        if name.endswith("position"):
            move[:, axis] = values[:, place]
        else:
            turn = turn @ _rotation(axis, np.radians(values[:, place]))
    return move, turn


def _rotation(axis: int, angles: Array) -> Array:
    """(T, 3, 3) right-handed rotations about an axis, for columns."""
    found = np.zeros((len(angles), 3, 3))
    a, b = (axis + 1) % 3, (axis + 2) % 3
    found[:, axis, axis] = 1
    found[:, a, a] = found[:, b, b] = np.cos(angles)
    found[:, b, a] = np.sin(angles)
    found[:, a, b] = -found[:, b, a]
    return found
