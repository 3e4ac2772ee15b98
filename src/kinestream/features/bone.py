"""Bones as vectors, instead of joints as points.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

from collections.abc import Sequence

from kinestream.errors import ConfigError, SkeletonError
from kinestream.features.arguments import line
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.motion import Motion, difference
from kinestream.features.positions import body_channels, position_channels
from kinestream.skeletons import Skeleton

Bones = Sequence[Sequence[str | int]]


class Bone(Feature):
    """Replace positions by ``child - parent`` along the skeleton's bones; a root becomes 0.

    Channels are named ``b_x`` for ``x`` and ``d_b_x`` for ``d_x``: displacements become those of
    bones. A bone is 0 where one of its ends is not seen; ``score`` becomes the mean of both ends',
    ``seen`` the lesser.

    Args:
        skeleton: Its bones are (child, parent) pairs.
        channels: Names of the input channels; ``x``, ``y``, ``z`` are positions.
        bones: (child, parent) pairs by name or index instead of the skeleton's, for weights that
            were trained on others.

    Raises:
        ConfigError: There are no positions, or the bones are no pairs of joints.
        SkeletonError: There is no such joint, or one has two parents.

    Source: 2s-AGCN (Shi et al., CVPR 2019); means of scores as in PYSKL.
    """

    name = "bone"

    def __init__(
        self, skeleton: Skeleton, channels: tuple[str, ...], bones: Bones | None = None
    ) -> None:
        position_channels(channels, self.name)
        self._rows = body_channels(channels)
        self._from = channels
        self._parents = parents(skeleton, bones)
        named = {row: _bone_name(channels[row]) for row in self._rows}
        self.channels = tuple(named.get(row, channel) for row, channel in enumerate(channels))

    def clip(self, x: Array) -> Array:
        return difference(x, x[..., self._parents], self._rows, self._from)

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        return self.clip(x), None


class BoneMotion(Feature):
    """How bones moved: ``bone``, then ``motion``, as the fourth of the four streams.

    Args:
        skeleton: As for :class:`Bone`.
        channels: As for :class:`Bone`.
        bones: As for :class:`Bone`.
    """

    name = "bone_motion"

    def __init__(
        self, skeleton: Skeleton, channels: tuple[str, ...], bones: Bones | None = None
    ) -> None:
        self._bone = Bone(skeleton, channels, bones)
        self._motion = Motion(skeleton, self._bone.channels)
        self.channels = self._motion.channels

    def clip(self, x: Array) -> Array:
        return self._motion.clip(self._bone.clip(x))

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        return self._motion.frame(self._bone.clip(x), past)


def parents(skeleton: Skeleton, bones: Bones | None = None) -> list[int]:
    """The joint that each joint hangs on, its own index for a root.

    Raises:
        ConfigError: The bones are no pairs of joints.
        SkeletonError: There is no such joint, or one has two parents.

    >>> parents(Skeleton("arm", ("s", "e", "h"), ((1, 0), (2, 1))))
    [0, 0, 1]
    """
    chosen = skeleton.bones if bones is None else bones
    if not isinstance(chosen, list | tuple):
        raise ConfigError(f"feature 'bone': bones must be pairs of joints, got {chosen!r}.")
    found = list(range(skeleton.num_joints))
    for bone in chosen:
        ends = line(skeleton, bone, "feature 'bone': bones")
        if len(ends[0]) != 1 or len(ends[1]) != 1:
            raise ConfigError(f"feature 'bone': bones join two joints, got {bone!r}.")
        (child,), (parent,) = ends
        if found[child] not in (child, parent):
            raise SkeletonError(
                f"skeleton {skeleton.name!r}: joint {skeleton.joints[child]!r} is the child of two "
                f"bones; bones as vectors need one parent for each joint."
            )
        found[child] = parent
    return found


def _bone_name(channel: str) -> str:
    return f"{channel[:-1]}b_{channel[-1]}"
