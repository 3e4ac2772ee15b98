"""Coordinates relative to a joint of the body.

Legend: C channels, T frames, V joints, R position channels.
"""

from __future__ import annotations

import numpy as np

from kinestream.features.arguments import Joints, choice, joint_indices
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.positions import mean_place, position_channels, rows
from kinestream.features.seen import Mask, present
from kinestream.skeletons import Skeleton


class Centre(Feature):
    """Subtract a joint's position from all joints; other channels pass.

    While the joint is not seen its last place stands for it. Until it is first seen, and wherever a
    joint is not seen, positions are 0.

    Args:
        skeleton: Its centre is the default joint.
        channels: Names of the input channels; ``x``, ``y``, ``z`` are positions.
        joint: Name or index of the joint, or a list of joints whose mean is taken.
        when: ``every`` takes the joint's place in each frame; ``first`` that of the first frame in
            which it is seen, so that the body's way through the room stays.

    Source: 2s-AGCN (Shi et al., CVPR 2019) for ``every``, PYSKL (Duan et al., 2022) for ``first``.
    """

    name = "centre"

    def __init__(
        self,
        skeleton: Skeleton,
        channels: tuple[str, ...],
        joint: Joints | None = None,
        when: str = "every",
    ) -> None:
        self.channels = channels
        self._rows = rows(position_channels(channels, self.name))
        self._joints = joint_indices(
            skeleton, skeleton.centre if joint is None else joint, "feature 'centre': joint"
        )
        self._when = choice(when, ("every", "first"), "feature 'centre': when")

    def clip(self, x: Array) -> Array:
        there = present(x, self.channels)
        seen, frames = self._sees(there), np.arange(x.shape[1])
        latest = np.maximum.accumulate(np.where(seen, frames, -1))  # (T)
        if self._when == "first" and seen.any():
            latest = np.minimum(latest, int(seen.argmax()))
        origin = mean_place(x[self._rows], self._joints)[:, latest]  # (R, T)
        return self._subtract(x, origin, there & (latest >= 0)[:, None])

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        there = present(x, self.channels)
        if (past is None or self._when == "every") and self._sees(there):
            past = mean_place(x[self._rows], self._joints)  # (R)
        if past is None:
            return self._subtract(x, np.zeros(1, np.float32), np.zeros_like(there)), None
        return self._subtract(x, past, there), past

    def _sees(self, there: Mask) -> Mask:
        """([T,] V) -> ([T]): where all of the joints are seen."""
        seen = there[..., self._joints[0]]
        for joint in self._joints[1:]:
            seen = seen & there[..., joint]
        return np.asarray(seen)

    def _subtract(self, x: Array, origin: Array, there: Mask) -> Array:
        y = x.copy()
        y[self._rows] = np.where(there, x[self._rows] - origin[..., None], np.float32(0))
        return y
