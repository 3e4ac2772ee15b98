"""Coordinates in the body's own axes: upright, and facing the same way.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

import numpy as np

from kinestream.errors import ConfigError, SkeletonError
from kinestream.features import averages
from kinestream.features.arguments import Joints, choice, line, whole
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.positions import body_vectors, mean_place
from kinestream.features.rotation import SHORTEST, Vectors, apply, length, upright
from kinestream.features.seen import Mask, present
from kinestream.skeletons import Skeleton

Line = tuple[Joints, Joints]
Names = tuple[tuple[str, ...], tuple[str, ...]]

# From the lower end to the upper: of the bone that the field takes, else of the whole trunk.
SPINES: tuple[Names, ...] = (
    (("spine_base",), ("spine_mid",)),
    (("hip_centre",), ("spine",)),
    (("torso",), ("neck",)),
    (("left_hip", "right_hip"), ("left_shoulder", "right_shoulder")),
)
SHOULDERS: tuple[Names, ...] = ((("left_shoulder",), ("right_shoulder",)),)


class BodyFrame(Feature):
    """Turn the body until its spine points to +z and its shoulders, left to right, to +x.

    Positions, displacements, bones: every vector of the body turns along. The spine is turned
    first, then the shoulders, each the shortest way, which is what published networks were given.
    Until spine and shoulders are first seen all of them are 0.

    Args:
        skeleton: Gives default joints by their names.
        channels: Must have ``x``, ``y``, ``z``.
        mode: ``first`` turns all frames as the first in which both lines are seen; ``running`` turns
            each by the average of both directions so far.
        spine: Lower and upper end, each a joint or a list of joints whose mean is taken; by default
            the lowest bone of the spine, or from the hips to the shoulders.
        shoulders: Left and right end, likewise.
        memory_frames: How many frames the running average remembers.

    Raises:
        ConfigError: There are no positions in three dimensions, or an argument is wrong.
        SkeletonError: There is no such joint, or no name gives spine and shoulders away.

    Source: 2s-AGCN (Shi et al., CVPR 2019) and PYSKL (Duan et al., 2022) for ``first``.
    """

    name = "body_frame"

    def __init__(
        self,
        skeleton: Skeleton,
        channels: tuple[str, ...],
        mode: str = "first",
        spine: Line | None = None,
        shoulders: Line | None = None,
        memory_frames: int = 30,
    ) -> None:
        if not {"x", "y", "z"} <= set(channels):
            raise ConfigError(f"feature 'body_frame' needs channels x, y, z, got {channels}.")
        self.channels = channels
        self._vectors = body_vectors(channels)
        self._positions = [channels.index(axis) for axis in "xyz"]
        self._running = choice(mode, ("first", "running"), "feature 'body_frame': mode") != "first"
        self._memory = whole(memory_frames, 1, "feature 'body_frame': memory_frames")
        self._lines = [
            _line(skeleton, "spine", spine, SPINES),
            _line(skeleton, "shoulders", shoulders, SHOULDERS),
        ]

    def clip(self, x: Array) -> Array:
        axes, measured = self._axes(x)  # (6, T), (T)
        if self._running:
            average = averages.running(axes.T, measured, self._memory).T
        else:
            first = int(measured.argmax())
            average = np.full(axes.shape, np.nan)
            average[:, first:] = axes[:, first, None] if measured.any() else np.nan
        return self._turn(x, average)

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        axes, measured = self._axes(x)  # (6), ()
        if measured and (past is None or self._running):
            past = averages.step(axes, past, self._memory)
        return self._turn(x, np.full(6, np.nan) if past is None else past[:-1]), past

    def _axes(self, x: Array) -> tuple[Vectors, Mask]:
        """Directions of spine and shoulders, (6, T) or (6), and where both are known."""
        points = x[self._positions].astype(np.float64)
        there = present(x, self.channels)
        axes, measured = [], np.ones(x.shape[1:-1], bool)
        for start, end in self._lines:
            vector = mean_place(points, end) - mean_place(points, start)
            size = length(vector)
            measured &= there[..., [*start, *end]].all(axis=-1) & (size > SHORTEST)
            axes.append(vector / np.maximum(size, SHORTEST))
        return np.concatenate(axes), measured

    def _turn(self, x: Array, axes: Vectors) -> Array:
        """Turn every vector by axes (6, T) or (6); NaN there makes it 0."""
        turn = upright(axes[:3], axes[3:])[..., None]  # (3, 3, [T,] 1)
        unknown = np.isnan(axes[0])[..., None]
        y = x.copy()
        for rows in self._vectors:
            turned = apply(turn, x[rows].astype(np.float64))
            y[rows] = np.where(unknown, 0, turned).astype(np.float32)
        return y


def _line(
    skeleton: Skeleton, word: str, given: Line | None, known: tuple[Names, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The joints at both ends: those given, or the first known ones that the skeleton has."""
    if given is not None:
        return line(skeleton, given, f"feature 'body_frame': {word}")
    for start, end in known:
        if {*start, *end} <= set(skeleton.joints):
            return line(skeleton, (start, end), word)
    raise SkeletonError(
        f"skeleton {skeleton.name!r} has no joints that feature 'body_frame' knows as {word}: name "
        f"them with {word}: [from, to]."
    )
