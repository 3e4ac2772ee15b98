"""Delays, misses and false alarms against loops over frames, and by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.errors import ConfigError, DataError
from kinestream.metrics import OnlineScores, evaluate_online, labels_of_events, runs

K = 4
FPS = 10.0
parts = st.lists(st.tuples(st.integers(-1, K - 1), st.integers(1, 6)), min_size=1, max_size=10)
trial = st.tuples(parts, parts).map(
    lambda both: tuple([label for label, n in side for _ in range(n)] for side in both)
)


def slow_scores(
    trials: list[tuple[list[int], list[int]]],
    counted: set[int],
    delay: int,
    least: int,
) -> OnlineScores:
    """One frame after the other."""
    delays, gone, segments, alarms, labelled = [], [], 0, 0, 0
    for seen, wanted in trials:
        labelled += sum(label >= 0 for label in wanted)
        blanked = [s if w >= 0 else -1 for s, w in zip(seen, wanted, strict=True)]
        for label, start, stop in runs(wanted):
            if label not in counted:
                continue
            segments += 1
            hits = [t for t in range(start, stop) if blanked[t] == label]
            if hits:
                delays.append((hits[0] - start + delay) / FPS)
            t = stop
            while t > start and blanked[t - 1] == label:
                t -= 1
            if t < stop:
                gone.append(min(1.0, (t - start + delay) / (stop - start)))
        for label, start, stop in runs(blanked):
            shared = [
                len(set(range(start, stop)) & set(range(*true[1:])))
                for true in runs(wanted)
                if true.label == label
            ]
            alarms += label in counted and max(shared, default=0) < least
    return OnlineScores(
        segments=segments,
        missed=segments - len(delays),
        median_delay_s=float(np.quantile(delays, 0.5)) if delays else math.nan,
        p90_delay_s=float(np.quantile(delays, 0.9)) if delays else math.nan,
        kept=len(gone),
        earliness=100 * sum(gone) / len(gone) if gone else math.nan,
        false_alarms=alarms,
        false_alarms_per_hour=alarms / (labelled / FPS / 3600),
    )


def arrays(trials: list[tuple[list[int], list[int]]]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    seen, wanted = zip(*trials, strict=True)
    return [np.array(row) for row in seen], [np.array(row) for row in wanted]


def equal_lengths(pair: tuple[list[int], list[int]]) -> tuple[list[int], list[int]]:
    length = min(map(len, pair))
    return pair[0][:length], pair[1][:length]


def assert_same(found: OnlineScores, wanted: OnlineScores) -> None:
    assert found.to_dict() == pytest.approx(wanted.to_dict())


@given(
    st.lists(trial.map(equal_lengths), min_size=1, max_size=3),
    st.integers(0, 4), st.integers(0, 4), st.sets(st.integers(0, K - 1), max_size=2),
)  # fmt: skip
def test_scores_are_those_of_the_loop(
    trials: list[tuple[list[int], list[int]]], delay: int, least: int, background: set[int]
) -> None:
    seen, wanted = arrays(trials)
    if not any((row >= 0).any() for row in wanted):
        return
    report = evaluate_online(
        seen, wanted, K, fps=FPS, delay_frames=delay, background=background,
        min_overlap_s=least / FPS,
    )  # fmt: skip
    counted = set(range(K)) - background
    least = max(1, least)
    assert_same(report.overall, slow_scores(trials, counted, delay, least))
    for label in range(K):
        alone = slow_scores(trials, {label} & counted, delay, least)
        if label in report.classes:
            assert_same(report.classes[label], alone)
        else:
            assert alone.segments == alone.false_alarms == 0
    assert report.delay_s == delay / FPS


@given(trial, st.integers(0, 5))
def test_a_perfect_recogniser_has_its_declared_delay(
    pair: tuple[list[int], list[int]], delay: int
) -> None:
    truth = np.array(pair[1])
    if (truth < 0).all():
        return
    scores = evaluate_online([truth], [truth], K, fps=FPS, delay_frames=delay).overall
    assert scores.missed == scores.false_alarms == 0
    assert scores.kept == scores.segments
    assert scores.median_delay_s == scores.p90_delay_s == pytest.approx(delay / FPS)
    assert delay or scores.earliness == 0


@given(st.integers(0, 20))
def test_a_late_recogniser_is_late_by_as_much(shift: int) -> None:
    truth = np.repeat([0, 1, 0, 2, 0], 20)
    late = np.concatenate([np.zeros(shift, dtype=np.int64), truth[: len(truth) - shift]])
    scores = evaluate_online([late], [truth], 3, fps=FPS, background=(0,)).overall
    if shift < 20:
        assert scores.missed == scores.false_alarms == 0
        assert scores.median_delay_s == pytest.approx(shift / FPS)
        assert scores.earliness == pytest.approx(100 * shift / 20)
    else:
        assert (scores.missed, scores.false_alarms) == (2, 2)


def test_a_label_that_flickers_is_seen_at_once_and_known_late() -> None:
    truth = np.array([1] * 10)
    seen = np.array([1, 0, 0, 1, 1, 0, 1, 1, 1, 1])
    scores = evaluate_online([seen], [truth], 2, fps=FPS, background=(0,)).overall
    assert (scores.median_delay_s, scores.earliness) == (0.0, 60.0)
    lost = evaluate_online([seen[::-1]], [truth], 2, fps=FPS, background=(0,)).overall
    assert (lost.kept, lost.missed, lost.earliness) == (1, 0, 90.0)
    gone = evaluate_online([np.roll(seen, 1) * (np.arange(10) < 9)], [truth], 2, fps=FPS).overall
    assert gone.kept == 0 and math.isnan(gone.earliness)


def test_a_delay_longer_than_the_segment_is_no_more_than_all_of_it() -> None:
    truth = np.array([0, 1, 1, 0, 0, 0])
    scores = evaluate_online([truth], [truth], 2, fps=1, delay_frames=3, background=(0,)).overall
    assert (scores.median_delay_s, scores.earliness) == (3.0, 100.0)


def test_alarms_of_an_hour() -> None:
    truth = np.zeros(3600, dtype=np.int64)
    seen = truth.copy()
    seen[[10, 20, 21, 3000]] = [1, 1, 2, 1]
    report = evaluate_online([seen] * 2, [truth] * 2, 3, fps=1, background=(0,))
    assert report.hours == 2.0
    assert (report.overall.false_alarms, report.overall.false_alarms_per_hour) == (8, 4.0)
    assert report.classes[1].false_alarms_per_hour == 3.0
    assert math.isnan(report.overall.median_delay_s)
    assert report.classes[2].segments == 0


def test_a_recogniser_that_says_nothing_misses_all_and_alarms_nobody() -> None:
    truth = np.repeat([0, 1, 2], 5)
    for silent in (np.zeros(15, dtype=np.int64), np.full(15, -1)):
        scores = evaluate_online([silent], [truth], 3, fps=FPS, background=(0,)).overall
        assert (scores.segments, scores.missed, scores.false_alarms) == (2, 2, 0)


def test_what_is_said_of_unlabelled_frames_counts_nowhere() -> None:
    truth, seen = np.array([-1, -1, 1, 1, -1]), np.array([0, 0, 1, 1, 0])
    report = evaluate_online([seen], [truth], 2, fps=2)
    assert report.overall.false_alarms == 0
    assert report.hours * 3600 == pytest.approx(1.0)


def test_the_least_overlap_is_counted_in_whole_frames() -> None:
    truth = np.repeat([0, 1, 0], 10)
    seen = np.zeros(30, dtype=np.int64)
    seen[7:13] = 1
    for seconds, alarms in ((0.0, 0), (0.3, 0), (0.31, 1)):
        report = evaluate_online(
            [seen], [truth], 2, fps=FPS, background=(0,), min_overlap_s=seconds
        )
        assert report.overall.false_alarms == alarms
    assert report.overall.missed == 0


def test_the_report_is_plain_json() -> None:
    report = evaluate_online([np.array([1])], [np.array([0])], 2, fps=1)
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert told["overall"]["median_delay_s"] is None
    assert set(told["classes"]) == {"0", "1"}
    assert "1 of 1 segments missed" in str(report)


def test_events_become_what_is_shown() -> None:
    assert labels_of_events([], frames=3).tolist() == [-1, -1, -1]
    assert labels_of_events([(0, 2), (2, 1), (2, 0)], frames=4).tolist() == [2, 2, 0, 0]
    assert labels_of_events([], frames=0).tolist() == []
    for events in ([(4, 1)], [(-1, 1)], [(3, 1), (2, 1)]):
        with pytest.raises(DataError, match="event at frame"):
            labels_of_events(events, frames=4)
    with pytest.raises(DataError, match="frames must"):
        labels_of_events([], frames=1 << 60)


def test_five_hours_are_no_trouble() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(0, 8, 5400), 100)
    seen = np.where(rng.random(len(truth)) < 0.3, rng.integers(0, 8, len(truth)), truth)
    report = evaluate_online([seen], [truth], 8, fps=30, background=(0,))
    assert report.hours == pytest.approx(5.0)
    assert report.overall.missed == 0
    counted = sum(row.segments for row in report.classes.values())
    assert counted == report.overall.segments == len(runs(truth, (0,)))


@pytest.mark.parametrize(
    "options",
    [
        {"fps": 0}, {"fps": -30}, {"fps": math.nan}, {"fps": math.inf}, {"fps": 1e-300},
        {"fps": 1, "delay_frames": -1}, {"fps": 1, "delay_frames": math.inf},
        {"fps": 1, "min_overlap_s": -1}, {"fps": 1, "min_overlap_s": math.nan},
        {"fps": 1, "min_overlap_s": 1e300},
    ],
)  # fmt: skip
def test_rates_and_delays_that_cannot_be_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        evaluate_online([np.array([0])], [np.array([0])], 1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [([], []), ([[0]], []), ([[0]], [[0, 0]]), ([[0]], [[-1]]), ([[2]], [[0]]), ([[0]], [[-2]]),
     ([[0.5]], [[0]]), ([[math.nan]], [[0]])],
)  # fmt: skip
def test_trials_that_do_not_fit_are_refused(seen: list[list[int]], wanted: list[list[int]]) -> None:
    with pytest.raises(DataError):
        evaluate_online([np.array(s) for s in seen], [np.array(w) for w in wanted], 2, fps=30)
