"""The two protocols, on trials small enough to count by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.errors import ConfigError, DataError
from kinestream.metrics import PROTOCOLS, Report, evaluate

Labels = NDArray[np.int64]


def row(text: str) -> Labels:
    """One frame for each character; ``.`` is not labelled."""
    return np.array([-1 if char == "." else int(char) for char in text], dtype=np.int64)


def test_pooled_and_per_trial_f1_differ() -> None:
    # Trial 1: the one segment is found. Trial 2: all 3 are, with 5 more predicted in vain.
    predictions = [row("0000"), row("01230123")]
    truths = [row("0000"), row("00001122")]
    pooled = evaluate(predictions, truths, 4)
    assert pooled.f1[10] == pytest.approx(100 * 2 * 4 / (2 * 4 + 5))
    each = evaluate(predictions, truths, 4, protocol="per-trial")
    assert each.f1[10] == pytest.approx((100 + 100 * 2 * 3 / (2 * 3 + 5)) / 2)
    assert pooled.frame_accuracy == each.frame_accuracy
    assert (pooled.trials, pooled.frames) == (2, 12)


def test_only_ms_tcn_counts_the_threshold_itself() -> None:
    seen, wanted = [row("0111")], [row("0011")]
    assert evaluate(seen, wanted, 2).f1[50] == 100
    assert evaluate(seen, wanted, 2, protocol="per-trial").f1[50] == 50


def test_background_forms_no_segment_but_counts_as_frames() -> None:
    seen, wanted = [row("0100100")], [row("0111110")]
    kept, dropped = evaluate(seen, wanted, 2), evaluate(seen, wanted, 2, background=(0,))
    assert kept.frame_accuracy == dropped.frame_accuracy == pytest.approx(100 * 4 / 7)
    assert kept.edit == pytest.approx(60)
    assert dropped.edit == pytest.approx(50)
    assert dropped.f1[10] == pytest.approx(100 * 2 / 3)


def test_trials_without_segments_are_left_out_of_the_means() -> None:
    report = evaluate([row("00"), row("01")], [row("00"), row("01")], 2, background=(0,))
    assert (report.edit, report.f1[50]) == (100, 100)
    each = evaluate(
        [row("00"), row("01")], [row("00"), row("01")], 2, background=(0,), protocol="per-trial"
    )
    assert each.f1[50] == 100
    empty = evaluate([row("00")], [row("00")], 2, background=(0,))
    assert math.isnan(empty.edit)
    assert math.isnan(empty.f1[10])


@given(st.integers(0, 2**32 - 1), st.sampled_from(PROTOCOLS))
def test_what_is_predicted_where_there_is_no_label_does_not_matter(
    seed: int, protocol: str
) -> None:
    random = np.random.default_rng(seed)
    truth = np.repeat(random.integers(-1, 3, 12), random.integers(1, 6, 12))
    if (truth < 0).all():
        return
    one = np.repeat(random.integers(0, 3, len(truth)), 2)[: len(truth)]
    other = np.where(truth < 0, random.integers(0, 3, len(truth)), one)
    reports = [evaluate([p], [truth], 3, protocol=protocol) for p in (one, other)]  # type: ignore[arg-type]
    assert reports[0] == reports[1]
    filled = np.where(truth < 0, random.integers(0, 3, len(truth)), truth)
    perfect = evaluate([filled], [truth], 3, protocol=protocol)  # type: ignore[arg-type]
    assert (perfect.frame_accuracy, perfect.edit) == (100, 100)
    assert set(perfect.f1.values()) == {100}


def test_an_abstention_is_a_wrong_frame() -> None:
    assert evaluate([row("0.")], [row("00")], 1).frame_accuracy == 50


def test_a_report_prints_and_turns_into_json() -> None:
    report = Report("ms-tcn", 93.456, float("nan"), {10: 90.0, 25: 80.5, 50: 70.25}, 1, 12)
    assert str(report) == (
        "frame accuracy 93.46 %, edit nan, F1@{10,25,50} 90.00/80.50/70.25 "
        "(ms-tcn, 1 trial, 12 frames)"
    )
    values = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert values["edit"] is None
    assert values["f1"] == {"10": 90.0, "25": 80.5, "50": 70.25}


def test_wrong_input_is_named() -> None:
    with pytest.raises(DataError, match="no trial"):
        evaluate([], [], 2)
    with pytest.raises(DataError, match="1 predictions for 2 trials"):
        evaluate([row("0")], [row("0"), row("0")], 2)
    with pytest.raises(DataError, match="trial 1: 1 predictions for 2 labels"):
        evaluate([row("0"), row("0")], [row("0"), row("00")], 2)
    with pytest.raises(DataError, match="trial 0: predictions hold label 2"):
        evaluate([row("2")], [row("0")], 2)
    with pytest.raises(DataError, match="none of the frames"):
        evaluate([row("00")], [row("..")], 2)
    with pytest.raises(ConfigError, match="use ms-tcn or per-trial"):
        evaluate([row("0")], [row("0")], 1, protocol="best")  # type: ignore[arg-type]
