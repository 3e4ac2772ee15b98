"""Calibration figures against loops over frames, and by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinestream.errors import ConfigError, DataError
from kinestream.metrics import (
    brier_score,
    evaluate_calibration,
    negative_log_likelihood,
    reliability,
    softmax,
)

K = 3
Frames = tuple[np.ndarray, np.ndarray]


@st.composite
def frames(draw: st.DrawFn) -> Frames:
    """Coarse probabilities, so that ties and the edges of bins are met; some frames unlabelled."""
    count = draw(st.integers(1, 25))
    cuts = np.sort(draw(arrays(np.int64, (count, K - 1), elements=st.integers(0, 10))), axis=1)
    sides = np.zeros((count, 1), dtype=np.int64), np.full((count, 1), 10)
    table = np.diff(np.hstack([sides[0], cuts, sides[1]]), axis=1) / 10
    truth = draw(arrays(np.int64, count, elements=st.integers(-1, K - 1)))
    return table, truth


def slow_bins(table: np.ndarray, truth: np.ndarray, bins: int, spacing: str) -> list[list[int]]:
    """The labelled frames of each bin."""
    found: list[list[int]] = [[] for _ in range(bins)]
    known = [t for t, label in enumerate(truth) if label >= 0]
    for t in known:
        sure = max(table[t])
        if spacing == "width":
            place = next(b for b in range(bins) if sure <= np.linspace(0, 1, bins + 1)[b + 1])
        else:
            place = sum(max(table[other]) < sure for other in known) * bins // len(known)
        found[place].append(t)
    return found


@pytest.mark.parametrize("spacing", ["width", "mass"])
@given(data=frames(), bins=st.integers(1, 12))
def test_bins_are_those_of_the_loop(spacing: str, data: Frames, bins: int) -> None:
    table, truth = data
    diagram = reliability(table, truth, bins=bins, spacing=spacing)  # type: ignore[arg-type]
    expected, largest, labelled = 0.0, [], int((truth >= 0).sum())
    for b, members in enumerate(slow_bins(table, truth, bins, spacing)):
        assert diagram.count[b] == len(members)
        if not members:
            assert math.isnan(diagram.accuracy[b]) and math.isnan(diagram.confidence[b])
            continue
        sure = 100 * sum(max(table[t]) for t in members) / len(members)
        hits = sum(int(list(table[t]).index(max(table[t]))) == truth[t] for t in members)
        right = 100 * hits / len(members)
        assert diagram.confidence[b] == pytest.approx(sure)
        assert diagram.accuracy[b] == pytest.approx(right)
        expected += len(members) / labelled * abs(sure - right)
        largest.append(abs(sure - right))
    if labelled:
        assert diagram.expected_error == pytest.approx(expected, abs=1e-9)
        assert diagram.maximum_error == pytest.approx(max(largest), abs=1e-9)
    else:
        assert math.isnan(diagram.expected_error) and math.isnan(diagram.maximum_error)


@given(frames())
def test_brier_and_likelihood_are_those_of_the_loop(data: Frames) -> None:
    table, truth = data
    squares, logs = [], []
    for row, label in zip(table.tolist(), truth.tolist(), strict=True):
        if label >= 0:
            squares.append(sum((p - (k == label)) ** 2 for k, p in enumerate(row)) / 2)
            logs.append(-math.log(max(row[label], 1.17549435e-38)))
    if not squares:
        assert math.isnan(brier_score(table, truth))
        assert math.isnan(negative_log_likelihood(table, truth))
        return
    assert brier_score(table, truth) == pytest.approx(100 * sum(squares) / len(squares), abs=1e-9)
    wanted = sum(logs) / len(logs)
    assert negative_log_likelihood(table, truth) == pytest.approx(wanted, abs=1e-9)


@given(frames(), st.randoms(use_true_random=False))
def test_the_order_of_frames_does_not_matter(data: Frames, random: object) -> None:
    table, truth = data
    order = np.arange(len(truth))
    random.shuffle(order)  # type: ignore[attr-defined]
    first = evaluate_calibration(table, truth).to_dict()
    assert evaluate_calibration(table[order], truth[order]).to_dict() == pytest.approx(first)


def test_sure_and_right_is_perfect_sure_and_wrong_the_worst() -> None:
    table = np.eye(4)
    right = evaluate_calibration(table, np.arange(4))
    assert (right.ece, right.ece_mass, right.mce, right.brier, right.nll) == (0, 0, 0, 0, 0)
    wrong = evaluate_calibration(table, (np.arange(4) + 1) % 4)
    assert (wrong.ece, wrong.ece_mass, wrong.mce, wrong.brier) == (100, 100, 100, 100)
    assert wrong.nll == pytest.approx(87.3365, abs=1e-3)


def test_two_bins_by_hand() -> None:
    table = [[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]]
    diagram = reliability(table, [0, 0, 1, 0], bins=10)
    assert np.flatnonzero(diagram.count).tolist() == [6, 8]
    assert diagram.expected_error == pytest.approx((10 + 20) / 2)
    assert diagram.maximum_error == pytest.approx(20)
    one = reliability(table, [0, 0, 1, 0], bins=1)
    assert one.expected_error == pytest.approx(5)  # 80 % sure, 75 % right


def test_labels_drawn_from_the_probabilities_are_calibrated() -> None:
    rng = np.random.default_rng(1)
    table = softmax(rng.normal(size=(200_000, 5)))
    truth = (rng.random((200_000, 1)) > table.cumsum(axis=1)).sum(axis=1).clip(0, 4)
    report = evaluate_calibration(table, truth)
    assert report.ece < 0.5 and report.ece_mass < 0.5
    assert report.nll == pytest.approx(-(table * np.log(table)).sum(axis=1).mean(), abs=0.01)
    off = evaluate_calibration(softmax(np.log(table), 0.5), truth)
    assert off.ece > 10


def test_the_report_is_plain_json() -> None:
    report = evaluate_calibration([[0.5, 0.5]], [-1])
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert told == {
        "ece": None, "ece_mass": None, "mce": None, "brier": None, "nll": None, "frames": 0,
    }  # fmt: skip
    assert "0 frames" in str(report)


@pytest.mark.parametrize(
    ("table", "truth"),
    [
        ([[0.5, math.nan]], [0]), ([[math.inf, 0.5]], [0]), ([[0.5, 0.6]], [0]),
        ([[1.5, -0.5]], [0]), ([[3.0, -1.0]], [0]), ([[0.5, 0.5]], [2]), ([[0.5, 0.5]], [-2]),
        ([[0.5, 0.5]], [0, 1]), ([0.5, 0.5], [0, 1]), ([[0.5, 0.5]], [0.5]), ([["a", "b"]], [0]),
        ([[0.5], [0.5, 0.5]], [0, 0]), (np.empty((1, 0)), [0]), ([[0.5, 0.5]], [[0]]),
    ],
)  # fmt: skip
def test_what_is_no_distribution_is_refused(table: object, truth: object) -> None:
    for figure in (evaluate_calibration, reliability, brier_score, negative_log_likelihood):
        with pytest.raises(DataError):
            figure(table, truth)  # type: ignore[arg-type]


def test_bins_that_cannot_be_are_refused() -> None:
    for bins in (0, -1, 1 << 40):
        with pytest.raises(ConfigError, match="bins"):
            reliability([[1.0]], [0], bins=bins)
    with pytest.raises(ConfigError, match="width or mass"):
        reliability([[1.0]], [0], spacing="log")  # type: ignore[arg-type]


def test_an_unlabelled_frame_may_hold_anything() -> None:
    assert brier_score([[1.0, 0.0], [math.nan, 7.0]], [0, -1]) == 0
