"""An action while it is shown: since when, until when, how surely."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Spell:
    """What is remembered of an action: a handful of numbers, however long it lasts.

    Attributes:
        label: Class index.
        first_s: Its first frame.
        last_s: The newest frame that shows it.
        off_s: The first frame since then that does not; None while it is shown.
    """

    label: int
    first_s: float
    last_s: float
    off_s: float | None = None
    peak: float = 0.0
    _total: float = 0.0
    _frames: int = 0

    def add(self, score: float, time_s: float) -> None:
        """Take one more frame that shows it."""
        self.last_s, self.off_s = time_s, None
        self.peak = max(self.peak, score)
        self._total += score
        self._frames += 1

    @property
    def lasted_s(self) -> float:
        """From its first frame to the newest that shows it."""
        return self.last_s - self.first_s

    @property
    def score(self) -> float:
        """Mean score over the frames that show it."""
        return self._total / self._frames
