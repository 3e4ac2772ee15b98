"""Coordinates relative to a joint, beside those that are there.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

import numpy as np

from kinestream.features.arguments import Joints
from kinestream.features.centre import Centre
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.positions import position_channels
from kinestream.skeletons import Skeleton


class Relative(Feature):
    """Append positions relative to a joint in every frame, as channels ``r_x``, ``r_y``, ``r_z``.

    Args:
        skeleton: Its centre is the default joint.
        channels: Names of the input channels; ``x``, ``y``, ``z`` are positions.
        joint: As for :class:`~kinestream.features.centre.Centre`.

    Source: MS-GCN (Filtjens et al., 2022) and DeST, whose networks take positions relative to joint
    0, and displacements.
    """

    name = "relative"

    def __init__(
        self, skeleton: Skeleton, channels: tuple[str, ...], joint: Joints | None = None
    ) -> None:
        self._rows = position_channels(channels, self.name)
        self._centre = Centre(skeleton, channels, joint)
        self.channels = channels + tuple(f"r_{channels[row]}" for row in self._rows)

    def clip(self, x: Array) -> Array:
        return np.concatenate([x, self._centre.clip(x)[self._rows]])

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        centred, past = self._centre.frame(x, past)
        return np.concatenate([x, centred[self._rows]]), past
