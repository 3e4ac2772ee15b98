"""Labels that do not flicker."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kinestream.streaming import decode

SCORES = st.lists(st.lists(st.integers(0, 10), min_size=3, max_size=3), min_size=1, max_size=30)


def naive(scores: np.ndarray, margin: float) -> list[int]:
    """The rule in words: stay, unless somebody leads by the margin."""
    labels = [int(np.argmax(scores[0]))]
    for row in scores[1:]:
        leader = int(np.argmax(row))
        labels.append(leader if row[leader] >= row[labels[-1]] + margin else labels[-1])
    return labels


@given(SCORES, st.sampled_from([0.0, 1.0, 3.0, 11.0]))
def test_decoding_is_the_rule(rows: list[list[int]], margin: float) -> None:
    scores = np.array(rows, float)
    assert decode(scores, margin).tolist() == naive(scores, margin)


@given(SCORES)
def test_without_a_margin_the_most_likely_class_wins(rows: list[list[int]]) -> None:
    scores = np.array(rows, float)
    np.testing.assert_array_equal(decode(scores, 0.0), scores.argmax(1))


@given(SCORES, st.sampled_from([1.0, 3.0]))
def test_a_label_depends_on_no_later_frame(rows: list[list[int]], margin: float) -> None:
    scores = np.array(rows, float)
    whole = decode(scores, margin)
    for frames in range(1, len(scores)):
        np.testing.assert_array_equal(decode(scores[:frames], margin), whole[:frames])
