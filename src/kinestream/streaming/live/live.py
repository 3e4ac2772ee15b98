"""A live stream of one person, which takes frames as cameras and networks deliver them."""

from __future__ import annotations

from collections.abc import Iterable

from numpy.typing import ArrayLike

from kinestream.streaming.arguments import check_kind
from kinestream.streaming.live.clock import check_live_rate
from kinestream.streaming.live.counters import LiveCounters
from kinestream.streaming.live.door import Door, Seen
from kinestream.streaming.live.entrance import Entrance
from kinestream.streaming.live.order import Arrival
from kinestream.streaming.live.person import Person, Rules
from kinestream.streaming.live.record import Ending, Record
from kinestream.streaming.live.settings import LiveSettings
from kinestream.streaming.live.steps import run_together
from kinestream.streaming.stream import Recogniser


class Live:
    """One person, or one scene, live. Made by :meth:`kinestream.bundle.Bundle.live`.

    Every frame that is accepted gets exactly one :class:`Record`; every other is counted with the
    reason. What happens when is listed in ``docs/live.md``.

    Args:
        recogniser: Shared by all streams of a bundle.
        fps: Rate at which frames will come; the bundle's own by default.
        person: Number that labels and records carry.
        settings: Thresholds.

    Attributes:
        counters: Totals; they always add up.

    Raises:
        ConfigError: An argument is of another kind.
        DataError: The rate is out of range or too far from the bundle's.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        fps: float | None = None,
        person: int = 0,
        settings: LiveSettings | None = None,
    ) -> None:
        check_kind(settings, LiveSettings | None, "settings must be LiveSettings")
        settings = settings or LiveSettings()
        fps = recogniser.fps if fps is None else fps
        check_live_rate(fps, recogniser.fps, settings)
        self.counters = LiveCounters()
        self._door = Door(recogniser, settings)
        self._entrance = Entrance(fps, settings, self.counters)
        self._person = Person(Rules(recogniser, fps, settings, self.counters), person)

    @property
    def waiting(self) -> int:
        """Frames that were offered and not taken."""
        return len(self._entrance)

    def push(
        self,
        joints: ArrayLike,
        time_s: float,
        seq: int | None = None,
        confidence: ArrayLike | None = None,
    ) -> list[Record]:
        """Take a frame at once, after those that were offered.

        Args:
            joints: (C, V) raw joints, channels and units as the bundle says; of a bundle that labels
                scenes (C, V, M). A joint is missing where a channel is NaN, infinite or above 1e6.
            time_s: When the frame was taken, on the source's clock, in seconds.
            seq: The frame's number, growing by one from frame to frame; for all frames or for none.
            confidence: One number or one of each joint; joints at 0 are missing.

        Returns:
            Records of this frame and of those that had waited for it, in order; none if it was
            dropped or waits.

        Raises:
            SkeletonError: The shape is not the bundle's.
            DataError: Something is no number, stamps are not in seconds, joints are in another unit,
                or the stream was finalized. The frame is counted as ``refused``, nothing moves.
        """
        arrival = self._admit(joints, time_s, seq, confidence)
        records = self._take_waiting()
        return records + self._records(self._entrance.put_in_order(arrival))

    def offer(
        self,
        joints: ArrayLike,
        time_s: float,
        seq: int | None = None,
        confidence: ArrayLike | None = None,
    ) -> None:
        """Let a frame wait until it is taken, for sources that must not be held up.

        If ``queue_frames`` wait already, the oldest is dropped and counted as ``overflow``.
        Arguments and errors are those of :meth:`push`.
        """
        self._entrance.queue(self._admit(joints, time_s, seq, confidence))

    def take(self) -> list[Record]:
        """Take the oldest frame that was offered; returns records as :meth:`push` does."""
        return self._records(self._entrance.oldest())

    def finalize(self) -> Ending:
        """End the stream: what waits is taken, the look-ahead is flushed. Twice does no harm."""
        records = self._take_waiting() + self._records(self._entrance.close())
        return Ending(records, self._person.finish(), self.counters)

    def _admit(
        self, joints: ArrayLike, time_s: float, seq: int | None, confidence: ArrayLike | None
    ) -> Arrival:
        def check() -> dict[int, Seen]:
            return {self._person.number: self._door.check(joints, confidence)}

        return self._entrance.admit(check, time_s, seq)

    def _take_waiting(self) -> list[Record]:
        records = []
        while self.waiting:
            records += self.take()
        return records

    def _records(self, arrivals: Iterable[Arrival]) -> list[Record]:
        records = []
        for arrival in arrivals:
            dropped, skipped = self._entrance.dropped_since_last()
            records += run_together([self._person.take(arrival, dropped, skipped)])
        return records
