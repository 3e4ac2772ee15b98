"""Turns and ratios, on a clock that the tests turn."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from time import sleep, thread_time

import numpy as np
import pytest

from kinestream.benchmarking import timing
from kinestream.benchmarking.timing import (
    Contestant,
    Times,
    cpu_times_as_long,
    take_turns,
    times_as_long,
)


class Clock:
    """Stands still while nobody steps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.log: list[str] = []

    def step_of(self, name: str, seconds: Iterable[float]) -> Callable[[], None]:
        """A step that takes as long as the next number says, the last one from then on."""
        numbers = list(seconds)

        def step() -> None:
            self.now_s += numbers.pop(0) if len(numbers) > 1 else numbers[0]
            self.log.append(name)

        return step


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("kinestream.benchmarking.timing.perf_counter", lambda: made.now_s)
    return made


def slow_ratio(one: np.ndarray, other: np.ndarray) -> float:
    """The reference: plain loops over rounds."""
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return float(statistics.median(statistics.median(a) / statistics.median(b) for a, b in pairs))


def test_a_ratio_is_the_median_of_the_ratios_of_rounds() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.gamma(2, 1, (7, 5)), rng.gamma(2, 1, (7, 5))
    assert times_as_long(Times(one), Times(other)) == pytest.approx(slow_ratio(one, other))


def test_turns_keep_a_ratio_where_the_machine_becomes_busy(clock: Clock) -> None:
    def step_of(name: str, cost_s: float) -> Callable[[], None]:
        def step() -> None:
            clock.now_s += cost_s * (10 if len(clock.log) > 60 else 1)
            clock.log.append(name)

        return step

    one, other = step_of("one", 0.003), step_of("other", 0.001)
    pair = [Contestant("one", one, warm=1), Contestant("other", other, warm=1)]
    times = take_turns(pair, rounds=20, frames=3)
    assert times_as_long(times["one"], times["other"]) == pytest.approx(3)
    clock.log.clear()
    first, second = timing.timed(other, 60), timing.timed(one, 60)  # one after the other instead
    assert statistics.median(second) / statistics.median(first) == pytest.approx(30)


def test_a_thread_that_sleeps_does_not_run() -> None:
    def work() -> None:
        until = thread_time() + 0.004
        while thread_time() < until:
            pass

    def work_and_sleep() -> None:
        work()
        sleep(0.02)

    pair = [Contestant("work", work, warm=1), Contestant("half", work_and_sleep, warm=1)]
    times = take_turns(pair, rounds=3, frames=4)
    assert times["half"].running < 0.5
    assert cpu_times_as_long(times["half"], times["work"]) < 2  # by the clock six times as long
    assert math.isnan(cpu_times_as_long(times["half"], Times(np.ones((3, 4)))))
    assert Times(np.ones((3, 4))).running == 1
    assert Times(np.ones((3, 4)), cpu_s=np.full(3, 1.01)).running == 1


def test_percentiles_and_people_are_those_of_sorted_steps() -> None:
    times = Times(np.arange(1, 101).reshape(10, 10) / 1000, people=8)
    assert times.percentile_us(50) == pytest.approx(50_500)
    assert times.percentile_us(99) == pytest.approx(99_010)
    assert times.frames_per_s == pytest.approx(8 / 0.0505)
    assert times.people_at(30) == pytest.approx(8 / 0.0505 / 30)
    assert times.to_dict()["p95_us"] == pytest.approx(95_050)


def test_contestants_take_turns_and_each_begins_a_round(clock: Clock) -> None:
    pair = [Contestant(name, clock.step_of(name, [0.001]), warm=3) for name in "ab"]
    times = take_turns(pair, rounds=3, frames=2)
    assert "".join(clock.log) == "aaabbb" + "aabb" + "bbaa" + "aabb"
    assert times["a"].seconds.shape == times["b"].seconds.shape == (3, 2)
    assert times["a"].seconds == pytest.approx(np.full((3, 2), 0.001))


def test_what_warms_up_does_not_count(clock: Clock) -> None:
    slow_at_first = clock.step_of("a", [5.0, 0.5, 0.25, 0.001])
    times = take_turns([Contestant("a", slow_at_first, warm=3)], rounds=2, frames=4)
    assert times["a"].seconds.max() == pytest.approx(0.001)


def test_slow_contestants_have_short_turns_and_little_patience(clock: Clock) -> None:
    slow = Contestant("slow", clock.step_of("slow", [4.0]), warm=1000)
    quick = Contestant("quick", clock.step_of("quick", [0.0001]), warm=5)
    times = take_turns([slow, quick], rounds=2, frames=50)
    assert times["slow"].seconds.shape == (2, 2)
    assert times["quick"].seconds.shape == (2, 50)
    assert clock.log.count("slow") == 4 + 4  # 16 s of warming up are enough
