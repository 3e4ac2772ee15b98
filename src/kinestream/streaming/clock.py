"""When the frames of a stream were taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from kinestream.errors import DataError
from kinestream.streaming.arguments import number

LARGEST_TIME_S = 1e12
"""Seconds since 1970 stay far below; milliseconds since 1970 do not."""


def seconds(value: object) -> float:
    """A time as a caller tells it.

    Raises:
        DataError: It is no number of seconds, or absurd.

    >>> seconds(1_700_000_000)
    1700000000.0
    """
    time_s = number(value, "time_s must be a number of seconds", DataError)
    if not abs(time_s) <= LARGEST_TIME_S:  # NaN fails too
        raise DataError(
            f"time_s must be finite seconds, -{LARGEST_TIME_S:g} to {LARGEST_TIME_S:g}, got {time_s}: "
            f"is it in milliseconds?"
        )
    return time_s


class Clock:
    """Times of the frames pushed so far.

    Attributes:
        pushed: How many there are.
        start_s: Time of the first.
        last_s: Time of the newest, ``None`` before the first.
        told: Time and number of the last frame that came with a time of its own.
        waiting_s: Of the frames whose label is still to come.
    """

    def __init__(
        self,
        pushed: int = 0,
        start_s: float = 0.0,
        last_s: float | None = None,
        told: tuple[float, int] = (0.0, 0),
        waiting_s: Iterable[float] = (),
    ) -> None:
        self.pushed = pushed
        self.start_s = start_s
        self.last_s = last_s
        self.told = told
        self.waiting_s = deque(waiting_s)

    def expected_s(self, fps: float) -> float:
        """When the next frame comes, at a rate.

        >>> clock = Clock()
        >>> for time_s in (0.0, 0.5, 1.1):
        ...     clock.take(time_s, fps=2)
        >>> clock.expected_s(fps=2)
        1.6
        """
        told_s, number = self.told
        return told_s + (self.pushed - number) / fps

    def take(self, time_s: float, fps: float) -> None:
        """A frame was taken."""
        if self.pushed == 0:
            self.start_s = time_s
        if time_s != self.expected_s(fps):
            self.told = time_s, self.pushed
        self.pushed += 1
        self.last_s = time_s
