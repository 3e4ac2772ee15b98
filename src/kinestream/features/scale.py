"""Coordinates in sizes of the body, so that tall and short people look alike.

Legend: C channels, T frames, V joints, B bones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinestream.errors import ConfigError
from kinestream.features import averages
from kinestream.features.arguments import Joints, choice, line, whole
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.positions import body_channels, mean_place, position_channels
from kinestream.features.rotation import SHORTEST, Vectors, length
from kinestream.features.seen import Mask, present
from kinestream.skeletons import Skeleton


class Scale(Feature):
    """Divide positions, and all that was made of them, by the mean length of the body's bones.

    A frame measures the body when at least half of the bones are seen. Until one does, positions
    are 0. In two dimensions lengths change with the view: ``running`` evens that out.

    Args:
        skeleton: All its bones are measured by default.
        channels: Names of the input channels; ``x``, ``y``, ``z`` are positions.
        bones: Which bones instead: pairs of joints, each a name, an index or a list whose mean is
            taken.
        when: ``first`` measures the first frame that can be measured; ``running`` takes the mean so
            far.
        memory_frames: How many frames the running mean remembers.

    Raises:
        ConfigError: There are no positions, no bones, or an argument is wrong.
        SkeletonError: There is no such joint.
    """

    name = "scale"

    def __init__(
        self,
        skeleton: Skeleton,
        channels: tuple[str, ...],
        bones: Sequence[tuple[Joints, Joints]] | None = None,
        when: str = "first",
        memory_frames: int = 300,
    ) -> None:
        self.channels = channels
        self._positions = position_channels(channels, self.name)
        self._rows = body_channels(channels)
        self._running = choice(when, ("first", "running"), "feature 'scale': when") != "first"
        self._memory = whole(memory_frames, 1, "feature 'scale': memory_frames")
        chosen = skeleton.bones if bones is None else bones
        if not isinstance(chosen, list | tuple) or not chosen:
            raise ConfigError(f"feature 'scale' needs bones to measure, got {chosen!r}.")
        self._lines = [line(skeleton, bone, "feature 'scale': bones") for bone in chosen]

    def clip(self, x: Array) -> Array:
        sizes, measured = self._sizes(x)  # (T), (T)
        if self._running:
            return self._divide(x, averages.running(sizes[:, None], measured, self._memory)[:, 0])
        known = np.maximum.accumulate(measured)
        return self._divide(x, np.where(known, sizes[int(measured.argmax())], np.nan))

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        size, measured = self._sizes(x)  # (), ()
        if measured and (past is None or self._running):
            past = averages.step(size[None], past, self._memory)
        return self._divide(x, np.array(np.nan) if past is None else past[0]), past

    def _sizes(self, x: Array) -> tuple[Vectors, Mask]:
        """Mean length of the bones that are seen, (T) or (), and whether they are enough."""
        points = x[self._positions].astype(np.float64)
        there = present(x, self.channels)
        total, count = np.zeros(x.shape[1:-1]), np.zeros(x.shape[1:-1])
        for start, end in self._lines:
            vector = mean_place(points, end) - mean_place(points, start)
            seen = there[..., [*start, *end]].all(axis=-1)
            total = total + np.where(seen, length(vector), 0)
            count = count + seen
        size = total / np.maximum(count, 1)
        return size, (2 * count >= len(self._lines)) & (size > SHORTEST)

    def _divide(self, x: Array, size: Vectors) -> Array:
        y = x.copy()
        divided = x[self._rows] / size[..., None]
        y[self._rows] = np.where(np.isnan(divided), 0, divided).astype(np.float32)
        return y
