"""Frame scores against naive loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.metrics import (
    confusion_matrix,
    frame_accuracy,
    precision_recall,
    top_k_accuracy,
)

K = 4
pairs = st.lists(st.tuples(st.integers(-1, K - 1), st.integers(-1, K - 1)), min_size=1)


@given(pairs)
def test_accuracy_and_confusion_are_counts(pairs: list[tuple[int, int]]) -> None:
    seen, wanted = (list(side) for side in zip(*pairs, strict=True))
    known = [(p, t) for p, t in pairs if t != -1]
    accuracy = frame_accuracy(seen, wanted)
    if known:
        assert accuracy == pytest.approx(100 * sum(p == t for p, t in known) / len(known))
    else:
        assert math.isnan(accuracy)
    matrix = confusion_matrix(seen, wanted, K)
    for t in range(K):
        for p in range(K):
            assert matrix[t, p] == pairs.count((p, t))


def test_precision_and_recall_of_each_class() -> None:
    matrix = np.array([[6, 2, 0], [1, 3, 0], [0, 0, 0]])
    precision, recall = precision_recall(matrix)
    np.testing.assert_allclose(precision, [600 / 7, 60, np.nan])
    np.testing.assert_allclose(recall, [75, 75, np.nan])


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_top_k_counts_the_classes_that_rank_before(k: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores: NDArray[np.float64] = random.integers(0, 3, (20, K)).astype(float)  # many ties
    truth = random.integers(-1, K, 20)
    hits = labelled = 0
    for row, label in zip(scores, truth, strict=True):
        if label == -1:
            continue
        labelled += 1
        before = [
            c for c in range(K) if row[c] > row[label] or (row[c] == row[label] and c < label)
        ]
        hits += len(before) < k
    assert top_k_accuracy(scores, truth, k) == pytest.approx(100 * hits / labelled)


def test_top_1_is_the_accuracy_of_the_arg_max() -> None:
    scores = np.random.default_rng(0).random((50, K))
    truth = np.arange(50) % K
    expected = frame_accuracy(scores.argmax(axis=1), truth)
    assert top_k_accuracy(scores, truth, 1) == pytest.approx(expected)


def test_wrong_input_is_named() -> None:
    with pytest.raises(DataError, match="3 predictions for 2 labels"):
        frame_accuracy([0, 1, 2], [0, 1])
    with pytest.raises(DataError, match="whole numbers, got float64"):
        frame_accuracy([0.5], [0])
    with pytest.raises(DataError, match="unequal length"):
        frame_accuracy([[0], [0, 1]], [0])  # type: ignore[list-item]
    with pytest.raises(DataError, match=r"got shape \(1, 1\)"):
        frame_accuracy([[0]], [0])
    with pytest.raises(DataError, match=r"label 7, which is outside -1 \.\. 2"):
        confusion_matrix([0], [7], 3)
    with pytest.raises(DataError, match="num_classes must be 1 to"):
        confusion_matrix([0], [0], 10**9)
    with pytest.raises(DataError, match="one row for each of the 3 labels"):
        top_k_accuracy(np.zeros((2, K)), [0, 1, 2])
    with pytest.raises(DataError, match="finite"):
        top_k_accuracy([[0.0, np.nan]], [0])
    with pytest.raises(DataError, match="k must be 1"):
        top_k_accuracy([[0.0, 1.0]], [0], k=0)
    with pytest.raises(DataError, match=r"\(K, K\)"):
        precision_recall(np.zeros((2, 3)))
