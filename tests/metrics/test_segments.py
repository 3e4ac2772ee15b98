"""Segment scores against the definitions, written as loops over frames and sets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.metrics import (
    Counts,
    Run,
    best_overlaps,
    count_matches,
    edit_score,
    f1_score,
    levenshtein,
    runs,
)

K = 4
labels = st.lists(
    st.tuples(st.integers(-1, K - 1), st.integers(1, 6)), min_size=1, max_size=12
).map(lambda parts: [label for label, length in parts for _ in range(length)])


def slow_runs(values: list[int], left_out: set[int]) -> list[Run]:
    found: list[Run] = []
    for frame, label in enumerate(values):
        if frame and values[frame - 1] == label and found and found[-1].stop == frame:
            found[-1] = Run(label, found[-1].start, frame + 1)
        elif label not in left_out:
            found.append(Run(label, frame, frame + 1))
    return found


def slow_distance(a: list[int], b: list[int]) -> int:
    table = [
        [max(i, j) if 0 in (i, j) else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)
    ]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
            )
    return table[-1][-1]


def slow_counts(predicted: list[Run], true: list[Run], threshold: float, strict: bool) -> Counts:
    """One prediction after the other, with a flag for each true segment that was found."""
    used = [False] * len(true)
    fp = 0
    for mine in predicted:
        best, which = 0.0, -1
        for number, theirs in enumerate(true):
            frames, others = set(range(*mine[1:])), set(range(*theirs[1:]))
            hull = max(frames | others) - min(frames | others) + 1
            iou = len(frames & others) / hull * (mine.label == theirs.label)
            if iou > best:
                best, which = iou, number
        hit = which >= 0 and (best > threshold if strict else best >= threshold)
        if hit and not used[which]:
            used[which] = True
        else:
            fp += 1
    return Counts(sum(used), fp, len(true) - sum(used))


@given(labels, st.sets(st.integers(0, K - 1), max_size=2))
def test_runs_cover_every_frame_that_counts(values: list[int], background: set[int]) -> None:
    found = runs(values, tuple(background))
    assert found == slow_runs(values, {-1, *background})
    inside = [frame for run in found for frame in range(run.start, run.stop)]
    assert inside == [t for t, label in enumerate(values) if label not in {-1, *background}]


@given(st.lists(st.integers(0, 3), max_size=15), st.lists(st.integers(0, 3), max_size=15))
def test_levenshtein_is_the_table(a: list[int], b: list[int]) -> None:
    assert levenshtein(a, b) == slow_distance(a, b) == levenshtein(b, a)


@given(labels, labels, st.sampled_from([0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans())
def test_counts_are_those_of_the_loop(
    seen: list[int], wanted: list[int], threshold: float, strict: bool
) -> None:
    predicted, true = runs(seen), runs(wanted)
    found = count_matches(predicted, true, threshold, strict=strict)
    assert found == slow_counts(predicted, true, threshold, strict)
    assert found.tp + found.fp == len(predicted)
    assert found.tp + found.fn == len(true)


@given(labels)
def test_a_perfect_prediction_scores_100(values: list[int]) -> None:
    found = runs(values)
    if not found:
        assert math.isnan(edit_score(found, found))
        assert math.isnan(f1_score(count_matches(found, found, 1.0)))
        return
    assert edit_score(found, found) == 100
    assert f1_score(count_matches(found, found, 1.0)) == 100


@given(labels, labels)
def test_a_higher_threshold_never_finds_more(seen: list[int], wanted: list[int]) -> None:
    predicted, true = runs(seen), runs(wanted)
    found = [count_matches(predicted, true, threshold).tp for threshold in (0.1, 0.25, 0.5, 0.9)]
    assert found == sorted(found, reverse=True)


def test_of_equal_overlaps_the_earlier_truth_counts() -> None:
    iou, index = best_overlaps([Run(1, 2, 6)], [Run(1, 0, 4), Run(1, 4, 8)])
    assert iou.tolist() == [pytest.approx(1 / 3)]
    assert index.tolist() == [0]


def test_a_prediction_gets_no_second_choice() -> None:
    true = [Run(1, 0, 10), Run(1, 10, 14)]
    predicted = [Run(1, 0, 6), Run(1, 6, 12)]  # both overlap the first one best
    assert count_matches(predicted, true, 0.1) == Counts(tp=1, fp=1, fn=1)


def test_the_threshold_itself_counts_unless_strict() -> None:
    true, predicted = runs([1, 1, 2, 2]), runs([1, 3, 3, 3])
    assert best_overlaps(predicted, true)[0].tolist() == [0.5, 0]
    assert count_matches(predicted, true, 0.5).tp == 1
    assert count_matches(predicted, true, 0.5, strict=True).tp == 0


def test_thousands_of_segments_are_no_burden() -> None:
    flicker = np.arange(20_000) % 2
    predicted, true = runs(flicker), runs(np.repeat([0, 1], 10_000))
    assert len(predicted) == 20_000
    assert count_matches(predicted, true, 0.1).tp == 0
    assert edit_score(predicted, true) == pytest.approx(100 * 2 / 20_000)
