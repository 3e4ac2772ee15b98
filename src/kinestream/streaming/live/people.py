"""A live stream of several people, each followed by a number that a tracker gives."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from numpy.typing import ArrayLike

from kinestream.errors import DataError
from kinestream.streaming.arguments import check_kind, whole
from kinestream.streaming.live.clock import check_live_rate
from kinestream.streaming.live.counters import LiveCounters
from kinestream.streaming.live.door import Door, Seen
from kinestream.streaming.live.entrance import Entrance
from kinestream.streaming.live.order import Arrival
from kinestream.streaming.live.person import Person, Rules
from kinestream.streaming.live.record import Answer, Record
from kinestream.streaming.live.settings import LiveSettings, exceeds
from kinestream.streaming.live.steps import run_together
from kinestream.streaming.stream import Recogniser

MOST_PEOPLE = 256
LARGEST_TRACK = 2**63 - 1


@dataclass(frozen=True)
class SceneRecord:
    """The answer to one accepted frame with several people.

    Attributes:
        seq: The frame's number, as it came.
        time_s: The frame's stamp, as it came.
        people: Records of everyone who is seen or was seen shortly before, by track number.
        left: Tracks that were let go, with the answers that they were still owed.
        crowded: How many in this frame were left out because there were too many.
        dropped_since_last: Frames dropped since the last record, for whatever reason.
        skipped_n: Those of them that were dropped because frames came faster than they were taken.
    """

    seq: int | None
    time_s: float
    people: tuple[Record, ...] = ()
    left: dict[int, tuple[Answer, ...]] = field(default_factory=dict, compare=False)
    crowded: int = 0
    dropped_since_last: int = 0
    skipped_n: int = 0


@dataclass(frozen=True)
class SceneEnding:
    """What was left at the end of a live stream of several people.

    Attributes:
        records: Of frames that had waited.
        answers: By track number, of the frames whose look-ahead had not filled.
        counters: Totals.
    """

    records: list[SceneRecord]
    answers: dict[int, list[Answer]]
    counters: LiveCounters


class LivePeople:
    """Several people live. Made by :meth:`kinestream.bundle.Bundle.live_people`.

    Each track number has a state of its own, which begins empty and ends when the track was not seen
    for ``reset_after_s``. Everyone in a frame is stepped together.

    Args:
        recogniser: Shared by all streams of a bundle.
        fps: Rate at which frames will come; the bundle's own by default.
        max_persons: Most people who are followed, 1 to 256.
        settings: Thresholds.

    Attributes:
        counters: Totals of frames; ``repaired``, ``held``, ``stale``, ``interpolated`` and ``resets``
            count people in frames.

    Raises:
        ConfigError: ``max_persons`` is out of range, or an argument of another kind.
        DataError: The rate is out of range, or the bundle labels people together.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        fps: float | None = None,
        max_persons: int = 16,
        settings: LiveSettings | None = None,
    ) -> None:
        max_persons = whole(max_persons, 1, MOST_PEOPLE, "max_persons")
        if recogniser.people > 1:
            raise DataError(
                f"this bundle labels scenes of {recogniser.people} people together: use bundle.live()."
            )
        check_kind(settings, LiveSettings | None, "settings must be LiveSettings")
        settings = settings or LiveSettings()
        fps = recogniser.fps if fps is None else fps
        check_live_rate(fps, recogniser.fps, settings)
        self.counters = LiveCounters()
        self._max_persons = max_persons
        self._door = Door(recogniser, settings)
        self._entrance = Entrance(fps, settings, self.counters)
        self._rules = Rules(recogniser, fps, settings, self.counters)
        self._people: dict[int, Person] = {}

    @property
    def tracks(self) -> tuple[int, ...]:
        """Numbers of the people who are followed."""
        return tuple(self._people)

    @property
    def waiting(self) -> int:
        """Frames that were offered and not taken."""
        return len(self._entrance)

    def push(
        self,
        people: Mapping[int, ArrayLike],
        time_s: float,
        seq: int | None = None,
        confidence: Mapping[int, ArrayLike] | None = None,
    ) -> list[SceneRecord]:
        """Take a frame at once, after those that were offered.

        Args:
            people: By track number, the raw joints (C, V) of everyone in the frame.
            time_s: When the frame was taken, on the source's clock, in seconds.
            seq: The frame's number, growing by one from frame to frame; for all frames or for none.
            confidence: By track number, one number or one of each joint; joints at 0 are missing.

        Returns:
            Records as of :meth:`kinestream.streaming.live.Live.push`, each of a whole frame.

        Raises:
            SkeletonError: A shape is not the bundle's.
            DataError: As of one person, or a track number is no whole number.
        """
        arrival = self._admit(people, time_s, seq, confidence)
        records = self._take_waiting()
        return records + self._records(self._entrance.put_in_order(arrival))

    def offer(
        self,
        people: Mapping[int, ArrayLike],
        time_s: float,
        seq: int | None = None,
        confidence: Mapping[int, ArrayLike] | None = None,
    ) -> None:
        """Let a frame wait until it is taken; see :meth:`kinestream.streaming.live.Live.offer`."""
        self._entrance.queue(self._admit(people, time_s, seq, confidence))

    def take(self) -> list[SceneRecord]:
        """Take the oldest frame that was offered."""
        return self._records(self._entrance.oldest())

    def finalize(self) -> SceneEnding:
        """End the stream: what waits is taken, everyone's look-ahead is flushed."""
        records = self._take_waiting() + self._records(self._entrance.close())
        answers = {track: person.finish() for track, person in self._people.items()}
        return SceneEnding(records, answers, self.counters)

    def _admit(
        self,
        people: Mapping[int, ArrayLike],
        time_s: float,
        seq: int | None,
        confidence: Mapping[int, ArrayLike] | None,
    ) -> Arrival:
        def check() -> dict[int, Seen]:
            trust = {} if confidence is None else confidence
            given: tuple[object, object] = people, trust
            if not all(isinstance(value, Mapping) for value in given):
                raise DataError("joints and confidence of people must be mappings by track number.")
            if len(people) > MOST_PEOPLE:
                raise DataError(f"a frame may show {MOST_PEOPLE} people, got {len(people)}.")
            return {
                _track(track): self._door.check(joints, trust.get(track))
                for track, joints in people.items()
            }

        return self._entrance.admit(check, time_s, seq)

    def _take_waiting(self) -> list[SceneRecord]:
        records = []
        while self.waiting:
            records += self.take()
        return records

    def _records(self, arrivals: Iterable[Arrival]) -> list[SceneRecord]:
        return [self._record(arrival) for arrival in arrivals]

    def _record(self, arrival: Arrival) -> SceneRecord:
        seen = self._most_certain(arrival.people)
        left = self._let_go(arrival, seen)
        for track in seen:
            if track not in self._people:
                self._people[track] = Person(self._rules, track)
                self.counters.joined += 1
        nobody = self._door.nobody()
        whole = {track: seen.get(track, nobody) for track in self._people}
        frame = Arrival(arrival.seq, arrival.time_s, arrival.at_s, whole, arrival.reset)
        dropped, skipped = self._entrance.dropped_since_last()
        return SceneRecord(
            seq=arrival.seq,
            time_s=arrival.time_s,
            people=tuple(run_together([person.take(frame) for person in self._people.values()])),
            left=left,
            crowded=len(arrival.people) - len(seen),
            dropped_since_last=dropped,
            skipped_n=skipped,
        )

    def _most_certain(self, people: dict[int, Seen]) -> dict[int, Seen]:
        """As many as are followed; the least certain are left out, newcomers first."""
        ranked = sorted(people, key=lambda t: (-people[t].confidence, t not in self._people, t))
        self.counters.crowded += max(len(people) - self._max_persons, 0)
        return {track: people[track] for track in ranked[: self._max_persons]}

    def _let_go(self, arrival: Arrival, seen: dict[int, Seen]) -> dict[int, tuple[Answer, ...]]:
        """End the tracks that were not seen for too long, and those whose place newcomers need."""
        longest_s = self._rules.settings.reset_after_s
        away = [track for track in self._people if track not in seen]
        away.sort(key=lambda track: -self._people[track].unseen(arrival.at_s))
        crowd = len(away) + len(seen) - self._max_persons
        gone = [
            track
            for place, track in enumerate(away)
            if place < crowd
            or arrival.reset
            or exceeds(self._people[track].unseen(arrival.at_s), longest_s)
        ]
        self.counters.left += len(gone)
        return {track: tuple(self._people.pop(track).finish()) for track in gone}


def _track(number: int) -> int:
    try:
        track = operator.index(number)
    except TypeError:
        track = -1
    if isinstance(number, bool) or not 0 <= track <= LARGEST_TRACK:
        raise DataError(
            f"a track must be a whole number, 0 to {LARGEST_TRACK}, got {number!r:.40}."
        )
    return track
