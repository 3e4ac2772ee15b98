"""Missing joints: held for a while, then masked, so that no NaN reaches a network's state.

Legend: C channels, V joints, M people of a scene.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Repair:
    """Fills in the missing joints of one person, or of one scene.

    A missing joint stays where it was for ``hold_frames`` frames. After that, and before it was ever
    seen, it is masked: it lies in the middle of the joints that the person has. Someone of a scene
    of whom nothing is left is 0, as networks of scenes are trained. A frame without anybody stays
    what the last one was.

    Where the features take missing joints nothing is filled in: they do what they did in training.

    Args:
        hold_frames: Frames that a missing joint keeps its place, 0 or more.
        takes_missing: Whether the features take NaN.
    """

    def __init__(self, hold_frames: int, takes_missing: bool) -> None:
        self._hold = hold_frames
        self._takes_missing = takes_missing
        self._last: Array | None = None  # NaN where a joint is masked
        self._age: NDArray[np.int64] | None = None

    def fill(self, joints: Array) -> Array:
        """(C, V[, M]) with NaN for missing joints; finite, unless the features take NaN."""
        if self._takes_missing:
            return joints
        missing = np.isnan(joints[0])  # (V[, M])
        if self._last is None or self._age is None:
            self._last, self._age = joints, np.zeros(missing.shape, np.int64)
        elif not missing.all():
            self._age = np.where(missing, np.minimum(self._age + 1, self._hold + 1), 0)
            held = np.where(self._age <= self._hold, self._last, np.float32(np.nan))
            self._last = np.where(missing, held, joints).astype(np.float32)
        return _masked(self._last)


def _masked(joints: Array) -> Array:
    """NaN becomes the mean of the person's other joints, or 0 where there are none."""
    lost = np.isnan(joints)
    if not lost.any():
        return joints
    count = np.maximum((~lost).sum(axis=1, keepdims=True), 1)
    middle = np.where(lost, 0, joints).sum(axis=1, keepdims=True) / count  # (C, 1[, M])
    return np.where(lost, middle, joints).astype(np.float32)
