"""From scores of frames to events, as the frames come.

Legend: K classes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError
from kinestream.streaming.arguments import check_kind
from kinestream.streaming.clock import seconds
from kinestream.streaming.events.event import Event, Kind
from kinestream.streaming.events.gate import Gate
from kinestream.streaming.events.rules import EventRules
from kinestream.streaming.events.spell import Spell

SLACK_S = 1e-6
"""Times within a microsecond are equal: sums of frame intervals are off by less."""
SLACK = 1e-4
"""How far scores may be from 0 and 1, by rounding."""


class Events:
    """The events of one person.

    - An action has started once frames without a break have shown it for ``min_duration_ms``, from
      the first of them to the newest. It started with the first.
    - It goes on over pauses shorter than ``merge_gap_ms``, counted from the first frame that does not
      show it. It has ended once a pause has lasted that long, or as soon as another action has
      started. It ended with the first frame of that pause.
    - Background classes and frames that show none make no events.

    So ``started`` and ``ended`` take turns, with one action each, and actions never overlap. What is
    remembered is two actions, whatever the number of frames.

    Args:
        rules: See :class:`EventRules`; which class a frame shows is decided by :class:`Gate`.
        classes: Names of the K classes.
        background: Numbers of those that are no actions.
        person: Whom the events speak of.
        delay_s: How long after its frame a score comes, by the look-ahead of the network.

    Raises:
        ConfigError: The rules are none.
        DataError: There is no class, or a background class is outside the list.

    >>> events = Events(EventRules(min_duration_ms=100, merge_gap_ms=100), ("rest", "wave"), (0,))
    >>> for frame, wave in enumerate([0.1, 0.9, 0.9, 0.8, 0.2, 0.1, 0.1]):
    ...     for event in events.push([1 - wave, wave], frame / 10):
    ...         print(event.kind, event.name, event.start_s, event.end_s, "known", event.known_s)
    started wave 0.1 None known 0.2
    ended wave 0.1 0.4 known 0.5
    """

    def __init__(
        self,
        rules: EventRules,
        classes: Sequence[str],
        background: Collection[int] = (),
        *,
        person: int = 0,
        delay_s: float = 0.0,
    ) -> None:
        check_kind(rules, EventRules, "rules must be EventRules")
        if not classes:
            raise DataError("events need at least one class.")
        if outside := [label for label in background if not 0 <= label < len(classes)]:
            raise DataError(
                f"background class {outside[0]} is outside the list of {len(classes)} classes."
            )
        self.rules = rules
        self.classes = tuple(classes)
        self.background = frozenset(background)
        self.person = person
        self.delay_s = delay_s
        self._gate = Gate(rules)
        self._open: Spell | None = None
        """The action that has started and not ended."""
        self._candidate: Spell | None = None
        """An action that is shown and has not started yet."""
        self._last_s = -np.inf
        self._period_s = 0.0
        self._finished = False

    def push(self, scores: ArrayLike, time_s: float) -> list[Event]:
        """Take the next frame and return what can now be said, in order.

        Args:
            scores: (K,) probabilities, 0 to 1, as in ``Stream.answers``.
            time_s: When the frame was seen.

        Raises:
            DataError: The scores are not K probabilities, the time falls or is no time, or the
                events were finished. Nothing has changed then.
        """
        row = self._checked(scores)
        time_s = self._later(time_s)
        if np.isfinite(self._last_s):
            self._period_s = time_s - self._last_s
        self._last_s = time_s
        label = self._gate.shown(row)
        said = self._pause(label, time_s)
        if label is None or label in self.background:
            self._candidate = None
            return said
        return said + self._show(label, float(row[label]), time_s)

    def finish(self) -> list[Event]:
        """End the recording and return what is left to say.

        An action that is still shown ends with the last frame, which lasts as long as the one before
        it did. No frame can follow.
        """
        if self._finished or not np.isfinite(self._last_s):
            self._finished = True
            return []
        self._finished = True
        over_s = self._last_s + self._period_s
        if self._open is None:
            return []
        if self._open.off_s is None:
            self._open.off_s = over_s
        return [self._end(max(over_s, self._last_s + self.delay_s))]

    def _pause(self, label: int | None, time_s: float) -> list[Event]:
        """A frame with this label, as the open action sees it: does a pause begin, or has it ended?"""
        action = self._open
        if action is None:
            return []
        if action.off_s is None and label != action.label:
            action.off_s = time_s
        if action.off_s is None or not _reached(time_s - action.off_s, self.rules.merge_gap_ms):
            return []
        return [self._end(time_s + self.delay_s)]

    def _show(self, label: int, score: float, time_s: float) -> list[Event]:
        """A frame that shows an action: the open one, or one that may start."""
        if self._open is not None and self._open.label == label:
            self._open.add(score, time_s)
            self._candidate = None
            return []
        if self._candidate is None or self._candidate.label != label:
            self._candidate = Spell(label, time_s, time_s)
        action = self._candidate
        action.add(score, time_s)
        if not _reached(action.lasted_s, self.rules.min_duration_ms):
            return []
        known_s = time_s + self.delay_s
        said = [self._end(known_s)] if self._open is not None else []
        self._open, self._candidate = action, None
        return [*said, self._event("started", action, known_s)]

    def _end(self, known_s: float) -> Event:
        action = self._open
        assert action is not None
        self._open = None
        return self._event("ended", action, known_s)

    def _event(self, kind: Kind, action: Spell, known_s: float) -> Event:
        return Event(
            kind=kind,
            label=action.label,
            name=self.classes[action.label],
            start_s=action.first_s,
            end_s=action.off_s,
            known_s=known_s,
            score=action.score,
            peak=action.peak,
            person=self.person,
        )

    def _checked(self, scores: ArrayLike) -> NDArray[np.float64]:
        if self._finished:
            raise DataError("these events were finished; start new ones for another recording.")
        try:
            row = np.asarray(scores, np.float64)
        except (TypeError, ValueError):
            raise DataError("scores must be numbers, one for each class.") from None
        if row.shape != (len(self.classes),):
            raise DataError(
                f"scores must be ({len(self.classes)},), one for each class, got {row.shape}."
            )
        low, high = float(row.min(initial=1)), float(row.max(initial=0))
        if not (low >= -SLACK and high <= 1 + SLACK):  # NaN fails too
            raise DataError(
                f"scores must be probabilities from 0 to 1, got {low:g} to {high:g}: apply softmax "
                f"first."
            )
        return row

    def _later(self, time_s: float) -> float:
        time_s = seconds(time_s)
        if time_s < self._last_s:
            raise DataError(f"frame times must not fall, got {time_s} s after {self._last_s} s.")
        return time_s


def _reached(span_s: float, least_ms: float) -> bool:
    return span_s >= least_ms / 1000 - SLACK_S
