"""Each row of the table of what happens live, against a plain stream given the expected frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kinestream.bundle import Bundle, load
from kinestream.errors import DataError, SkeletonError
from kinestream.streaming.live import Live, LiveSettings, Record
from tests.streaming.live_frames import (
    FPS,
    Array,
    adds_up,
    clean,
    names,
    same_labels,
    sensors,
    walk,
    watched,
)

NAN = np.float32(np.nan)


def push_all(live: Live, frames: Array, start: int = 0) -> list[Record]:
    """Frames at the bundle's rate, numbered by their place."""
    records = []
    for t, frame in enumerate(frames, start):
        records += live.push(frame, t / FPS, t)
        adds_up(live.counters)
    return records


def body5(frames: int) -> Array:
    """(T, 3, 5): what the small bundle of the tests takes."""
    x = np.concatenate([walk(frames), walk(frames, 1), walk(frames, 2)], axis=2)
    return x[:, :3, :5] * np.float32(0.2)


@pytest.mark.parametrize("start_s", [0.0, -3.0, 1.7e9])
@pytest.mark.parametrize("numbered", [True, False])
def test_frames_as_they_should_be_are_a_plain_stream(start_s: float, numbered: bool) -> None:
    x, live = walk(60), sensors().live(fps=FPS, person=3)
    records = []
    for t, frame in enumerate(x):
        new = live.push(frame, start_s + t / FPS, 100 + t if numbered else None)
        assert len(new) == 1, "nothing is missing, so nothing waits"
        records += new
    same_labels(records, clean(list(x)))
    for t, record in enumerate(records):
        assert record.seq == (100 + t if numbered else None)
        assert record.time_s == start_s + t / FPS
        assert record.person == 3 and record.label and record.label.person == 3
        assert record.label.index == t and record.labels == (record.label,)
        assert record.label.time_s == pytest.approx(record.time_s, abs=1e-6)
        assert record.warmup == (t < 25)
        assert not (record.repaired or record.held or record.interpolated or record.stale)
        assert (record.reset, record.warning, record.dropped_since_last) == ("", "", 0)
    assert live.counters.received == live.counters.accepted == 60
    ending = live.finalize()
    assert ending.records == [] and ending.labels == []


def test_labels_of_a_network_with_look_ahead(bundle: Bundle) -> None:
    """Three frames of delay: no label at first, the last ones at the end, none is lost."""
    x = body5(12)
    stream, live = bundle.stream(), bundle.live()
    labels = [stream.push(frame) for frame in x][3:] + stream.flush()
    records = push_all(live, x)
    assert [r.label for r in records[:3]] == [None] * 3 and all(r.warmup for r in records[:3])
    found = [label for r in records for label in r.labels] + live.finalize().labels
    assert [label.index for label in found] == list(range(12))
    assert [label.name for label in found] == [label.name for label in labels]
    np.testing.assert_allclose([x.score for x in found], [x.score for x in labels], atol=1e-6)


def test_a_reset_loses_no_label(bundle: Bundle) -> None:
    x = body5(12)
    live = bundle.live()
    records = push_all(live, x[:6]) + push_all(live, x[6:], start=100)
    assert records[6].reset == "gap" and records[6].label is None
    found = [label for r in records for label in r.labels] + live.finalize().labels
    assert [label.index for label in found] == list(range(12))
    assert [label.index for label in records[6].labels] == [3, 4, 5]
    stream = bundle.stream()
    again = [stream.push(frame) for frame in x[6:]][3:] + stream.flush()
    np.testing.assert_allclose([y.score for y in found[6:]], [y.score for y in again], atol=1e-6)


@pytest.mark.parametrize("how", ["nan", "confidence", "infinite", "absurd", "one channel"])
def test_a_missing_joint_is_held_for_five_frames_then_masked(how: str) -> None:
    x, live = walk(20), sensors().live(fps=FPS)
    bad = {"nan": np.nan, "infinite": np.inf, "absurd": 1e7}
    with watched() as fed:
        for t, frame in enumerate(x):
            given, confidence = frame.copy(), None
            if 8 <= t < 16:
                confidence = [1.0, 0.0] if how == "confidence" else None
                if how == "one channel":
                    given[4, 1] = np.nan
                elif how in bad:
                    given[:, 1] = bad[how]
            (record,) = live.push(given, t / FPS, t, confidence)
            assert record.repaired == (8 <= t < 16) and not record.held
    expected = x.copy()
    expected[8:13, :, 1] = x[7, :, 1]  # held for five frames
    expected[13:16, :, 1] = x[13:16, :, 0]  # masked: the middle of what is seen
    np.testing.assert_array_equal(fed.frames, expected)
    assert live.counters.repaired == 8


def test_a_joint_that_was_never_seen_is_masked() -> None:
    x, live = walk(3), sensors().live(fps=FPS)
    x[:, :, 0] = np.nan
    with watched() as fed:
        push_all(live, x)
    np.testing.assert_array_equal(fed.frames, x[:, :, [1, 1]])


def test_a_missing_person_stands_still_for_less_than_a_third_of_a_second() -> None:
    """0.28 s of nobody are seven frames, held; the state goes on."""
    x, live = walk(40), sensors().live(fps=FPS)
    given = x.copy()
    given[20:27] = np.nan
    records = push_all(live, given)
    expected = x.copy()
    expected[20:27] = x[19]
    same_labels(records, clean(list(expected)))
    assert [r.held for r in records] == [20 <= t < 27 for t in range(40)]
    assert not any(r.stale or r.reset or r.repaired for r in records)
    assert live.counters.held == 7


def test_a_person_missing_for_longer_finds_the_state_where_it_was() -> None:
    """1 s of nobody: 7 frames held, 18 frozen; then the state goes on as if none had passed."""
    x, live = walk(70), sensors().live(fps=FPS)
    given = x.copy()
    given[20:45] = np.nan
    records = push_all(live, given)
    taken = [*x[:20], *[x[19]] * 7, *x[45:]]
    same_labels([*records[:27], *records[45:]], clean(taken))
    assert [r.held for r in records] == [20 <= t < 45 for t in range(70)]
    assert [r.stale for r in records] == [27 <= t < 45 for t in range(70)]
    assert {r.label for r in records[26:45]} == {records[26].label}
    assert not any(r.reset for r in records)
    label = records[45].label
    assert label and label.index == 27 and label.time_s == pytest.approx(45 / FPS)


def test_a_person_missing_for_two_seconds_is_begun_anew() -> None:
    """Last seen in frame 19, so frame 70 is the first after more than 2 s."""
    x, live = walk(120), sensors().live(fps=FPS)
    given = x.copy()
    given[20:80] = np.nan
    records = push_all(live, given)
    assert [t for t, r in enumerate(records) if r.reset] == [70]
    assert records[70].reset == "person" and live.counters.resets == {"person": 1}
    assert all(r.label is None and r.warmup and r.held for r in records[70:80])
    same_labels(records[80:], clean(list(x[80:])))
    assert [r.warmup for r in records[80:]] == [t < 25 for t in range(40)]


def test_nobody_at_first_is_no_state() -> None:
    x, live = walk(10), sensors().live(fps=FPS)
    given = np.concatenate([np.full((90, 6, 2), NAN), x])
    records = push_all(live, given)
    assert all(r.label is None and r.held and not r.reset for r in records[:90])
    same_labels(records[90:], clean(list(x)))


@pytest.mark.parametrize("missing", [1, 2, 3, 5])
def test_a_short_gap_is_filled_with_lines(missing: int) -> None:
    """Up to 0.24 s between frames; frames of the grid are made on the line between its ends."""
    x, live = walk(30), sensors().live(fps=FPS, settings=LiveSettings(reorder_s=0))
    records = []
    for t in [*range(10), *range(10 + missing, 30)]:
        records += live.push(x[t], t / FPS)
    filled = x.astype(float)
    for t in range(10, 10 + missing):
        share = (t - 9) / (missing + 1)
        filled[t] = x[9] * (1 - share) + x[10 + missing] * share
    labels = clean(list(filled.astype(np.float32)))
    same_labels(records, labels[:10] + labels[10 + missing :])
    assert [r.interpolated for r in records] == [t == 10 for t in range(30 - missing)]
    assert len(records[10].labels) == missing + 1
    assert live.counters.interpolated == missing


@pytest.mark.parametrize(("gap_s", "reset"), [(0.25, ""), (0.2501, "gap"), (24 * 3600.0, "gap")])
def test_a_longer_gap_is_a_reset(gap_s: float, reset: str) -> None:
    x, live = walk(30), sensors().live(fps=FPS, settings=LiveSettings(reorder_s=0))
    records = []
    for t, frame in enumerate(x):
        records += live.push(frame, t / FPS if t < 10 else 9 / FPS + gap_s + (t - 10) / FPS)
    assert [r.reset for r in records] == [reset if t == 10 else "" for t in range(30)]
    if reset:
        same_labels(records, clean(list(x[:10])) + clean(list(x[10:])))
        assert records[10].warmup and live.counters.interpolated == 0


def test_frames_of_other_rates_come_on_the_grid() -> None:
    """50 fps at a bundle of 25: every other frame, and nothing is held to be a gap."""
    x, live = walk(41), sensors().live(fps=50)
    records = []
    with watched() as fed:
        for t, frame in enumerate(x):
            records += live.push(frame, t / 50)
    np.testing.assert_allclose(fed.frames, x[::2], atol=1e-6)
    assert len(records) == 41 and not any(r.interpolated for r in records)
    labels = clean(list(x[::2]))
    same_labels(records, [labels[t // 2] for t in range(41)])


def test_slower_frames_are_drawn_out_and_are_no_gap() -> None:
    x, live = walk(9), sensors().live(fps=5)
    with watched() as fed:
        records = [live.push(frame, t / 5)[0] for t, frame in enumerate(x)]
    grid = [[np.interp(np.arange(41) / 25, np.arange(9) / 5, y) for y in z] for z in x.T]
    np.testing.assert_allclose(fed.frames, np.array(grid).T, atol=1e-5)
    assert not any(r.interpolated or r.reset for r in records)


def test_stamps_that_jitter_are_brought_to_the_grid_however_equal_the_rates() -> None:
    rng = np.random.default_rng(4)
    x, live = walk(60), sensors().live(fps=FPS)
    times_s = np.arange(60) / FPS + rng.uniform(-0.012, 0.012, 60)
    with watched() as fed:
        records = [r for t in range(60) for r in live.push(x[t], times_s[t])]
        records += live.finalize().records
    assert [r.time_s for r in records] == times_s.tolist()
    points_s = times_s[0] + np.arange(len(fed.frames)) / FPS
    truth = [[np.interp(points_s, times_s, y) for y in z] for z in x.transpose(2, 1, 0)]
    # Stamps that lie half a millisecond off a point are taken for it.
    np.testing.assert_allclose(fed.frames, np.array(truth).T, atol=0.02)
    assert len(fed.frames) >= 59


@pytest.mark.parametrize("fps", [4.9, 121.0, 0.0, -25.0, float("nan"), float("inf")])
def test_rates_at_which_nobody_is_watched_are_refused(fps: float) -> None:
    with pytest.raises(DataError, match="live frames come at 5 to 120 fps"):
        sensors().live(fps=fps)


@pytest.mark.parametrize("fps", [5.0, 120.0])
def test_rates_at_the_limits_are_not(fps: float) -> None:
    assert sensors().live(fps=fps).push(walk(1)[0], 0.0)


def test_a_clock_that_goes_back_by_more_than_a_second_begins_anew() -> None:
    x, live = walk(40), sensors().live(fps=FPS)
    records = push_all(live, x[:20])
    for t, frame in enumerate(x[20:]):
        records += live.push(frame, -5 + t / FPS, 20 + t)
    assert (records[20].reset, records[20].warning) == ("clock", "clock")
    assert len(records) == 40 and live.counters.clock_jumps == 1
    same_labels(records, clean(list(x[:20])) + clean(list(x[20:])))


def test_a_clock_that_goes_back_a_little_makes_frames_late() -> None:
    live = sensors().live(fps=FPS)
    x = walk(60)
    for t in range(40):
        live.push(x[t], t / FPS)
    assert live.push(x[40], 39 / FPS - 0.9) == []
    assert live.counters.dropped["late"] == 1 and live.counters.clock_jumps == 0


def test_a_millisecond_clock_of_32_bits_wraps() -> None:
    wraps_s = 2**32 / 1000
    x = walk(20)
    live = sensors().live(fps=FPS, settings=LiveSettings(clock_wraps_s=wraps_s))
    ticks = [(2**32 - 400 + 40 * t) % 2**32 for t in range(20)]
    assert ticks[9] > ticks[10] == 0
    records = [live.push(frame, tick / 1000)[0] for frame, tick in zip(x, ticks, strict=True)]
    same_labels(records, clean(list(x)))
    assert [r.time_s for r in records] == [tick / 1000 for tick in ticks]
    assert not any(r.reset or r.warning for r in records)
    undeclared = sensors().live(fps=FPS)
    resets = [undeclared.push(f, t / 1000)[0].reset for f, t in zip(x, ticks, strict=True)]
    assert [t for t, reset in enumerate(resets) if reset] == [10]


@pytest.mark.parametrize("unit", [1e3, 1e6, 1e9])
def test_stamps_in_other_units_are_refused(unit: float) -> None:
    x, live = walk(10), sensors().live(fps=FPS)
    with pytest.raises(DataError, match="stamps must be in seconds, not in milliseconds"):
        for t, frame in enumerate(x):
            live.push(frame, unit * t / FPS)
    assert live.counters.received == 4 and live.counters.dropped["refused"] == 1
    adds_up(live.counters)


def test_milliseconds_since_1970_are_refused_at_once() -> None:
    live = sensors().live(fps=FPS)
    with pytest.raises(DataError, match="are stamps in milliseconds or microseconds"):
        live.push(walk(1)[0], 1.7e12)
    assert live.push(walk(1)[0], 1.7e9)


def test_a_camera_that_hangs_gives_no_new_labels() -> None:
    """Frame 20 is repeated: it is believed up to frame 45, a second later."""
    x, live = walk(90), sensors().live(fps=FPS)
    given = x.copy()
    given[20:60] = x[20]
    records = push_all(live, given)
    assert [t for t, r in enumerate(records) if r.stale] == list(range(46, 60))
    assert {r.label for r in records[45:60]} == {records[45].label}
    same_labels([*records[:46], *records[60:]], clean([*given[:46], *x[60:]]))
    assert live.counters.stale == 14 and not live.counters.resets


def test_a_camera_that_hung_for_long_begins_anew() -> None:
    """The state last moves in frame 45; frame 110 is more than 2 s later."""
    x, live = walk(130), sensors().live(fps=FPS)
    given = x.copy()
    given[20:110] = x[20]
    records = push_all(live, given)
    assert [(t, r.reset) for t, r in enumerate(records) if r.reset] == [(110, "stale")]
    assert all(r.stale and r.label for r in records[46:110])
    same_labels(records[110:], clean(list(x[110:])))


@pytest.mark.parametrize("numbered", [True, False])
def test_a_burst_is_taken_oldest_first_and_then_the_newest_win(numbered: bool) -> None:
    x, live = walk(40), sensors().live(fps=FPS)
    records = [r for t in range(10) for r in live.push(x[t], t / FPS, t if numbered else None)]
    for t in range(10, 22):
        live.offer(x[t], t / FPS, t if numbered else None)
        adds_up(live.counters)
    assert live.waiting == 8 and live.counters.waiting == 8
    records += live.take()
    assert records[-1].time_s == 14 / FPS, "nobody waits for those that were dropped"
    while live.waiting:
        records += live.take()
        adds_up(live.counters)
    for t in range(22, 40):
        records += live.push(x[t], t / FPS, t if numbered else None)
    assert [r.time_s for r in records] == [t / FPS for t in (*range(10), *range(14, 40))]
    told = [r for r in records if r.dropped_since_last]
    assert [(r.time_s, r.dropped_since_last, r.skipped_n) for r in told] == [(14 / FPS, 4, 4)]
    assert live.counters.dropped["overflow"] == 4 and live.counters.lost == 0
    assert records[10].interpolated


def test_a_queue_that_is_kept_up_with_is_pushing() -> None:
    x, live = walk(30), sensors().live(fps=FPS)
    records = []
    for t in range(0, 24, 8):
        for k in range(t, t + 8):
            live.offer(x[k], k / FPS, k)
        while live.waiting:
            records += live.take()
    for k in range(24, 28):
        live.offer(x[k], k / FPS, k)
    records += live.push(x[28], 28 / FPS, 28)  # those that wait come first
    assert live.waiting == 0 and live.take() == []
    live.offer(x[29], 29 / FPS, 29)
    records += live.finalize().records
    assert [r.seq for r in records] == list(range(30))
    same_labels(records, clean(list(x)))


def test_an_offered_frame_is_a_copy() -> None:
    x, live = walk(1), sensors().live(fps=FPS)
    frame = x[0].copy()
    live.offer(frame, 0.0)
    frame[:] = 0
    assert names(live.take()) == [(x.name, x.score) for x in clean(list(x))]


def body() -> tuple[Bundle, Array]:
    """A bundle of a body in metres at 15 fps, and forty frames of one."""
    rng = np.random.default_rng(5)
    x = rng.normal(0, 0.2, (3, 20)) + rng.normal(0, 0.003, (40, 3, 20)).cumsum(axis=0)
    return load("utkinect"), x.astype(np.float32)


@pytest.mark.parametrize("factor", [1000.0, 100.0, 0.001])
def test_a_body_of_another_unit_is_refused_at_first(factor: float) -> None:
    opened, x = body()
    live = opened.live()
    with pytest.raises(DataError, match="are the joints in another unit"):
        live.push(x[0] * np.float32(factor), 0.0)
    assert live.counters.dropped["refused"] == 1
    assert live.push(x[0], 0.0)[0].label


def test_a_known_length_of_bones_is_a_closer_look() -> None:
    opened, x = body()
    length = float(
        np.median([np.linalg.norm(x[0][:, a] - x[0][:, b]) for a, b in opened.skeleton.bones])
    )
    for factor, fits in ((4.9, True), (5.1, False), (1 / 4.9, True), (1 / 5.1, False)):
        live = opened.live(settings=LiveSettings(bone_length=length * factor))
        if fits:
            assert live.push(x[0], 0.0)
        else:
            with pytest.raises(DataError, match="bones are"):
                live.push(x[0], 0.0)


def test_a_unit_that_changes_is_warned_of_once() -> None:
    opened, x = body()
    live, records = opened.live(), []
    given = x.copy()
    given[20:] *= 1000
    given[25] = np.nan
    for t, frame in enumerate(given):
        records += live.push(frame, t / 15)
    assert [t for t, r in enumerate(records) if r.warning] == [20]
    assert records[20].warning == "scale" and live.counters.scale_jumps == 1
    assert all(r.label and np.isfinite(r.label.score) for r in records)


def test_sensors_have_no_bones() -> None:
    x, live = walk(4), sensors().live(fps=FPS)
    x[2:] *= 1000
    assert not any(r.warning for r in push_all(live, x))


@pytest.mark.parametrize(
    ("joints", "time_s", "seq", "confidence", "error", "says"),
    [
        (np.zeros((6, 3)), 1.0, 9, None, SkeletonError, r"must be \(6, 2\) .*got \(6, 3\)"),
        ([], 1.0, 9, None, SkeletonError, r"got \(0,\)"),
        ("joints", 1.0, 9, None, DataError, "joints must be numbers"),
        ([[1.0], [1.0, 2.0]], 1.0, 9, None, DataError, "joints must be numbers"),
        (np.zeros((6, 2)), np.nan, 9, None, DataError, "time_s must be seconds"),
        (np.zeros((6, 2)), np.inf, 9, None, DataError, "time_s must be seconds"),
        (np.zeros((6, 2)), "now", 9, None, DataError, "time_s must be a number"),
        (np.zeros((6, 2)), None, 9, None, DataError, "time_s must be a number"),
        (np.zeros((6, 2)), 1.0, -1, None, DataError, "seq must be 0 to"),
        (np.zeros((6, 2)), 1.0, 2**63, None, DataError, "seq must be 0 to"),
        (np.zeros((6, 2)), 1.0, 1.5, None, DataError, "seq must be a whole number"),
        (np.zeros((6, 2)), 1.0, None, None, DataError, "this one has none"),
        (np.zeros((6, 2)), 1.0, 9, np.ones(3), DataError, "confidence must be one number"),
        (np.zeros((6, 2)), 1.0, 9, "high", DataError, "confidence must be numbers"),
    ],
)
def test_what_is_refused_is_counted_and_moves_nothing(
    joints: Any,
    time_s: float,
    seq: int | None,
    confidence: Any,
    error: type[DataError],
    says: str,
) -> None:
    x, live = walk(20), sensors().live(fps=FPS)
    records = push_all(live, x[:9])
    for take in (live.push, live.offer):
        with pytest.raises(error, match=says):
            take(joints, time_s, seq, confidence)
        adds_up(live.counters)
    records += push_all(live, x[9:], 9)
    same_labels(records, clean(list(x)))
    assert records[9].dropped_since_last == 2 == live.counters.dropped["refused"]


def test_the_end_is_the_end() -> None:
    x, live = walk(5), sensors().live(fps=FPS)
    push_all(live, x[:3])
    live.push(x[4], 4 / FPS, 4)
    live.offer(x[3], 3 / FPS, 3)
    ending = live.finalize()
    assert [r.seq for r in ending.records] == [3, 4]
    assert ending.counters is live.counters and live.counters.accepted == 5
    again = live.finalize()
    assert (again.records, again.labels) == ([], [])
    with pytest.raises(DataError, match="was finalized"):
        live.push(x[0], 9.0, 9)
    adds_up(live.counters)


def test_a_network_that_overflows_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    x, live = walk(30), sensors().live(fps=FPS)
    records = push_all(live, x[:10])
    recogniser = live._person._state.stream.recogniser
    step = recogniser.engine.step
    with monkeypatch.context() as patch:
        patch.setattr(recogniser.engine, "step", lambda *given: step(*given) * np.float32(np.nan))
        records += push_all(live, x[10:11], 10)
    records += push_all(live, x[11:], 11)
    assert (records[10].reset, records[10].label, records[10].labels) == ("not_finite", None, ())
    same_labels(records[11:], clean(list(x[11:])))
