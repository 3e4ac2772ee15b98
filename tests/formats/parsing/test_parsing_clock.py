"""Frames from numbers and times, against scanning all rows for every frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.errors import DataError
from kinestream.formats.parsing.clock import by_number, by_time, regular_rate

HERE = Path("walk.csv")


def test_missing_numbers_are_empty_frames() -> None:
    clock = by_number(HERE, np.array([7, 8, 11, 8, 10]), 30.0)
    assert clock.place.tolist() == [0, 1, 3, 1, 2]
    assert clock.shown.tolist() == [0, 1, -1, 2, 3]
    assert (clock.repairs.gaps, clock.repairs.long_gaps, clock.repairs.backwards) == (1, 0, 1)
    samples = np.arange(4, dtype=np.float32).reshape(1, 4, 1, 1)
    data, repairs = clock.frames(HERE, samples)
    np.testing.assert_array_equal(data.ravel(), [0, 1, np.nan, 2, 3])
    assert repairs.empty_frames == 1
    assert clock.labels(np.array([5, 6, 7, 8])).tolist() == [5, 6, -1, 7, 8]


def test_a_pause_over_half_a_second_is_long() -> None:
    assert by_number(HERE, np.array([0, 15, 31]), 30.0).repairs.long_gaps == 1
    assert by_number(HERE, np.array([0, 1, 2]), 1.0).repairs.long_gaps == 0


@pytest.mark.parametrize("fps", [1.0, 12.5, 25.0, 29.97, 30.0, 59.94, 62.5, 100.0, 148.148])
@pytest.mark.parametrize("count", [2, 3, 10, 1000])
def test_the_rate_that_was_written_is_found(fps: float, count: int) -> None:
    times = np.array([t / fps for t in range(count)])
    assert regular_rate(times) == fps
    assert regular_rate(times + 3.5) == fps


@pytest.mark.parametrize("fps", [10.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0, 100.0])
@pytest.mark.parametrize("whole", [np.rint, np.floor])
def test_whole_milliseconds_give_the_round_rate(fps: float, whole: np.ufunc) -> None:
    times = whole(1e3 * np.arange(100) / fps) / 1e3
    assert regular_rate(times) == fps
    assert regular_rate(1_700_000_000 + times) == fps


def test_times_that_waver_a_little_are_regular() -> None:
    rng = np.random.default_rng(0)
    times = np.arange(50) / 30 + rng.uniform(-2e-4, 2e-4, 50)
    rate = regular_rate(times)
    assert rate == pytest.approx(30, rel=1e-3)
    assert regular_rate(np.arange(50) / 30 + rng.uniform(-5e-3, 5e-3, 50)) is None
    assert regular_rate(np.array([0.0, 1e-9])) is None


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.sampled_from([0.0, 0.01, 0.04, 0.05, 0.1, 0.7]), min_size=3, max_size=20),
    stated=st.sampled_from([None, 10.0, 25.0]),
)
def test_irregular_times_show_the_newest_sample(steps: list[float], stated: float | None) -> None:
    times = np.cumsum([1.0, 0.013, 0.05, *steps])
    clock = by_time(HERE, times, stated)
    known = sorted(set(times.tolist()))
    if regular_rate(np.array(known)) is not None:
        return
    if stated is not None:
        assert clock.fps == stated
    filled = held = 0
    for k, shown in enumerate(clock.shown.tolist()):
        now = known[0] + k / clock.fps + 1e-6 / clock.fps
        newest = max(s for s, time in enumerate(known) if time <= now)
        assert shown == newest
        before = now - 1 / clock.fps
        if k and known[newest] <= before:
            long = known[newest + 1] - known[newest] > 0.5 if newest + 1 < len(known) else False
            held, filled = held + long, filled + (not long)
            assert clock.held[k] == long
    assert len(clock.shown) == int((known[-1] - known[0]) * clock.fps + 1e-6) + 1
    assert (clock.repairs.held_frames, clock.repairs.filled_frames) == (held, filled)


def test_a_stated_rate_is_taken_where_it_agrees_and_left_where_it_does_not() -> None:
    times = np.arange(10) / 29.9
    assert by_time(HERE, times, 30.0).fps == 30.0
    assert by_time(HERE, times, 25.0).fps == 29.9
    assert by_time(HERE, np.array([2.0, 2.0]), 25.0).shown.tolist() == [0]


def test_labels_of_a_pause_are_open() -> None:
    clock = by_time(HERE, np.array([0.0, 0.1, 0.2, 1.0]), 10.0)
    labels = clock.labels(np.array([0, 1, 2, 3]))
    assert labels.tolist() == [0, 1, 2, -1, -1, -1, -1, -1, -1, -1, 3]
    assert clock.repairs.long_gaps == 1


@pytest.mark.parametrize(
    ("times", "says"),
    [
        ([5.0], "holds a single time"),
        ([0.0, 0.01, 1e30], "only 3 of"),
        ([0.0, 0.01, 5e6], "cut the recording where it pauses"),
        ([0.0, 1e9, 3e9], "1e[+]09 s apart; is the unit of their times right"),
    ],
)
def test_times_that_tell_nothing_are_refused(times: list[float], says: str) -> None:
    with pytest.raises(DataError, match=says):
        by_time(HERE, np.array(times), None)


def test_numbers_far_apart_are_refused_before_memory_is_taken() -> None:
    with pytest.raises(DataError, match="only 2 of 1000000001 frames"):
        by_number(HERE, np.array([0, 10**9]), 30.0)
