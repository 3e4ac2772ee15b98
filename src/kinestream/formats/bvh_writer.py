"""A clip as BVH motion capture: joints that move, and do not turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import XYZ, Clip
from kinestream.errors import DataError
from kinestream.files import write_atomically
from kinestream.skeletons import Skeleton

Array = NDArray[np.float64]
Node = tuple[int, int | None, int]  # joint, parent, depth


def write_bvh(clip: Clip, path: Path) -> None:
    """Write positions, each as a translation from the parent joint; there are no rotations.

    Raises:
        DataError: The clip shows several people, has other channels than x, y and z, or misses
            joints; a name does not fit into a BVH file; or the place cannot be written.
    """
    missing = not np.isfinite(clip.data).all()
    if clip.num_people > 1 or clip.channels != XYZ or missing:
        raise DataError(
            f"{path}: a BVH file holds x, y, z of every joint of one person; the clip has "
            f"{clip.num_people} people and {', '.join(clip.channels)}"
            f"{', with joints missing' if missing else ''}."
        )
    names = clip.skeleton.joints
    if any(name.split() != [name] or set("{}") & set(name) for name in names):
        raise DataError(f"{path}: joint names in a BVH file have no blanks or braces, got {names}.")
    tree = _tree(clip.skeleton)
    positions = clip.data[..., 0].transpose(1, 2, 0).astype(np.float64)  # (T, V, 3)
    local = positions.copy()
    for joint, parent, _ in tree:
        if parent is not None:
            local[:, joint] -= positions[:, parent]
    lines = ["HIERARCHY", *_nested(names, tree, local[0])]
    lines += ["MOTION", f"Frames: {clip.num_frames}", f"Frame Time: {1 / clip.fps!r}"]
    columns = local[:, [joint for joint, _, _ in tree]].reshape(clip.num_frames, -1)
    lines += [" ".join(map(repr, row)) for row in columns.tolist()]
    write_atomically(path, "\n".join([*lines, ""]).encode())


def _nested(names: Sequence[str], tree: list[Node], offsets: Array) -> Iterator[str]:
    """Lines of the hierarchy; who has no child has an end site in place."""
    depths = [depth for _, _, depth in tree] + [0]
    for (joint, _, depth), following in zip(tree, depths[1:], strict=True):
        indent = "\t" * depth
        yield f"{indent}{'JOINT' if depth else 'ROOT'} {names[joint]}"
        yield f"{indent}{{"
        yield f"{indent}\tOFFSET {' '.join(map(repr, offsets[joint].tolist()))}"
        yield f"{indent}\tCHANNELS 3 Xposition Yposition Zposition"
        if following <= depth:
            yield from (f"{indent}\t{each}" for each in ("End Site", "{", "\tOFFSET 0 0 0", "}"))
        for level in range(depth, following - 1, -1):
            yield "\t" * level + "}"


def _tree(layout: Skeleton) -> list[Node]:
    """Joint, parent and depth along the bones from the centre, as a hierarchy lists them.

    Joints that no bone leads to hang on the centre.
    """
    near: dict[int, list[int]] = {v: [] for v in range(layout.num_joints)}
    for a, b in layout.bones:
        near[a].append(b)
        near[b].append(a)
    reached = _reached(near, layout.centre)
    near[layout.centre] += [v for v in near if v not in reached]
    tree: list[Node] = []
    placed: set[int] = set()
    ahead: list[Node] = [(layout.centre, None, 0)]
    while ahead:
        joint, parent, depth = ahead.pop()
        if joint not in placed:
            placed.add(joint)
            tree.append((joint, parent, depth))
            ahead += [(v, joint, depth + 1) for v in sorted(near[joint], reverse=True)]
    return tree


def _reached(near: dict[int, list[int]], start: int) -> set[int]:
    found, ahead = {start}, [start]
    while ahead:
        fresh = set(near[ahead.pop()]) - found
        found |= fresh
        ahead += fresh
    return found
