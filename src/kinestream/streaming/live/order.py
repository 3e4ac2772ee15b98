"""The order of frames: late ones are sorted in, those that came before are left out.

Nothing waits while nothing is missing. A frame waits when one before it has not come: when its
number leaves a hole, or, for frames without numbers, when since the last frame there is time for more
frames than have come. It waits until the missing ones come, until a frame comes whose stamp is
``reorder_s`` later than its own, or not at all after a gap that is too long to be filled.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import dataclass, replace

from kinestream.streaming.live.counters import DUPLICATE, LATE, LiveCounters
from kinestream.streaming.live.door import Seen
from kinestream.streaming.live.settings import SAME_S, LiveSettings, exceeds

# How many frames are remembered to know those that come twice.
REMEMBERED = 64

CLOCK, RESTART = "clock", "restart"


@dataclass(frozen=True, eq=False)
class Arrival:
    """A frame that came.

    Attributes:
        seq: Its number, if it has one.
        time_s: Its stamp.
        at_s: Its stamp on a clock that does not wrap.
        people: Who is seen in it.
        reset: Why nothing before it counts any more; else empty.
    """

    seq: int | None
    time_s: float
    at_s: float
    people: dict[int, Seen]
    reset: str = ""

    @property
    def place(self) -> float:
        """What frames are sorted by."""
        return self.at_s if self.seq is None else self.seq


class Order:
    """Sorts frames and drops those that came before or come too late.

    Args:
        fps: Rate at which frames are said to come.
        settings: How long frames wait.
        counters: Drops are counted here.
    """

    def __init__(self, fps: float, settings: LiveSettings, counters: LiveCounters) -> None:
        self._fps = fps
        self._settings = settings
        self._counters = counters
        self._longest_gap_s = settings.longest_gap_s(fps)
        self._waiting: list[Arrival] = []
        self._past: deque[Arrival] = deque(maxlen=REMEMBERED)
        self._given_up: deque[float] = deque(maxlen=REMEMBERED)

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, frame: Arrival) -> list[Arrival]:
        """Take a frame; returns those that are next, in order."""
        if not self._past:
            return self._release([frame])
        if self._came_before(frame):
            self._counters.drop(DUPLICATE)
            return []
        reason = self._new_beginning(frame)
        if reason:
            rest = self.flush()
            self._past.clear()
            self._given_up.clear()
            self._counters.clock_jumps += reason == CLOCK
            return rest + self._release([replace(frame, reset=reason)])
        last = self._past[-1]
        if frame.place <= last.place or frame.at_s <= last.at_s:
            self._counters.drop(LATE)
            return []
        insort(self._waiting, frame, key=lambda waiting: waiting.place)
        return self._release_first(self._ripe())

    def give_up(self, frame: Arrival) -> None:
        """Do not wait for this frame, which was dropped on its way here."""
        self._given_up.append(frame.place)

    def flush(self) -> list[Arrival]:
        """All that wait, in order."""
        return self._release_first(len(self._waiting))

    def _came_before(self, frame: Arrival) -> bool:
        return any(
            abs(frame.at_s - other.at_s) <= SAME_S
            or (frame.seq is not None and frame.seq == other.seq)
            for other in (*self._past, *self._waiting)
        )

    def _new_beginning(self, frame: Arrival) -> str:
        """Why the source seems to have begun anew; else empty."""
        known = (self._past[-1], *self._waiting)
        newest_s = max(other.at_s for other in known)
        went_back = exceeds(newest_s - frame.at_s, self._settings.clock_back_s)
        if frame.seq is None:
            return CLOCK if went_back else ""
        newest = max(other.place for other in known)
        # A straggler has a number from among the last ones; a source that was started again has not.
        forgotten = frame.seq < min(other.place for other in self._past)
        if went_back and (frame.seq > newest or forgotten):
            return CLOCK
        went_on = exceeds(frame.at_s - newest_s, self._settings.reorder_s)
        return RESTART if went_on and frame.seq < self._past[-1].place else ""

    def _ripe(self) -> int:
        """How many of those that wait need not wait longer."""
        settings, last, ripe = self._settings, self._past[-1], 0
        newest_s = max(frame.at_s for frame in self._waiting)
        for count, frame in enumerate(self._waiting, start=1):
            complete = self._places(last, frame) <= count - ripe
            too_late = newest_s - frame.at_s >= settings.reorder_s - SAME_S
            beyond = exceeds(frame.at_s - last.at_s, self._longest_gap_s)
            crowded = len(self._waiting) - count >= settings.reorder_frames
            if complete or too_late or beyond or crowded:
                last, ripe = frame, count
        return ripe

    def _places(self, last: Arrival, frame: Arrival) -> int:
        """How many frames there should be after ``last``, up to ``frame``."""
        dropped = sum(last.place < place < frame.place for place in set(self._given_up))
        if frame.seq is None or last.seq is None:
            return round((frame.at_s - last.at_s) * self._fps) - dropped
        return frame.seq - last.seq - dropped

    def _release_first(self, count: int) -> list[Arrival]:
        if count <= 0:
            return []
        released, self._waiting = self._waiting[:count], self._waiting[count:]
        return self._release(released)

    def _release(self, frames: list[Arrival]) -> list[Arrival]:
        """Those of frames in order whose stamps grow too."""
        released = []
        for frame in frames:
            if self._past:
                last = self._past[-1]
                if frame.at_s <= last.at_s:
                    self._counters.drop(LATE)
                    continue
                if frame.seq is not None:
                    self._counters.lost += max(self._places(last, frame) - 1, 0)
            self._past.append(replace(frame, people={}))
            released.append(frame)
        return released
