"""The parts of a live stream: repair, grid, clock, settings, counters; missing joints and scenes."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.errors import ConfigError, DataError
from kinestream.features import Pipeline
from kinestream.skeletons import skeleton
from kinestream.streaming.live import Live, LiveCounters, LivePeople, LiveSettings, Record
from kinestream.streaming.live.clock import Clock
from kinestream.streaming.live.counters import DROPS
from kinestream.streaming.live.grid import Grid
from kinestream.streaming.live.repair import Repair
from kinestream.streaming.live.scale import Scale
from kinestream.streaming.live.source import Source
from tests.streaming.test_missing_joints import recogniser, taken

Array = NDArray[np.float32]
NAN = np.nan


def naive_repair(frames: Array, hold: int) -> list[Array]:
    """The rule in words, a joint at a time: held, then put in the middle of the others."""
    made: list[Array] = []
    age = [10**6] * frames.shape[2]
    place: list[Array] = [np.zeros(frames.shape[1], np.float32)] * frames.shape[2]
    for frame in frames:
        joints = range(frame.shape[1])
        missing = [bool(np.isnan(frame[:, v]).any()) for v in joints]
        if all(missing):
            made.append(made[-1] if made else np.zeros_like(frame))
            continue
        for v in joints:
            age[v] = age[v] + 1 if missing[v] else 0
            place[v] = place[v] if missing[v] else frame[:, v]
        known = [v for v in joints if age[v] <= hold]
        middle = np.mean([place[v] for v in known], axis=0)
        made.append(np.stack([place[v] if v in known else middle for v in joints], axis=1))
    return made


@given(
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=25),
    st.integers(0, 5),
)
def test_repair_is_the_rule(missing: list[list[bool]], hold: int) -> None:
    frames = np.random.default_rng(1).normal(size=(len(missing), 2, 3)).astype(np.float32)
    for t, row in enumerate(missing):
        frames[t][:, row] = NAN
    first = next((t for t, row in enumerate(missing) if not all(row)), len(missing))
    repair = Repair(hold, takes_missing=False)
    made = [repair.fill(frame) for frame in frames[first:]]
    assert all(np.isfinite(frame).all() for frame in made)
    np.testing.assert_allclose(made, naive_repair(frames, hold)[first:], atol=1e-6)


def test_repair_by_hand() -> None:
    repair = Repair(1, takes_missing=False)
    given = [[1, 3, 8], [2, NAN, 8], [3, NAN, 9], [NAN, NAN, NAN], [4, 5, NAN]]
    made = [repair.fill(np.array([row], np.float32)).ravel().tolist() for row in given]
    assert made == [[1, 3, 8], [2, 3, 8], [3, 6, 9], [3, 6, 9], [4, 5, 9]]


def test_features_that_take_missing_joints_get_them_as_in_training() -> None:
    """Nothing is filled in before the feature hold, whose numbers are those of the clip."""
    rng = np.random.default_rng(3)
    x = rng.normal(1, 0.3, (3, 40, 15, 1)).astype(np.float32)
    x[:, rng.random(x.shape[1:]) < 0.3] = NAN
    x[:, 20:25] = NAN  # nobody for 0.2 s
    live = Live(recogniser())
    records = [live.push(x[:, t, :, 0], t / 25)[0] for t in range(40)]
    stream = live._person._state.stream
    np.testing.assert_allclose(taken(stream), stream.recogniser.pipeline.clip(x)[..., 0], atol=1e-5)
    assert np.isfinite(taken(stream)).all()
    assert [t for t, r in enumerate(records) if r.held] == [20, 21, 22, 23, 24]


def test_someone_who_leaves_a_scene_is_held_then_absent() -> None:
    x = np.random.default_rng(2).normal(size=(20, 3, 15, 2)).astype(np.float32)
    given = x.copy()
    given[8:16, :, :, 1] = NAN
    live = Live(recogniser([], people=2))
    records = [live.push(frame, t / 25)[0] for t, frame in enumerate(given)]
    expected = x.copy()
    expected[8:13, :, :, 1] = x[7, :, :, 1]
    expected[13:16, :, :, 1] = 0
    made = np.moveaxis(taken(live._person._state.stream), 1, 0)
    np.testing.assert_allclose(made, expected, atol=1e-6)
    assert [r.repaired for r in records] == [8 <= t < 16 for t in range(20)]


def test_one_person_is_a_scene() -> None:
    live = Live(recogniser([], people=2))
    for t in range(3):
        live.push(np.ones((3, 15)) + t, t / 25, confidence=np.ones(15))
    made = taken(live._person._state.stream)
    assert (made[..., 0] >= 1).all() and not made[..., 1].any()


def test_people_of_a_scene_are_not_followed_alone() -> None:
    with pytest.raises(DataError, match="labels scenes of 2 people together"):
        LivePeople(recogniser([], people=2))


@pytest.mark.parametrize("start_s", [0.0, 1.7e9])
@pytest.mark.parametrize("fps", [24.0, 25.0, 29.97, 30.0])
def test_stamps_in_milliseconds_lie_on_the_grid(start_s: float, fps: float) -> None:
    """Rounded stamps give one frame of the grid for each, at once and as it is."""
    grid = Grid(fps, 0.0005)
    x = np.random.default_rng(0).normal(size=(200, 3, 4)).astype(np.float32)
    for t, frame in enumerate(x):
        ((made, time_s),) = grid.push(frame, start_s + round(1000 * t / fps) / 1000)
        np.testing.assert_array_equal(made, frame)
        assert time_s == pytest.approx(start_s + t / fps, abs=1e-6)


def test_frames_of_one_instant_are_one() -> None:
    grid = Grid(25, 0.0005)
    one = np.ones((1, 1), np.float32)
    assert len(grid.push(one, 0.0)) == 1 and grid.push(one * 2, 0.0003) == []
    ((made, _),) = grid.push(one * 3, 0.04)
    assert made == 3


def test_a_clock_wraps_forwards_and_back() -> None:
    """Late frames from before the wrap keep their place; a second wrap counts too."""
    clock = Clock(25, LiveSettings(clock_wraps_s=60))
    found = [clock.read(t) for t in (59.96, 0.0, 59.98, 0.04, 30.0, 59.0, 0.5)]
    assert found == pytest.approx([59.96, 60, 59.98, 60.04, 90, 119, 120.5])
    with pytest.raises(DataError, match="wraps after 60 s, so stamps are 0 to 60, got 60"):
        clock.read(60.0)


def test_a_pause_at_first_is_no_wrong_unit() -> None:
    """Two frames an hour apart, then regular ones: those are seconds."""
    clock = Clock(25, LiveSettings())
    for time_s in (0.0, 3600.0, 3600.04, 7200.0, 9999.0, 12000.0, 20000.0):
        clock.read(time_s)
    clock = Clock(25, LiveSettings())
    for time_s in (0.0, 5.0, 19.0, 0.0, 38.0, 57.0, 76.0):  # 20 s are 500 frames
        clock.read(time_s)


@pytest.mark.parametrize("frames", [1, 3, 7])
def test_a_wrong_unit_is_refused_after_so_many_frames(frames: int) -> None:
    clock = Clock(25, LiveSettings(unit_frames=frames))
    for t in range(frames):
        clock.read(40.0 * t)
    with pytest.raises(DataError, match="stamped 40 s apart, at 25 fps 0.04 s were expected"):
        clock.read(40.0 * frames)


def test_a_source_hangs_only_when_nothing_changes() -> None:
    one, other = np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)
    source = Source(1.0)
    assert [source.is_frozen(one, t / 4) for t in range(7)] == [False] * 5 + [True] * 2
    assert not source.is_frozen(other, 2.0) and not source.is_frozen(one, 3.5)
    nobody = np.full((2, 2), NAN, np.float32)
    assert not any(source.is_frozen(nobody, 4.0 + t) for t in range(9))
    source.is_frozen(one, 20.0)
    assert source.is_frozen(one, 21.5) and not source.is_frozen(one, 3.0)  # the clock went back


def test_bones_that_grow_slowly_never_jump() -> None:
    scale = Scale(Pipeline(skeleton("sbu15"), ("x", "y", "z"), []), LiveSettings())
    body = np.random.default_rng(0).normal(0, 0.3, (3, 15)).astype(np.float32)
    assert not any(scale.jumped(body * np.float32(1.2**t)) for t in range(40))
    assert scale.jumped(body) and not scale.jumped(body)
    assert not scale.jumped(body * np.float32(NAN)) and not scale.jumped(body * 0)
    assert not scale.jumped(body * np.float32(4.9))
    assert scale.jumped(body * np.float32(4.9 * 5.1))


BAD = [
    ("slowest_fps", 0),
    ("fastest_fps", 1e4),
    ("fastest_fps", 4),
    ("hold_frames", -1),
    ("hold_frames", 1.5),
    ("hold_s", -0.1),
    ("hold_s", 3),
    ("reset_after_s", NAN),
    ("reorder_s", 0.3),
    ("reorder_frames", 0),
    ("gap_s", np.inf),
    ("queue_frames", 0),
    ("clock_back_s", -1),
    ("clock_wraps_s", 0),
    ("unit_factor", 1),
    ("unit_frames", 0),
    ("stale_s", 0),
    ("bone_ratio", 1),
    ("bone_length", 0),
    ("warmup_s", "1"),
    ("warmup_s", True),
    ("warmup_s", None),
    ("snap_s", 0.01),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_settings_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match="must be|must not be above"):
        LiveSettings(**{name: value})  # type: ignore[arg-type]


def test_every_setting_is_checked() -> None:
    assert {name for name, _ in BAD} == {field.name for field in fields(LiveSettings)}


def test_counters_are_plain_values() -> None:
    counters = LiveCounters(received=2, accepted=1)
    counters.drop("late")
    counters.resets["gap"] += 1
    found = json.loads(json.dumps(counters.to_dict()))
    assert found["resets"] == {"gap": 1} and found["dropped"]["late"] == 1
    assert found["received"] == 2 and counters.total_dropped == 1


PAGE = (Path(__file__).parents[2] / "docs" / "live.md").read_text(encoding="utf-8")


def test_the_page_names_every_setting_with_its_default() -> None:
    for field in fields(LiveSettings):
        assert f"`{field.name}`" in PAGE, field.name
    shown = re.findall(r"`(\w+)` (\d[\d.]*)", PAGE)
    values = {name: float(value.rstrip(".")) for name, value in shown}
    settings = LiveSettings()
    known = {name: value for name, value in values.items() if hasattr(settings, name)}
    assert len(known) > 10 and values["max_persons"] == 16
    assert known == {name: getattr(settings, name) for name in known}


def test_the_page_names_every_counter_flag_and_reason() -> None:
    names = {field.name for field in fields(LiveCounters)} - {"dropped", "lost"}
    flags = {field.name for field in fields(Record)} - {"person", "label"}
    reasons = {*DROPS, "clock", "gap", "not_finite", "person", "restart", "stale", "scale"}
    unnamed = [name for name in names | flags | reasons if name not in PAGE]
    assert not unnamed
