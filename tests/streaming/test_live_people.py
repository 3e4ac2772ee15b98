"""Several people live: each has a state of their own, whoever comes, leaves or comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from kinestream.errors import ConfigError, DataError, SkeletonError
from kinestream.streaming.live import LivePeople, LiveSettings, Record, SceneRecord
from kinestream.streaming.live.people import MOST_PEOPLE
from tests.streaming.live_frames import (
    FPS,
    Array,
    adds_up,
    clean,
    same_labels,
    sensors,
    walk,
    watched,
)

Scene = Mapping[int, ArrayLike]


def pushed(live: LivePeople, scenes: list[Scene], start: int = 0) -> list[SceneRecord]:
    records = []
    for t, scene in enumerate(scenes, start):
        records += live.push(scene, t / FPS, t)
        adds_up(live.counters)
    return records


def of(records: list[SceneRecord], track: int) -> list[Record]:
    return [person for record in records for person in record.people if person.person == track]


def test_everyone_is_labelled_as_if_alone_and_stepped_together() -> None:
    x = {track: walk(30, track) for track in (4, 7, 9)}
    live = sensors().live_people(fps=FPS)
    with watched() as fed:
        records = pushed(live, [{track: y[t] for track, y in x.items()} for t in range(30)])
    assert fed.calls == [3] * 30
    assert [(r.seq, r.time_s) for r in records] == [(t, t / FPS) for t in range(30)]
    for track, y in x.items():
        same_labels(of(records, track), clean(list(y)))
    assert live.tracks == (4, 7, 9) and live.counters.joined == 3
    assert live.counters.accepted == 30


def identity_gate(make: Callable[[], LivePeople]) -> None:
    """Somebody comes late, leaves for more than 2 s, and comes back: new both times."""
    x, y = walk(140), walk(140, 1)
    scenes: list[Scene] = [
        {1: x[t], 2: y[t]} if 20 <= t < 50 or t >= 110 else {1: x[t]} for t in range(140)
    ]
    live = make()
    records = pushed(live, scenes)
    same_labels(of(records, 1), clean(list(x)))
    came = [p for p in of(records, 2) if not p.held]
    same_labels(came, clean(list(y[20:50])) + clean(list(y[110:])))
    assert [p.warmup for p in came] == [*[True] * 25, *[False] * 5, *[True] * 25, *[False] * 5]
    # Last seen in frame 49; frame 100 is the first after more than 2 s.
    assert [t for t, r in enumerate(records) if r.left] == [100]
    assert [len(r.people) for r in records] == [1] * 20 + [2] * 80 + [1] * 10 + [2] * 30
    assert (live.counters.joined, live.counters.left) == (3, 1)


def test_whoever_comes_is_new_and_whoever_leaves_is_let_go() -> None:
    identity_gate(lambda: sensors().live_people(fps=FPS))


def test_a_front_that_lets_nobody_go_is_found() -> None:
    settings = LiveSettings(reset_after_s=3600)
    with pytest.raises(AssertionError):
        identity_gate(lambda: sensors().live_people(fps=FPS, settings=settings))


def test_a_track_that_is_lost_for_a_moment_goes_on() -> None:
    """0.4 s away: 7 frames held, 3 frozen, then on from there."""
    x, y = walk(60), walk(60, 1)
    scenes: list[Scene] = [{1: x[t], 2: y[t]} if not 20 <= t < 30 else {1: x[t]} for t in range(60)]
    records = pushed(sensors().live_people(fps=FPS), scenes)
    seen = of(records, 2)
    taken = [*y[:20], *[y[19]] * 7, *y[30:]]
    same_labels([*seen[:27], *seen[30:]], clean(taken))
    assert [p.held for p in seen] == [20 <= t < 30 for t in range(60)]
    assert [p.stale for p in seen] == [27 <= t < 30 for t in range(60)]


def test_tracks_that_swap_their_numbers_swap_nothing_else() -> None:
    """A number is what tells people apart: its state takes what comes under it."""
    x, y = walk(40), walk(40, 1)
    scenes: list[Scene] = [{1: x[t], 2: y[t]} if t < 20 else {1: y[t], 2: x[t]} for t in range(40)]
    records = pushed(sensors().live_people(fps=FPS), scenes)
    same_labels(of(records, 1), clean([*x[:20], *y[20:]]))
    same_labels(of(records, 2), clean([*y[:20], *x[20:]]))


def test_of_too_many_the_least_certain_are_left_out() -> None:
    x = walk(4)
    live = sensors().live_people(fps=FPS, max_persons=2)
    trust: dict[int, ArrayLike] = {1: 0.9, 2: [0.2, 0.3], 3: 0.5}
    (record,) = live.push(dict.fromkeys((1, 2, 3), x[0]), 0.0, confidence=trust)
    assert [p.person for p in record.people] == [1, 3] and record.crowded == 1
    assert live.counters.crowded == 1
    # Of equal certainty those stay who are known.
    (record,) = live.push(dict.fromkeys((0, 1, 3), x[1]), 0.04)
    assert [p.person for p in record.people] == [1, 3]
    # A newcomer who is more certain takes the place.
    (record,) = live.push(dict.fromkeys((0, 1, 3), x[2]), 0.08, confidence={1: 0.1, 3: 0.5})
    assert {p.person for p in record.people} == {0, 3} and list(record.left) == [1]


def test_whoever_is_away_longest_makes_room() -> None:
    x = walk(8)
    live = sensors().live_people(fps=FPS, max_persons=3)
    scenes: list[Scene] = [{1: x[0]}, {2: x[1]}, {3: x[2]}, {4: x[3]}, {1: x[4]}]
    records = pushed(live, scenes)
    assert [list(r.left) for r in records] == [[], [], [], [1], [2]]
    assert live.tracks == (3, 4, 1)
    (back,) = of(records[4:], 1)
    assert back.warmup and back.label and back.label.index == 0
    same_labels([back], clean([x[4]]))


def test_new_numbers_in_every_frame_take_no_more_room() -> None:
    x = walk(60)
    live = sensors().live_people(fps=FPS, max_persons=3)
    for t in range(60):
        live.push({100 * t + k: x[t] for k in range(5)}, t / FPS)
        assert len(live.tracks) <= 3
    assert live.counters.crowded == 120 and live.counters.joined - live.counters.left == 3


def test_numbers_of_numpy_are_numbers() -> None:
    scene: Any = {np.int64(7): walk(1)[0]}
    seq: Any = np.uint8(3)
    (record,) = sensors().live_people(fps=FPS).push(scene, 0.0, seq)
    assert [p.person for p in record.people] == [7] and record.seq == 3


def test_nobody_is_a_frame_too() -> None:
    x = walk(30)
    live = sensors().live_people(fps=FPS)
    scenes: list[Scene] = [{} if t < 10 else {1: x[t]} for t in range(30)]
    records = pushed(live, scenes)
    assert [r.people for r in records[:10]] == [()] * 10
    same_labels(of(records, 1), clean(list(x[10:])))


def test_frames_of_scenes_are_sorted_and_counted_as_wholes() -> None:
    x, y = walk(15), walk(15, 1)
    live, records = sensors().live_people(fps=FPS), []
    for t in [0, 1, 3, 2, 4, 4, 5, 8, 7, 6, 9, 10, 11, 12, 13, 14]:
        scene = {1: x[t]} if t % 2 else {1: x[t], 2: y[t]}
        records += live.push(scene, t / FPS, t)
        adds_up(live.counters)
    assert [r.seq for r in records] == list(range(15))
    same_labels(of(records, 1), clean(list(x)))
    assert live.counters.dropped["duplicate"] == 1 and records[5].dropped_since_last == 1
    held = [y[t - t % 2] for t in range(15)]
    same_labels(of(records, 2), clean(held))


def test_a_clock_that_goes_back_lets_those_go_who_are_away() -> None:
    x = walk(20)
    live = sensors().live_people(fps=FPS)
    pushed(live, [{1: x[t], 2: x[t]} if t < 8 else {1: x[t]} for t in range(10)])
    (record,) = live.push({1: x[10]}, -50.0, 10)
    assert list(record.left) == [2] and [p.reset for p in record.people] == ["clock"]


def test_a_queue_of_scenes() -> None:
    x = walk(30)
    live, records = sensors().live_people(fps=FPS), []
    for t in range(12):
        live.offer({1: x[t]}, t / FPS)
        adds_up(live.counters)
    assert live.waiting == 8
    while live.waiting:
        records += live.take()
    assert [round(r.time_s * FPS) for r in records] == list(range(4, 12))
    assert (records[0].dropped_since_last, records[0].skipped_n) == (4, 4)


def test_at_the_end_everyone_gets_the_last_labels(bundle: object) -> None:
    from kinestream.bundle import Bundle

    assert isinstance(bundle, Bundle)
    x = np.random.default_rng(0).normal(0, 0.3, (12, 3, 5)).astype(np.float32)
    live, records = bundle.live_people(), []
    for t in range(12):
        records += live.push({1: x[t], 2: x[t]} if t < 6 else {1: x[t]}, t / 25)
    ending = live.finalize()
    assert [label.index for label, _ in ending.answers[1]] == [9, 10, 11]
    assert {label.person for label, _ in ending.answers[2]} == {2}
    assert [label.index for p in of(records, 1) for label in p.labels] == list(range(9))
    with pytest.raises(DataError, match="finalized"):
        live.push({}, 1.0)


@pytest.mark.parametrize(
    ("scene", "trust", "error", "says"),
    [
        ({"a": np.zeros((6, 2))}, None, DataError, "a track must be a whole number"),
        ({True: np.zeros((6, 2))}, None, DataError, "a track must be a whole number"),
        ({-1: np.zeros((6, 2))}, None, DataError, "a track must be a whole number, 0 to"),
        ({1: np.zeros((5, 2))}, None, SkeletonError, r"got \(5, 2\)"),
        ([np.zeros((6, 2))], None, DataError, "must be mappings"),
        ({1: np.zeros((6, 2))}, 0.5, DataError, "must be mappings"),
        ({1: np.zeros((6, 2))}, {1: "x"}, DataError, "confidence must be numbers"),
        (dict.fromkeys(range(MOST_PEOPLE + 1), 0.0), None, DataError, "may show 256 people"),
    ],
)
def test_what_is_refused_moves_nobody(
    scene: Scene, trust: Mapping[int, ArrayLike], error: type[DataError], says: str
) -> None:
    x = walk(10)
    live = sensors().live_people(fps=FPS)
    records = pushed(live, [{1: y} for y in x[:5]])
    with pytest.raises(error, match=says):
        live.push(scene, 5 / FPS, 5, trust)
    adds_up(live.counters)
    records += pushed(live, [{1: y} for y in x[5:]], 5)
    same_labels(of(records, 1), clean(list(x)))


@pytest.mark.parametrize("most", [0, MOST_PEOPLE + 1])
def test_room_for_nobody_or_for_a_crowd_is_refused(most: int) -> None:
    with pytest.raises(ConfigError, match="max_persons must be a whole number, 1 to 256"):
        sensors().live_people(max_persons=most)


def test_a_person_of_another_unit_is_warned_of_alone() -> None:
    from kinestream.bundle import load

    rng = np.random.default_rng(5)
    x: Array = rng.normal(0, 0.2, (20, 3, 20)).astype(np.float32)
    live = load("utkinect").live_people()
    for t in range(10):
        scene = {1: x[t], 2: x[t] * np.float32(1000 if t >= 5 else 1)}
        (record,) = live.push(scene, t / 15)
        assert [p.warning for p in record.people] == ["", "scale" if t == 5 else ""]
