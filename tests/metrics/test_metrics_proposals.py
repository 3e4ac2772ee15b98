"""Proposals from rows of labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.errors import DataError
from kinestream.metrics import evaluate_detections, proposals_of, run_table, runs

labels = st.lists(st.integers(-1, 3), max_size=30)


@given(labels, st.integers(0, 2**31), st.sets(st.integers(0, 3)))
def test_each_segment_has_the_mean_score_of_its_label(
    values: list[int], seed: int, background: set[int]
) -> None:
    scores = np.random.default_rng(seed).random((len(values), 4))
    found = proposals_of(values, scores, background=background, video=3)
    segments = runs(values, background)
    assert len(found) == len(segments)
    for row, (label, start, stop) in zip(found, segments, strict=True):
        mean = sum(scores[t, label] for t in range(start, stop)) / (stop - start)
        assert row.tolist() == [3, label, start, stop, pytest.approx(mean)]
    of_label = scores[np.arange(len(values)), np.maximum(values, 0)] if values else []
    np.testing.assert_array_equal(
        found, proposals_of(values, of_label, background=background, video=3)
    )


@given(labels, st.sets(st.integers(0, 3)))
def test_a_table_of_runs_holds_the_runs(values: list[int], background: set[int]) -> None:
    table = run_table(values, background)
    assert table.shape == (len(runs(values, background)), 3)
    assert [tuple(row) for row in table.tolist()] == runs(values, background)


def test_equal_scores_give_equal_confidence_wherever_they_lie() -> None:
    values = np.repeat(np.arange(1000) % 2, 7)
    rows = proposals_of(values, np.full(7000, 0.1))
    assert len(set(rows[:, 4])) == 1


def test_frames_without_a_label_need_no_score() -> None:
    assert proposals_of([-1, 0], [np.nan, 0.5]).tolist() == [[0, 0, 1, 2, 0.5]]
    assert proposals_of([], np.empty((0, 3))).shape == (0, 5)


def test_videos_are_joined_as_lists() -> None:
    truths = np.concatenate(
        [proposals_of([0, 1, 1, 2], np.ones(4), background=(0,), video=v) for v in (0, 1)]
    )
    assert evaluate_detections(truths, truths, [1, 2]).map_video[0.5] == 100


@pytest.mark.parametrize(
    ("values", "scores"),
    [
        ([0, 1], [0.5]),
        ([0, 1], [[0.5], [0.5]]),
        ([0, -2], [[0.5], [0.5]]),
        ([0, 1], [0.5, np.nan]),
        ([0, 1], [0.5, np.inf]),
        ([0, 1], [[[0.5]], [[0.5]]]),
        ([0, 1], ["a", "b"]),
        ([0, 1], [[0.5], [0.5, 0.5]]),
        ([0.5, 1], [0.5, 0.5]),
        ([[0, 1]], [0.5, 0.5]),
    ],
)
def test_what_has_no_mean_score_is_refused(values: object, scores: object) -> None:
    with pytest.raises(DataError):
        proposals_of(values, scores)  # type: ignore[arg-type]
