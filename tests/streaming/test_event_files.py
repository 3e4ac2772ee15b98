"""Events in files, and the score that is chosen on recordings that were held out."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.errors import ConfigError
from kinestream.streaming.events import Event, EventRules, rejection_threshold, write_events

RULES = EventRules(onset=0.6, unknown=0.25)
SAID = [
    Event("started", 1, "=wave", 1.0, None, 1.2, 0.75, 0.875, 3),
    Event("ended", 1, "=wave", 1.0, 2.5, 2.75, 0.8, 0.9, 3),
]


def test_what_is_written_is_what_was_said(tmp_path: Path) -> None:
    written = write_events(tmp_path, SAID, RULES)
    assert [path.name for path in written] == ["events.csv", "events.json"]
    with open(written[0], newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["'=wave", "'=wave"]  # no formula for a spreadsheet
    assert [row["end_s"] for row in rows] == ["", "2.500000"]
    assert [float(row["known_s"]) for row in rows] == [1.2, 2.75]
    read = json.loads(written[1].read_text())
    assert [Event(**event) for event in read["events"]] == SAID
    assert EventRules(**read["rules"]) == RULES


def test_nothing_said_is_written_too(tmp_path: Path) -> None:
    table, made = write_events(tmp_path, [], RULES)
    assert table.read_text() == "kind,person,label,start_s,end_s,known_s,score,peak\n"
    assert json.loads(made.read_text())["events"] == []


ROWS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(-1, 2)),
    min_size=1,
    max_size=40,
)


def kept(scores: np.ndarray, truth: np.ndarray, threshold: float) -> float:
    """Share of the frames of an action, rightly seen, that a threshold keeps: by counting."""
    right = [
        float(row.max())
        for row, k in zip(scores, truth, strict=True)
        if k > 0 and row.argmax() == k
    ]
    return sum(score >= threshold for score in right) / len(right)


@given(ROWS, st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_the_threshold_is_the_highest_that_keeps_enough(
    rows: list[tuple[int, int, int, int]], keep: float
) -> None:
    table = np.array(rows, float)
    scores, truth = table[:, :3] / table[:, :3].sum(axis=1, keepdims=True), table[:, 3].astype(int)
    found = rejection_threshold(scores, truth, keep=keep, background=(0,))
    if not ((scores.argmax(1) == truth) & (truth > 0)).any():
        assert found is None
        return
    assert found is not None
    assert kept(scores, truth, found) >= keep - 1e-9
    higher = [score for score in scores.max(1) if score > found]
    assert all(kept(scores, truth, score) < keep for score in higher)


def test_a_share_of_nothing_is_refused() -> None:
    for keep in (0.0, 1.1, np.nan):
        with pytest.raises(ConfigError, match="keep is a share"):
            rejection_threshold([[0.4, 0.6]], [1], keep=keep)
