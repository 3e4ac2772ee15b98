"""Events as they happen are those that somebody with the whole recording would tell."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.errors import ConfigError, DataError
from kinestream.streaming.events import Event, EventRules, Events
from kinestream.streaming.events.spell import Spell

CLASSES = ("rest", "wave", "jump", "sit")
REST = (0,)
FPS = 10
Made = Callable[..., list[Event]]


def live(
    scores: np.ndarray, times: Sequence[float], rules: EventRules, kind: type[Events] = Events
) -> list[Event]:
    events = kind(rules, CLASSES, REST, delay_s=0.5)
    said = [e for row, t in zip(scores, times, strict=True) for e in events.push(row, t)]
    return said + events.finish()


def shown_frames(scores: np.ndarray, rules: EventRules) -> list[int]:
    """The class that each frame shows, -1 for none or rest: by looking back from every frame."""
    shown = []
    for t in range(len(scores)):
        label, back = -1, t
        while back >= 0:
            best = int(np.argmax(scores[back]))
            if scores[back][best] < rules.unknown:
                break
            if scores[back][best] >= rules.onset:
                kept = [scores[k][best] >= rules.release for k in range(back + 1, t + 1)]
                label = best if all(kept) else -1
                break
            back -= 1
        shown.append(-1 if label in REST else label)
    return shown


def cut(shown: Sequence[int]) -> list[tuple[int, int, int]]:
    """Runs of one action: label, first frame, frame after the last."""
    edges = [0, *(t for t in range(1, len(shown)) if shown[t] != shown[t - 1]), len(shown)]
    return [(shown[a], a, b) for a, b in pairwise(edges) if b > a and shown[a] >= 0]


def told(scores: np.ndarray, times: Sequence[float], rules: EventRules) -> list[Event]:
    """The definition, with all frames at hand: which runs belong to each event, when it was known."""
    least, gap, end = rules.min_duration_ms / 1000, rules.merge_gap_ms / 1000, len(times)
    runs = cut(shown_frames(scores, rules))
    over = times[-1] + (times[-1] - times[-2] if end > 1 else 0.0)

    def first(start: int, stop: int, span: float) -> int:
        """The first frame so long after ``start``; ``end`` where there is none."""
        late = [t for t in range(start, stop) if times[t] - times[start] >= span - 1e-6]
        return late[0] if late else end

    said: list[Event] = []
    number = 0
    while number < len(runs):
        label, start, stop = runs[number]
        known = first(start, stop, least)
        number += 1
        if known == end:
            continue
        members = [(start, stop)]
        while True:
            passed = first(stop, end, gap)
            rival = min(
                (first(a, b, least) for k, a, b in runs[number:] if k != label), default=end
            )
            closed = min(passed, rival)
            back = [i for i in range(number, len(runs)) if runs[i][0] == label]
            if not back or runs[back[0]][1] >= closed:
                break
            number, (_, again, stop) = back[0] + 1, runs[back[0]]
            members.append((again, stop))

        frames = [t for a, b in members for t in range(a, b)]
        sure = [float(scores[t][label]) for t in frames]
        early = sure[: frames.index(known) + 1]
        about = (label, CLASSES[label], times[members[0][0]])
        closes = times[closed] + 0.5 if closed < end else max(over, times[-1] + 0.5)
        stopped = times[stop] if stop < end else over
        starts = times[known] + 0.5
        said.append(Event("started", *about, None, starts, float(np.mean(early)), max(early)))
        said.append(Event("ended", *about, stopped, closes, float(np.mean(sure)), max(sure)))
    return said


def same(found: Sequence[Event], wanted: Sequence[Event]) -> bool:
    def facts(event: Event) -> tuple[object, ...]:
        return event.kind, event.label, event.name, event.start_s, event.end_s, event.known_s

    return [*map(facts, found)] == [*map(facts, wanted)] and np.allclose(
        [(e.score, e.peak) for e in found], [(e.score, e.peak) for e in wanted]
    )


def sound(said: Sequence[Event]) -> bool:
    """Started and ended take turns, speak of one action, follow one another and are known in order."""
    pairs = list(zip(said[::2], said[1::2], strict=False))
    ends = [np.nan if b.end_s is None else b.end_s for _, b in pairs]
    return (
        len(said) % 2 == 0
        and all(e.label not in REST for e in said)
        and all((a.kind, b.kind) == ("started", "ended") for a, b in pairs)
        and all((a.label, a.start_s) == (b.label, b.start_s) for a, b in pairs)
        and all(a.end_s is None for a, _ in pairs)
        and all(b.start_s <= end <= b.known_s for (_, b), end in zip(pairs, ends, strict=True))
        and all(end <= c.start_s for end, (c, _) in zip(ends, pairs[1:], strict=False))
        and all(a.known_s <= b.known_s for a, b in pairwise(said))
    )


def random_recording(seed: int) -> tuple[np.ndarray, list[float], EventRules]:
    """Scores that dwell and flicker, frames at uneven times, rules of every kind."""
    rng = np.random.default_rng(seed)
    frames = int(rng.integers(1, 60))
    logits = rng.normal(0, 1.0, (frames, len(CLASSES)))
    dwell = rng.integers(1, 8)
    logits[np.arange(frames), rng.integers(0, 4, frames // dwell + 1).repeat(dwell)[:frames]] += 2
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    steps = rng.choice([0.1] if rng.random() < 0.5 else [0.0, 0.1, 0.1, 0.3, 2.0], frames)
    onset = rng.choice([0.0, 0.3, 0.5, 0.7])
    rules = EventRules(
        onset=onset,
        release=onset * rng.choice([0.0, 0.5, 1.0]),
        min_duration_ms=rng.choice([0, 100, 200, 300, 550]),
        merge_gap_ms=rng.choice([0, 100, 200, 500, 1000]),
        unknown=rng.choice([0.0, 0.0, 0.4, 0.6]),
    )
    return scores, np.cumsum(steps).tolist(), rules


def disagreements(kind: type[Events], seeds: int = 60) -> int:
    """Random recordings whose events are not those told of the whole."""
    made = [random_recording(seed) for seed in range(seeds)]
    return sum(not same(live(*one, kind), told(*one)) for one in made)


@given(st.integers(0, 1 << 32))
def test_events_are_those_told_of_the_whole(seed: int) -> None:
    recording = random_recording(seed)
    said = live(*recording)
    assert same(said, told(*recording))
    assert sound(said)


@pytest.mark.long
def test_many_events_are_those_told_of_the_whole() -> None:
    assert disagreements(Events, 20_000) == 0


class NeverPatient(Events):
    """Ends an action at the first frame that does not show it."""

    def _pause(self, label: int | None, time_s: float) -> list[Event]:
        said = super()._pause(label, time_s)
        paused = not said and self._open is not None and self._open.off_s is not None
        return [self._end(time_s + self.delay_s)] if paused else said


class AddsUp(Events):
    """Counts what an action lasted over all its breaks."""

    def push(self, scores, time_s):  # type: ignore[no-untyped-def]
        before = self._candidate
        said = super().push(scores, time_s)
        self._candidate = self._candidate or (None if said else before)
        return said


class LateStart(Events):
    """Says that an action began when it was confirmed."""

    def _event(self, kind, action, known_s):  # type: ignore[no-untyped-def]
        made = Spell(**{**vars(action), "first_s": action.last_s})
        return super()._event(kind, made if kind == "started" else action, known_s)


@pytest.mark.parametrize("twin", [NeverPatient, AddsUp, LateStart])
def test_the_reference_refuses_a_broken_twin(twin: type[Events]) -> None:
    assert disagreements(twin) > 2


def test_what_is_not_sound_is_seen() -> None:
    start = Event("started", 1, "wave", 1.0, None, 1.2, 0.8, 0.9)
    end = Event("ended", 1, "wave", 1.0, 2.0, 2.3, 0.8, 0.9)
    assert sound([start, end])
    other = Event("started", 2, "jump", 1.9, None, 2.4, 0.8, 0.9)
    broken = (
        [start],
        [end, start],
        [start, start],
        [start, Event("ended", 2, "jump", 1.0, 2.0, 2.3, 0.8, 0.9)],
        [start, Event("ended", 1, "wave", 1.0, 0.9, 2.3, 0.8, 0.9)],
        [start, end, other, Event("ended", 2, "jump", 1.9, 3.0, 3.3, 0.8, 0.9)],  # overlap
        [Event("started", 0, "rest", 1.0, None, 1.2, 0.8, 0.9)] * 2,
    )
    assert not any(map(sound, broken))


def scores_of(text: str, high: float = 0.8) -> np.ndarray:
    """A frame for each letter: ``.`` rest, ``w`` wave, ``j`` jump, ``?`` nobody's."""
    rows = np.full((len(text), 4), (1 - high) / 3)
    for t, letter in enumerate(text):
        rows[t, ".wj".find(letter)] = high
        if letter == "?":
            rows[t] = 0.25
    return rows


def said_of(text: str, **rules: float) -> list[tuple[str, float, float | None, float]]:
    """Name, start, end and when it was known, in frames of a tenth of a second."""
    made = EventRules(**({"min_duration_ms": 200, "merge_gap_ms": 300} | rules))
    events = Events(made, CLASSES, REST)
    said = [e for t, row in enumerate(scores_of(text)) for e in events.push(row, t / FPS)]

    def frame(time_s: float | None) -> float | None:
        return None if time_s is None else round(time_s * FPS, 6)

    return [
        (e.name, frame(e.start_s), frame(e.end_s), frame(e.known_s))  # type: ignore[misc]
        for e in [*said, *events.finish()]
    ]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("..ww....", []),  # 100 ms from first to newest: too short
        ("..www.....", [("wave", 2, None, 4), ("wave", 2, 5, 8)]),
        ("..www..ww.....", [("wave", 2, None, 4), ("wave", 2, 9, 12)]),  # a pause of 200 ms
        ("..www...www..", [("wave", 2, None, 4), ("wave", 2, 5, 8), ("wave", 8, None, 10),
                           ("wave", 8, 11, 13)]),  # of 300 ms, which is no longer shorter
        ("www.jj.ww....", [("wave", 0, None, 2), ("wave", 0, 3, 6)]),  # jump never lasts
        ("wwwjjj...", [("wave", 0, None, 2), ("wave", 0, 3, 5), ("jump", 3, None, 5),
                       ("jump", 3, 6, 9)]),  # jump ends wave before its pause has passed
        ("wwwjjwww", [("wave", 0, None, 2), ("wave", 0, 8, 8)]),  # still shown at the end
        ("www?www", [("wave", 0, None, 2), ("wave", 0, 7, 7)]),
        ("ww.", []),
        ("", []),
    ],
)  # fmt: skip
def test_by_hand(text: str, events: list[tuple[str, float, float | None, float]]) -> None:
    assert said_of(text) == events


def test_at_once_without_waiting() -> None:
    assert said_of(".w.j", min_duration_ms=0, merge_gap_ms=0) == [
        ("wave", 1, None, 1),
        ("wave", 1, 2, 2),
        ("jump", 3, None, 3),
        ("jump", 3, 4, 4),
    ]


def waves(values: Sequence[float], **rules: float) -> list[tuple[str, float]]:
    """When wave started and ended, in seconds, of its scores; rest has what is left."""
    made = EventRules(**({"min_duration_ms": 0, "merge_gap_ms": 0} | rules))
    events = Events(made, ("rest", "wave"), REST)
    said = [e for t, p in enumerate(values) for e in events.push([1 - p, p], t)]
    return [(e.kind, e.start_s if e.end_s is None else e.end_s) for e in said]


def test_a_score_that_trembles_around_the_onset_is_one_event() -> None:
    trembling = [0.1, 0.61, 0.59, 0.61, 0.59, 0.61, 0.1]
    assert waves(trembling, onset=0.6, release=0.3) == [("started", 1), ("ended", 6)]
    without = waves(trembling, onset=0.6, release=0.6)
    assert len(without) == 6


def test_rest_pushes_an_action_out_though_its_score_would_keep_it() -> None:
    assert waves([0.9, 0.45, 0.35], onset=0.6, release=0.3) == [("started", 0), ("ended", 2)]


def test_what_is_unknown_shows_nothing() -> None:
    values = [0.9, 0.65, 0.9, 0.9]
    assert waves(values, unknown=0.0) == [("started", 0)]
    assert waves(values, unknown=0.7) == [("started", 0), ("ended", 1), ("started", 2)]
    assert waves(values, unknown=0.95) == []


def test_scores_are_of_the_frames_that_show_the_action() -> None:
    events = Events(EventRules(min_duration_ms=1000, merge_gap_ms=2000), ("rest", "wave"), REST)
    values = [0.6, 0.8, 0.0, 1.0, 0.0, 0.0, 0.0]
    start, end = [e for t, p in enumerate(values) for e in events.push([1 - p, p], t)]
    assert (start.score, start.peak) == pytest.approx((0.7, 0.8))
    assert (end.score, end.peak) == pytest.approx((0.8, 1.0))


def test_what_is_remembered_does_not_grow() -> None:
    def remembered(frames: int) -> int:
        events = Events(EventRules(), CLASSES, REST)
        text = ("www.jj.." * frames)[:frames]
        for t, row in enumerate(scores_of(text)):
            events.push(row, float(t) / FPS)
        return len(pickle.dumps(vars(events)))

    assert remembered(5000) <= remembered(100) + 16


@pytest.mark.parametrize(
    ("scores", "time_s", "message"),
    [
        ([0.5, 0.5], 2.0, "one for each class, got"),
        ([[0.2, 0.2, 0.3, 0.3]], 2.0, "one for each class, got"),
        ([0.2, 0.2, np.nan, 0.3], 2.0, "apply softmax"),
        ([-3.0, 4.0, 1.0, 0.0], 2.0, "apply softmax"),
        (["a", 0, 0, 0], 2.0, "must be numbers"),
        ([0.1, 0.7, 0.1, 0.1], 0.9, "must not fall, got 0.9 s after 1.0 s"),
        ([0.1, 0.7, 0.1, 0.1], np.nan, "must be finite seconds"),
        ([0.1, 0.7, 0.1, 0.1], np.inf, "must be finite seconds"),
    ],
)
def test_a_bad_frame_is_refused_and_changes_nothing(
    scores: object, time_s: float, message: str
) -> None:
    events = Events(EventRules(), CLASSES, REST)
    events.push([0.1, 0.7, 0.1, 0.1], 1.0)
    before = pickle.dumps(vars(events))
    with pytest.raises(DataError, match=message):
        events.push(scores, time_s)  # type: ignore[arg-type]
    assert pickle.dumps(vars(events)) == before


def test_nothing_follows_the_end() -> None:
    events = Events(EventRules(), CLASSES, REST)
    assert events.finish() == []
    with pytest.raises(DataError, match="were finished"):
        events.push([0.1, 0.7, 0.1, 0.1], 1.0)
    events = Events(EventRules(min_duration_ms=0), CLASSES, REST)
    events.push([0.1, 0.7, 0.1, 0.1], 1.0)
    assert [event.kind for event in events.finish()] == ["ended"]
    assert events.finish() == []


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"onset": 1.2}, "onset is a score"),
        ({"release": np.nan}, "release is a score"),
        ({"unknown": -0.1}, "unknown is a score"),
        ({"onset": 0.4, "release": 0.5}, "got 0.5 and 0.4"),
        ({"min_duration_ms": -1}, "min_duration_ms must be 0 to 3600000 ms"),
        ({"merge_gap_ms": np.inf}, "merge_gap_ms must be"),
    ],
)
def test_rules_that_cannot_be(rules: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EventRules(**rules)


def test_classes_that_cannot_be() -> None:
    with pytest.raises(DataError, match="background class 4 is outside the list of 4"):
        Events(EventRules(), CLASSES, (4,))
    with pytest.raises(DataError, match="at least one class"):
        Events(EventRules(), ())
