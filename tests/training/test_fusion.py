"""Several runs that answer together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinestream.errors import ConfigError
from kinestream.training.reports.answers import Answer, RunAnswers, answer_split
from kinestream.training.reports.fusion import fused
from kinestream.training.reports.held_out import open_held_out
from kinestream.training.reports.testing import measure_run
from kinestream.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def answers(run_path: Path) -> RunAnswers:
    run = RunFolder(run_path)
    return answer_split(run, open_held_out(run.config().data))


def turned(answers: RunAnswers) -> RunAnswers:
    """Another run, as sure as this one, of the next class."""

    def other(answer: Answer) -> Answer:
        return answer._replace(
            scores=np.roll(answer.scores, 1, axis=1), whole=np.roll(answer.whole, 1)
        )

    return replace(answers, answers=[other(answer) for answer in answers.answers])


def test_probabilities_are_averaged(answers: RunAnswers) -> None:
    found = fused([answers, turned(answers)], [3, 1])
    for one, answer in zip(answers.answers, found.answers, strict=True):
        by_hand = 0.75 * one.scores + 0.25 * np.roll(one.scores, 1, axis=1)
        np.testing.assert_allclose(answer.scores, by_hand, atol=1e-6)
        np.testing.assert_array_equal(answer.labels, by_hand.argmax(1))
        np.testing.assert_allclose(answer.whole.sum(), 1, atol=1e-6)
    assert found.parameters == 2 * answers.parameters
    assert found.name == f"{answers.name} + {answers.name}"


def test_a_run_with_itself_is_itself(answers: RunAnswers) -> None:
    found = fused([answers, answers, answers])
    for one, answer in zip(answers.answers, found.answers, strict=True):
        np.testing.assert_array_equal(answer.labels, one.labels)


@pytest.mark.parametrize("shares", [[1.0], [1, 0], [1, -1], [1, float("nan")], [1, 1, 1]])
def test_shares_are_one_for_each_and_above_0(answers: RunAnswers, shares: list[float]) -> None:
    with pytest.raises(ConfigError, match="2 fused runs need as many shares above 0"):
        fused([answers, answers], shares)


def test_runs_that_answer_other_questions_are_refused(answers: RunAnswers) -> None:
    with pytest.raises(ConfigError, match="cannot be fused"):
        fused([answers, replace(answers, streams=False)])


def test_a_report_of_fused_runs(run_path: Path, tmp_path: Path) -> None:
    run = RunFolder(run_path)
    alone = measure_run(run, out=tmp_path / "alone")
    both = measure_run(run, out=tmp_path / "both", fuse=[run], shares=[1, 2])
    assert both.figures.pooled == alone.figures.pooled
    assert '"fused_runs": 2' in (tmp_path / "both" / "report.json").read_text()
    with pytest.raises(ConfigError, match="name them with --fuse"):
        measure_run(run, shares=[1, 2])
