"""Anything in any order: one record for each accepted frame, counters add up, nothing grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from kinestream.errors import DataError, InputError, SkeletonError
from kinestream.streaming import Recogniser
from kinestream.streaming.engine import StreamMemory
from kinestream.streaming.live import LiveCounters, Record, SceneRecord
from kinestream.streaming.live.order import Order
from kinestream.streaming.live.person import Person
from kinestream.streaming.live.repair import Repair
from tests.streaming.live_frames import FPS, Array, adds_up, sensors, walk

FRAMES = walk(600)
TRACKS = (1, 2, 3, 4)


def weight(value: Any, seen: dict[int, Any] | None = None) -> int:
    """Numbers and things that something holds, without what streams of a bundle share."""
    seen = {} if seen is None else seen  # keeps what it has seen, so that no id is used again
    if id(value) in seen or isinstance(value, Recogniser | str | bytes | type):
        return 0
    seen[id(value)] = value
    if isinstance(value, StreamMemory):
        return sum(kept.size for kept in value.kept())
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, dict):
        return 1 + sum(weight(v, seen) for v in value.values())
    if isinstance(value, list | tuple | set | deque):
        return 1 + sum(weight(v, seen) for v in value)
    slots = [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]
    return 1 + weight(list(getattr(value, "__dict__", {}).values()) + slots, seen)


class Source:
    """A source that does what it should, and what it should not."""

    def __init__(self, numbered: bool) -> None:
        self.numbered = numbered
        self.time_s = 10.0
        self.seq = 0
        self.frame = 0

    def next(self, later_s: float = 1 / FPS, skipped: int = 0) -> tuple[Array, float, int | None]:
        """The next frame, with its stamp and number."""
        self.time_s += later_s
        self.seq += 1 + skipped
        self.frame = (self.frame + 1) % len(FRAMES)
        return FRAMES[self.frame].copy(), self.time_s, self.seq if self.numbered else None


class OnePerson(RuleBasedStateMachine):
    """The events of one stream."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.came: list[tuple[Array, float, int | None]] = []
        self.late: list[tuple[Array, float, int | None]] = []
        self.over = False

    @initialize(numbered=st.booleans(), fps=st.sampled_from([FPS, 30.0, 10.0]))
    def begin(self, numbered: bool, fps: float) -> None:
        self.live = sensors().live(fps=fps)
        self.fps = fps
        self.source = Source(numbered)
        # What may wait and what is remembered of past frames: a few dozen frames of each.
        self.bound = weight(self.live) + 8000
        self.normal(2)  # their stamps show that these are seconds

    def give(self, frame: tuple[Array, float, int | None], **more: Any) -> None:
        if self.over:
            with pytest.raises(DataError, match="finalized"):
                self.live.push(*frame, **more)
            return
        self.came = [*self.came, frame][-20:]
        self.take_down(self.live.push(*frame, **more))

    def take_down(self, records: list[Record]) -> None:
        for record in records:
            if self.records and not record.reset and record.warning != "clock":
                assert record.time_s > self.records[-1].time_s
            if self.records and self.records[-1].label and record.warning == "clock":
                assert record.reset == "clock" and record.label is not self.records[-1].label
            self.records.append(record)

    def refuse(self, frame: tuple[Any, Any, Any], **more: Any) -> None:
        with pytest.raises((DataError, SkeletonError)):
            self.live.push(*frame, **more)

    @rule(frames=st.integers(1, 12))
    def normal(self, frames: int) -> None:
        for _ in range(frames):
            self.give(self.source.next(1 / self.fps))

    @rule(joint=st.integers(0, 1), value=st.sampled_from([np.nan, np.inf, -np.inf, 1e30]))
    def missing_joint(self, joint: int, value: float) -> None:
        joints, time_s, seq = self.source.next(1 / self.fps)
        joints[3, joint] = value
        self.give((joints, time_s, seq))

    @rule(confidence=st.sampled_from([0.0, [0.0, 1.0], [np.nan, 0.5], -1.0]))
    def untrusted_joint(self, confidence: Any) -> None:
        self.give(self.source.next(1 / self.fps), confidence=confidence)

    @rule(frames=st.sampled_from([1, 3, 8, 30, 60]))
    def missing_person(self, frames: int) -> None:
        for _ in range(frames):
            joints, time_s, seq = self.source.next(1 / self.fps)
            self.give((joints * np.float32(np.nan), time_s, seq))

    @rule(which=st.integers(0, 19))
    def duplicate(self, which: int) -> None:
        if self.came and not self.over:
            before = self.live.counters.to_dict()
            self.give(self.came[which % len(self.came)])
            after = self.live.counters.to_dict()
            assert after["received"] == before["received"] + 1

    @rule(frames=st.integers(1, 3))
    def overtaken(self, frames: int) -> None:
        late = [self.source.next(1 / self.fps) for _ in range(frames)]
        self.give(self.source.next(1 / self.fps))
        for frame in late:
            self.give(frame)

    @rule()
    def held_up(self) -> None:
        self.late.append(self.source.next(1 / self.fps))

    @rule()
    def far_too_late(self) -> None:
        if self.late:
            self.give(self.late.pop())

    @rule(frames=st.integers(1, 5))
    def short_gap(self, frames: int) -> None:
        self.give(self.source.next((frames + 1) / self.fps, frames))

    @rule(gap_s=st.sampled_from([0.26, 0.9, 5.0, 86400.0]))
    def long_gap(self, gap_s: float) -> None:
        self.give(self.source.next(gap_s, int(gap_s * self.fps)))

    @rule(frames=st.integers(1, 15))
    def burst(self, frames: int) -> None:
        for _ in range(frames):
            frame = self.source.next(1 / self.fps)
            if not self.over:
                self.live.offer(*frame)
                adds_up(self.live.counters)

    @rule()
    def take(self) -> None:
        self.take_down(self.live.take())

    @rule(lags=st.lists(st.floats(0.2, 1.9), min_size=1, max_size=10))
    def jitter(self, lags: list[float]) -> None:
        for lag in lags:
            self.give(self.source.next(lag / self.fps))

    @rule(back_s=st.sampled_from([0.05, 0.5, 1.5, 3600.0]))
    def clock_goes_back(self, back_s: float) -> None:
        self.give(self.source.next(-back_s))

    @rule(time_s=st.sampled_from([1.7e12, np.nan, np.inf, "now"]))
    def stamps_that_are_none(self, time_s: Any) -> None:
        self.refuse((FRAMES[0], time_s, self.source.seq + 1 if self.source.numbered else None))

    @rule(joints=st.sampled_from([np.zeros((6, 3)), "joints", None, [], np.zeros((6, 2, 1))]))
    def frames_that_are_none(self, joints: Any) -> None:
        self.refuse((joints, self.source.time_s, 0 if self.source.numbered else None))

    @rule(seq=st.sampled_from([-1, 2**70, "one", 1.5]))
    def numbers_that_are_none(self, seq: Any) -> None:
        self.refuse((FRAMES[0], self.source.time_s, seq))

    @rule(frames=st.sampled_from([2, 30, 80]))
    def hangs(self, frames: int) -> None:
        joints, time_s, seq = self.source.next(1 / self.fps)
        for _ in range(frames):
            self.give((joints, time_s, seq))
            _, time_s, seq = self.source.next(1 / self.fps)

    @rule(factor=st.sampled_from([1000.0, 0.001, 0.0, 1e5]))
    def other_unit(self, factor: float) -> None:
        joints, time_s, seq = self.source.next(1 / self.fps)
        self.give((joints * np.float32(factor), time_s, seq))

    @rule(seq=st.sampled_from([0, 10**15, 7]))
    def counts_anew(self, seq: int) -> None:
        self.source.seq = seq
        self.give(self.source.next(1 / self.fps))

    @rule(sure=st.integers(0, 9))
    def end(self, sure: int) -> None:
        if sure == 0:
            self.take_down(self.live.finalize().records)
            assert self.live.counters.waiting == 0
            self.over = True

    @invariant()
    def all_holds(self) -> None:
        if not hasattr(self, "live"):
            return
        counters = self.live.counters
        adds_up(counters)
        assert len(self.records) == counters.accepted
        told = sum(record.dropped_since_last for record in self.records)
        assert told <= counters.total_dropped
        for record in self.records[-80:]:
            assert record.label is None or np.isfinite(record.label.score)
            assert all(np.isfinite(label.score) for label in record.labels)
        assert weight(self.live) <= self.bound

    def teardown(self) -> None:
        if not hasattr(self, "live") or self.over:
            return
        self.take_down(self.live.finalize().records)
        assert len(self.records) == self.live.counters.accepted
        assert self.live.counters.waiting == 0
        adds_up(self.live.counters)


class ManyPeople(RuleBasedStateMachine):
    """Those of several people: they come, leave, swap and crowd in, while frames go astray."""

    def __init__(self) -> None:
        super().__init__()
        self.live = sensors().live_people(fps=FPS, max_persons=3)
        self.source = Source(numbered=True)
        self.here: set[int] = set()
        self.records: list[SceneRecord] = []

    def give(self, scene: dict[int, Any], later_s: float = 1 / FPS, skipped: int = 0) -> None:
        _, time_s, seq = self.source.next(later_s, skipped)
        self.records += self.live.push(scene, time_s, seq)

    def scene(self) -> dict[int, Any]:
        return {t: FRAMES[(self.source.frame + 50 * t) % 600] for t in sorted(self.here)}

    @rule(frames=st.sampled_from([1, 5, 20]))
    def normal(self, frames: int) -> None:
        for _ in range(frames):
            self.give(self.scene())

    @rule(track=st.sampled_from(TRACKS))
    def joins(self, track: int) -> None:
        self.here.add(track)
        self.give(self.scene())

    @rule(track=st.sampled_from(TRACKS))
    def leaves(self, track: int) -> None:
        self.here.discard(track)
        self.give(self.scene())

    @rule()
    def nobody_for_long(self) -> None:
        for _ in range(60):
            self.give({})
        assert self.live.tracks == ()

    @rule()
    def swap(self) -> None:
        scene = self.scene()
        tracks = list(scene)
        self.give(dict(zip(tracks, reversed(scene.values()), strict=True)))

    @rule(track=st.sampled_from(TRACKS), value=st.sampled_from([np.nan, np.inf]))
    def missing(self, track: int, value: float) -> None:
        self.give({**self.scene(), track: np.full((6, 2), value)})

    @rule(gap_s=st.sampled_from([0.2, 3.0, -5.0]))
    def astray(self, gap_s: float) -> None:
        self.give(self.scene(), gap_s)

    @rule()
    def overtaken(self) -> None:
        _, time_s, seq = self.source.next()
        self.give(self.scene())
        self.records += self.live.push(self.scene(), time_s, seq)

    @rule()
    def refused(self) -> None:
        with pytest.raises((DataError, SkeletonError)):
            self.live.push({1: [0.0]}, self.source.time_s, 0)

    @invariant()
    def all_holds(self) -> None:
        adds_up(self.live.counters)
        assert len(self.records) == self.live.counters.accepted
        assert len(self.live.tracks) <= 3
        assert self.live.counters.joined - self.live.counters.left == len(self.live.tracks)
        for record in self.records[-60:]:
            tracks = [person.person for person in record.people]
            assert len(set(tracks)) == len(tracks) <= 3
            for person in record.people:
                assert person.label is None or person.label.person == person.person
                assert person.label is None or np.isfinite(person.label.score)


def run(machine: type[RuleBasedStateMachine], schedules: int, **more: Any) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=schedules, stateful_step_count=20, **more)
    )


@pytest.mark.parametrize("machine", [OnePerson, ManyPeople])
def test_anything_may_happen(machine: type[RuleBasedStateMachine]) -> None:
    run(machine, 25)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("machine", [OnePerson, ManyPeople])
def test_anything_may_happen_ten_thousand_times(machine: type[RuleBasedStateMachine]) -> None:
    run(machine, 10_000)


@pytest.mark.parametrize("numbered", [True, False])
def test_long_trouble_meets_everything(numbered: bool) -> None:
    """300 events one after the other in one stream, of every kind that is counted."""
    rng = np.random.default_rng(7)
    machine = OnePerson()
    machine.begin(numbered, FPS)
    for _ in range(300):
        events: list[Callable[[], None]] = [
            lambda: machine.normal(10),
            lambda: machine.missing_joint(1, np.nan),
            lambda: machine.untrusted_joint([0.0, 1.0]),
            lambda: machine.missing_person(int(rng.choice([3, 30, 60]))),
            lambda: machine.duplicate(int(rng.integers(20))),
            lambda: machine.overtaken(1),
            machine.held_up,
            machine.far_too_late,
            lambda: machine.short_gap(int(rng.integers(1, 5))),
            lambda: machine.long_gap(0.9),
            lambda: machine.burst(10),
            machine.take,
            lambda: machine.jitter([0.4, 1.6, 0.9]),
            lambda: machine.clock_goes_back(float(rng.choice([0.5, 5.0]))),
            lambda: machine.stamps_that_are_none(np.nan),
            lambda: machine.frames_that_are_none([]),
            lambda: machine.hangs(int(rng.choice([30, 80]))),
            lambda: machine.other_unit(1000.0),
            lambda: machine.counts_anew(0),
        ]
        events[rng.integers(len(events))]()
        machine.all_holds()
    machine.teardown()
    counters = machine.live.counters
    assert all(counters.dropped.values()), counters
    assert set(counters.resets) >= {"gap", "person", "clock", "stale"}, counters
    assert counters.resets["restart"] or not numbered
    assert min(counters.repaired, counters.held, counters.stale, counters.interpolated) > 0


def forgets_to_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveCounters, "drop", lambda self, reason: None)


def lets_nan_in(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Repair, "fill", lambda self, joints: joints)


def keeps_all_that_came(patch: pytest.MonkeyPatch) -> None:
    push = Order.push

    def hoarding(self: Order, frame: Any) -> Any:
        self.__dict__.setdefault("_hoard", []).append(np.zeros(10_000))
        return push(self, frame)

    patch.setattr(Order, "push", hoarding)


def answers_twice(patch: pytest.MonkeyPatch) -> None:
    release = Order._release
    patch.setattr(Order, "_release", lambda self, frames: release(self, frames + frames[-1:]))


def loses_frames_that_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Order, "flush", lambda self: self._waiting.clear() or [])


def goes_on_when_the_clock_goes_back(patch: pytest.MonkeyPatch) -> None:
    reason = Person._reset_reason
    patch.setattr(
        Person,
        "_reset_reason",
        lambda self, arrival, waits: "" if arrival.reset else reason(self, arrival, waits),
    )


@pytest.mark.parametrize(
    "twin",
    [
        forgets_to_count,
        lets_nan_in,
        keeps_all_that_came,
        answers_twice,
        loses_frames_that_wait,
        goes_on_when_the_clock_goes_back,
    ],
)
def test_a_broken_front_is_found(
    twin: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    twin(monkeypatch)
    with pytest.raises((AssertionError, InputError)):
        run(OnePerson, 25, phases=[Phase.generate], report_multiple_bugs=False)
