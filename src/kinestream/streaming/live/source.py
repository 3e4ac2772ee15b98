"""A source that hangs: the same frame again and again.

Legend: C channels, V joints, M people of a scene.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.streaming.live.settings import exceeds

Array = NDArray[np.float32]


class Source:
    """Notices frames that stay equal to the last bit, which no living person's do.

    Args:
        stale_s: How long they may.
    """

    def __init__(self, stale_s: float) -> None:
        self._stale_s = stale_s
        self._joints: Array | None = None
        self._since_s = 0.0

    def is_frozen(self, joints: Array, at_s: float) -> bool:
        """Take a frame; true if it has been the same for too long. Frames without anybody never are."""
        before = self._joints
        same = before is not None and np.array_equal(joints, before, equal_nan=True)
        if not same or at_s < self._since_s:
            self._joints, self._since_s = joints, at_s
            return False
        return exceeds(at_s - self._since_s, self._stale_s) and not bool(np.isnan(joints[0]).all())
