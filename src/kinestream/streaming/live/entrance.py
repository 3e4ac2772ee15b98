"""Where frames come in: checked, counted, queued and put in order."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable

from kinestream.errors import DataError, InputError
from kinestream.streaming.live.clock import Clock
from kinestream.streaming.live.counters import OVERFLOW, REFUSED, LiveCounters
from kinestream.streaming.live.door import Seen
from kinestream.streaming.live.order import Arrival, Order
from kinestream.streaming.live.settings import LiveSettings

LARGEST_SEQ = 2**63 - 1


class Entrance:
    """The way of a frame from the caller to the people who take it.

    Args:
        fps: Rate at which frames are said to come.
        settings: Queue, order and clock.
        counters: Every frame is counted here.
    """

    def __init__(self, fps: float, settings: LiveSettings, counters: LiveCounters) -> None:
        self._settings = settings
        self._counters = counters
        self._clock = Clock(fps, settings)
        self._order = Order(fps, settings, counters)
        self._queue: deque[Arrival] = deque()
        self._numbered: bool | None = None
        self._told_dropped = 0
        self._told_skipped = 0
        self._closed = False

    def __len__(self) -> int:
        """Frames offered and not taken."""
        return len(self._queue)

    def admit(
        self, people: Callable[[], dict[int, Seen]], time_s: float, seq: int | None
    ) -> Arrival:
        """Check a frame and count it; nothing moves if it is refused.

        Args:
            people: Checks and returns who is seen.
            time_s: The frame's stamp.
            seq: The frame's number.

        Raises:
            DataError: The stream has ended, or the frame is not as it must be.
            SkeletonError: As ``people`` raises it.
        """
        if self._closed:
            raise DataError("this live stream was finalized; start a new one with bundle.live().")
        self._counters.received += 1
        try:
            seq = self._number(seq)
            seen = people()
            at_s = self._clock.read(time_s)
        except InputError:
            self._counters.drop(REFUSED)
            raise
        self._numbered = seq is not None
        self._count_waiting(1)
        return Arrival(seq, float(time_s), at_s, seen)

    def queue(self, arrival: Arrival) -> None:
        """Let a frame wait; if too many do, the oldest is dropped."""
        self._queue.append(arrival)
        if len(self._queue) > self._settings.queue_frames:
            self._order.give_up(self._queue.popleft())
            self._counters.drop(OVERFLOW)
        self._count_waiting()

    def oldest(self) -> list[Arrival]:
        """The frames, in order, that are next once the oldest one that waits is taken."""
        return self.put_in_order(self._queue.popleft()) if self._queue else []

    def put_in_order(self, arrival: Arrival) -> list[Arrival]:
        """The frames, in order, that are next once this one is taken."""
        released = self._order.push(arrival)
        self._counters.accepted += len(released)
        self._count_waiting()
        return released

    def close(self) -> list[Arrival]:
        """Take no more frames; returns those that waited for late ones."""
        self._closed = True
        released = self._order.flush()
        self._counters.accepted += len(released)
        self._count_waiting()
        return released

    def dropped_since_last(self) -> tuple[int, int]:
        """Frames dropped since this was last asked: all, and those that came too fast."""
        dropped, skipped = self._counters.total_dropped, self._counters.dropped[OVERFLOW]
        since = dropped - self._told_dropped, skipped - self._told_skipped
        self._told_dropped, self._told_skipped = dropped, skipped
        return since

    def _count_waiting(self, in_hand: int = 0) -> None:
        self._counters.waiting = len(self._queue) + len(self._order) + in_hand

    def _number(self, seq: int | None) -> int | None:
        try:
            number = None if seq is None else operator.index(seq)
        except TypeError:
            raise DataError(f"seq must be a whole number, got {seq!r:.40}.") from None
        if number is not None and not 0 <= number <= LARGEST_SEQ:
            raise DataError(f"seq must be 0 to {LARGEST_SEQ}, got {number}.")
        if self._numbered is not None and self._numbered != (number is not None):
            raise DataError(
                "either every frame of a stream carries a seq or none does; this one "
                f"{'has none' if number is None else 'has one'}."
            )
        return number
