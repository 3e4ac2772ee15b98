"""Frames out of order: sorted in while that is possible, dropped with a reason when it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.streaming.live import Live, LiveCounters, LiveSettings, Record
from kinestream.streaming.live.order import Arrival, Order
from tests.streaming.live_frames import FPS, adds_up, clean, same_labels, sensors, walk

Place = tuple[int, float]


def pushed(
    live: Live, order: Sequence[int], *, numbered: bool, seed: int = 0
) -> list[tuple[int, list[Record]]]:
    """For each frame that came its place and the records that it brought."""
    x = walk(max(order) + 1, seed)
    came = []
    for t in order:
        came.append((t, live.push(x[t], t / FPS, t if numbered else None)))
        adds_up(live.counters)
    return [*came, (-1, live.finalize().records)]


def records_of(came: list[tuple[int, list[Record]]]) -> list[Record]:
    return [record for _, records in came for record in records]


# At 25 fps two frames are 0.08 s, three are 0.12 s.
SHUFFLED = [0, 1, 3, 2, 4, 7, 6, 5, 8, 9, 11, 12, 10, 13, 14]


@pytest.mark.parametrize("numbered", [True, False])
def test_frames_within_a_tenth_of_a_second_are_sorted_in(numbered: bool) -> None:
    live = sensors().live(fps=FPS)
    records = records_of(pushed(live, SHUFFLED, numbered=numbered))
    same_labels(records, clean(list(walk(15))))
    assert [r.time_s for r in records] == [t / FPS for t in range(15)]
    assert live.counters.accepted == 15 and not live.counters.total_dropped


def reorder_gate(make: Callable[[], Live]) -> None:
    """Frames that overtook one another give the labels of those in order."""
    shuffled = records_of(pushed(make(), SHUFFLED, numbered=True))
    same_labels(shuffled, clean(list(walk(15))))


def test_a_front_that_does_not_sort_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    reorder_gate(lambda: sensors().live(fps=FPS))
    with pytest.raises(AssertionError):
        reorder_gate(lambda: sensors().live(fps=FPS, settings=LiveSettings(reorder_s=0)))
    monkeypatch.setattr(Order, "_ripe", lambda self: len(self))
    with pytest.raises(AssertionError):
        reorder_gate(lambda: sensors().live(fps=FPS))


@pytest.mark.parametrize("numbered", [True, False])
def test_only_what_misses_something_waits(numbered: bool) -> None:
    came = pushed(sensors().live(fps=FPS), [0, 1, 3, 2, 4, 5], numbered=numbered)
    assert [(t, [round(r.time_s * FPS) for r in records]) for t, records in came] == [
        (0, [0]),
        (1, [1]),
        (3, []),
        (2, [2, 3]),
        (4, [4]),
        (5, [5]),
        (-1, []),
    ]


@pytest.mark.parametrize("numbered", [True, False])
def test_a_lost_frame_is_waited_for_no_longer_than_was_said(numbered: bool) -> None:
    """Frame 2 never comes: frame 3 waits for 0.1 s, that is until frame 6 comes."""
    live = sensors().live(fps=FPS)
    came = pushed(live, [0, 1, 3, 4, 5, 6, 7], numbered=numbered)
    assert [[round(r.time_s * FPS) for r in records] for _, records in came] == [
        *([0], [1], [], [], [], [3, 4, 5, 6], [7], [])
    ]
    assert live.counters.lost == (1 if numbered else 0)
    assert records_of(came)[2].interpolated


@pytest.mark.parametrize("numbered", [True, False])
def test_what_comes_later_is_dropped(numbered: bool) -> None:
    live = sensors().live(fps=FPS)
    came = pushed(live, [0, 1, 3, 4, 5, 6, 2, 7], numbered=numbered)
    records = records_of(came)
    assert [round(r.time_s * FPS) for r in records] == [0, 1, 3, 4, 5, 6, 7]
    assert live.counters.dropped["late"] == 1 and records[-1].dropped_since_last == 1


def test_without_waiting_all_that_is_overtaken_is_late() -> None:
    live = sensors().live(fps=FPS, settings=LiveSettings(reorder_s=0))
    records = records_of(pushed(live, [0, 1, 3, 2, 4], numbered=True))
    assert [r.seq for r in records] == [0, 1, 3, 4] and live.counters.dropped["late"] == 1


@pytest.mark.parametrize("numbered", [True, False])
def test_what_comes_twice_is_dropped(numbered: bool) -> None:
    live = sensors().live(fps=FPS)
    records = records_of(pushed(live, [0, 1, 1, 2, 0, 4, 4, 3, 5, 3], numbered=numbered))
    same_labels(records, clean(list(walk(6))))
    assert live.counters.dropped == {"duplicate": 4, "late": 0, "overflow": 0, "refused": 0}


def test_a_number_or_a_stamp_that_was_there_is_enough() -> None:
    x, live = walk(4), sensors().live(fps=FPS)
    assert live.push(x[0], 0.0, 7) and not live.push(x[1], 0.04, 7) and not live.push(x[1], 0.0, 8)
    assert live.counters.dropped["duplicate"] == 2
    assert live.push(x[1], 0.04, 8)


def test_a_source_that_counts_from_the_beginning_begins_anew() -> None:
    """After 100 frames its numbers are 0, 1, 2 again; its clock goes on."""
    x, live = walk(130), sensors().live(fps=FPS)
    records = []
    for t, frame in enumerate(x):
        records += live.push(frame, t / FPS + (1 if t >= 100 else 0), t % 100)
    assert [(t, r.reset) for t, r in enumerate(records) if r.reset] == [(100, "restart")]
    same_labels(records, clean(list(x[:100])) + clean(list(x[100:])))


def test_a_source_that_is_switched_on_again_begins_anew() -> None:
    x, live = walk(130), sensors().live(fps=FPS)
    records = []
    for t, frame in enumerate(x):
        records += live.push(frame, (t % 100) / FPS, t % 100)
    assert [(t, r.reset) for t, r in enumerate(records) if r.reset] == [(100, "clock")]
    assert len(records) == 130


def test_a_number_out_of_nowhere_does_not_end_a_stream() -> None:
    """Nobody believes number 10**15 for long: after a tenth of a second numbers go on from 3."""
    x, live = walk(40), sensors().live(fps=FPS)
    seqs = [0, 1, 2, 10**15, *range(3, 39)]
    records = [r for t, s in enumerate(seqs) for r in live.push(x[t], t / FPS, s)]
    adds_up(live.counters)
    assert [r.seq for r in records[-30:]] == list(range(9, 39))
    assert len(records) > 34


def test_no_more_wait_than_may() -> None:
    settings = LiveSettings(reorder_s=0.25, reorder_frames=4)
    live = sensors().live(fps=120, settings=settings)
    x = walk(40)
    live.push(x[0], 0.0, 0)
    for t in range(2, 30):
        live.push(x[t], t / 120, t)
        assert live.counters.waiting <= 4
        adds_up(live.counters)


def naive(frames: Sequence[Place], reorder_s: float) -> list[int]:
    """Which numbers come out, in words: in order; whoever waits does so for reorder_s at most."""
    out: list[int] = []
    waiting: list[Place] = []
    for seq, at_s in frames:
        if out and seq <= out[-1] or (seq, at_s) in waiting:
            continue
        waiting = sorted([*waiting, (seq, at_s)])
        newest_s = max(t for _, t in waiting)
        while waiting and (
            not out
            or waiting[0][0] == out[-1] + 1
            or any(newest_s - t >= reorder_s - 1e-6 for _, t in waiting)
        ):
            out.append(waiting.pop(0)[0])
    return out + [seq for seq, _ in waiting]


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40), st.sampled_from([0.0, 0.1]))
def test_the_order_is_the_rule(lags: list[int], reorder_s: float) -> None:
    """Frames at 50 fps, each held up by so many; their numbers are their places."""
    came = sorted(range(len(lags)), key=lambda t: (t + lags[t], t))
    frames = [(t, t / 50) for t in came]
    counters = LiveCounters()
    order = Order(50, LiveSettings(reorder_s=reorder_s), counters)
    out = [a for t, at_s in frames for a in order.push(Arrival(t, at_s, at_s, {}))] + order.flush()
    assert [a.seq for a in out] == naive(frames, reorder_s)
    assert len(out) + counters.total_dropped == len(frames)


@given(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=60))
def test_nothing_within_the_window_is_lost(lags: list[int]) -> None:
    """Whoever is at most 0.08 s late comes out in its place."""
    came = sorted(range(len(lags)), key=lambda t: (t + lags[t], -t))
    order = Order(25, LiveSettings(), LiveCounters())
    out = [a for t in came for a in order.push(Arrival(t, t / 25, t / 25, {}))] + order.flush()
    first = came[0]  # whoever comes first begins; what was before it is late
    assert [a.seq for a in out] == [t for t in range(len(lags)) if t >= first]
    assert np.all(np.diff([a.at_s for a in out]) > 0)
