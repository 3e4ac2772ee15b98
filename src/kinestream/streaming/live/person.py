"""One person, or one scene, through all that happens live.

Legend: C channels, V joints, M people of a scene.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kinestream.streaming.live.counters import LiveCounters
from kinestream.streaming.live.order import CLOCK, Arrival
from kinestream.streaming.live.record import Answer, Record
from kinestream.streaming.live.scale import Scale
from kinestream.streaming.live.settings import HOLE_FRAMES, LiveSettings, exceeds
from kinestream.streaming.live.source import Source
from kinestream.streaming.live.state import GridFrame, State
from kinestream.streaming.live.steps import Step, Work
from kinestream.streaming.stream import Recogniser


@dataclass(frozen=True)
class Rules:
    """What the people of one source share: bundle, rate, settings and counters."""

    recogniser: Recogniser
    fps: float
    settings: LiveSettings
    counters: LiveCounters


class Person:
    """Takes frames in order and answers each with a record, whatever is wrong with it.

    Args:
        rules: Shared by the people of one source.
        number: Number that labels and records carry.
    """

    def __init__(self, rules: Rules, number: int) -> None:
        self._rules = rules
        self.number = number
        self._source = Source(rules.settings.stale_s)
        self._scale = Scale(rules.recogniser.pipeline, rules.settings)
        self._state = State(rules.recogniser, rules.settings, number)
        self._last_s: float | None = None

    def take(self, arrival: Arrival, dropped: int = 0, skipped: int = 0) -> Work:
        """Work on a frame, later than the one before.

        Args:
            arrival: The frame.
            dropped: Frames dropped since the last record, for the record to tell.
            skipped: Those of them that came too fast.
        """
        at_s, seen = arrival.at_s, arrival.people[self.number]
        joints, missing = seen.joints, seen.missing
        held = bool(missing.all())
        frozen = self._source.is_frozen(joints, at_s)
        warning = self._warning(arrival, scale_jumped=self._scale.jumped(joints))
        answers: list[Answer] = []
        reset = self._reset_reason(arrival, held or frozen)
        if reset:
            answers += self._begin_anew(reset)

        invented = 0
        away = held and exceeds(self._state.unseen(at_s), self._rules.settings.hold_s)
        moves = not away and not frozen
        if moves:
            frames = self._state.take(joints, at_s)
            invented = self._invented(frames, at_s)
            made: list[Answer] = []
            for frame in frames:
                yield Step(self._state.stream, frame.joints, frame.time_s)
                made += self._state.answers()
            answers += finite(made)
            if len(finite(made)) < len(made):
                reset = "not_finite"
                self._begin_anew(reset)
        else:
            self._state.freeze()
        if not held and reset != "not_finite":
            self._state.seen_s = at_s
        self._last_s = at_s

        return self._counted(
            Record(
                seq=arrival.seq,
                time_s=arrival.time_s,
                person=self.number,
                label=self._state.label,
                answers=tuple(answers),
                warmup=self._state.warms_up,
                repaired=bool(missing.any()) and not held,
                held=held,
                interpolated=invented > 0,
                stale=not moves and self._state.label is not None,
                reset=reset,
                warning=warning,
                dropped_since_last=dropped,
                skipped_n=skipped,
            ),
            invented,
        )

    def finish(self) -> list[Answer]:
        """End the state; returns the answers that waited for their look-ahead."""
        return finite(self._state.finish())

    def unseen(self, at_s: float) -> float:
        """Seconds since the person was last seen; infinite if never since the state began."""
        return self._state.unseen(at_s)

    def _reset_reason(self, arrival: Arrival, waits: bool) -> str:
        """Why the state must begin anew; empty if it need not, or has not begun."""
        state, rules = self._state, self._rules
        if self._last_s is None or state.seen_s is None:
            return ""
        if arrival.reset:
            return arrival.reset
        if exceeds(arrival.at_s - self._last_s, rules.settings.longest_gap_s(rules.fps)):
            return "gap"
        if exceeds(state.unseen(arrival.at_s), rules.settings.reset_after_s):
            return "person"
        # A source that hung so long shows somebody who has moved on.
        hung = exceeds(arrival.at_s - state.moved_s, rules.settings.reset_after_s)
        return "stale" if hung and not waits else ""

    def _begin_anew(self, reason: str) -> list[Answer]:
        """Drop the state; returns the answers that it still owed."""
        answers = self.finish()
        self._rules.counters.resets[reason] += 1
        self._state = State(
            self._rules.recogniser, self._rules.settings, self.number, self._state.end
        )
        return answers

    def _warning(self, arrival: Arrival, *, scale_jumped: bool) -> str:
        self._rules.counters.scale_jumps += scale_jumped
        if arrival.reset == CLOCK:
            return CLOCK
        return "scale" if scale_jumped else ""

    def _invented(self, frames: list[GridFrame], at_s: float) -> int:
        """Frames of the grid in a hole, further than half a frame from all that came."""
        fps, last_s = self._rules.fps, self._last_s
        if last_s is None or (at_s - last_s) * fps < 1.01 * HOLE_FRAMES:
            return 0
        return sum(min(frame.time_s - last_s, at_s - frame.time_s) > 0.5 / fps for frame in frames)

    def _counted(self, record: Record, invented: int) -> Record:
        counters = self._rules.counters
        counters.repaired += record.repaired
        counters.held += record.held
        counters.stale += record.stale
        counters.interpolated += invented
        return record


def finite(answers: list[Answer]) -> list[Answer]:
    """Those whose score is a number."""
    return [answer for answer in answers if math.isfinite(answer[0].score)]
