"""From probabilities to one label per frame that does not flicker.

Legend: T frames, K classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Decoder:
    """Keeps the label until another class leads it by a margin.

    Nothing waits: every frame is decided when its probabilities come. The first frame takes the most
    likely class. With margin 0 every frame does.

    Args:
        margin: How much more likely another class must be, 0 to 1.

    Attributes:
        label: The newest label; ``None`` before the first frame.

    >>> decoder = Decoder(0.2)
    >>> [decoder.decide(np.array(p)) for p in ([0.6, 0.4], [0.45, 0.55], [0.3, 0.7])]
    [0, 0, 1]
    """

    def __init__(self, margin: float) -> None:
        self._margin = margin
        self.label: int | None = None

    def decide(self, scores: NDArray[np.floating]) -> int:
        """The label of the next frame, from its probabilities (K,)."""
        best = int(scores.argmax())
        kept = self.label
        if kept is None or scores[best] - scores[kept] >= self._margin:
            self.label = kept = best
        return kept


def decode(scores: NDArray[np.floating], margin: float) -> NDArray[np.int64]:
    """Labels (T,) of a recording, from its probabilities (T, K)."""
    decoder = Decoder(margin)
    return np.array([decoder.decide(row) for row in scores], np.int64)
