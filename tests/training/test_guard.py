"""Steps without finite numbers are skipped and counted; too many in a row end the run."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from kinestream.errors import TrainingError
from kinestream.models import Network
from kinestream.training import guard, loop
from kinestream.training.checkpoints import load_latest
from kinestream.training.config import TrainConfig
from kinestream.training.run_folder import RunFolder
from kinestream.training.step import Sums, accumulate_gradients

Poison = Callable[[Network, float], float]


def nan_loss(network: Network, loss: float) -> float:
    return math.nan


def infinite_loss(network: Network, loss: float) -> float:
    return math.inf


def nan_gradient(network: Network, loss: float) -> float:
    """One number of one parameter, and a running statistic as a NaN input leaves it."""
    last = [p for p in network.parameters() if p.grad is not None][-1]
    assert last.grad is not None
    last.grad.view(-1)[0] = math.nan
    for name, buffer in network.named_buffers():
        if "running" in name:
            buffer.fill_(math.nan)
    return loss


def config_of(settings: dict[str, Any], **training: Any) -> TrainConfig:
    values = copy.deepcopy(settings)
    values["training"] |= training
    return TrainConfig.model_validate(values)


def poisoned(monkeypatch: pytest.MonkeyPatch, poison: Poison, steps: set[int]) -> None:
    """Spoil these of a run's steps, counted from 1."""
    taken = [0]

    def spoilt(network: Network, *rest: Any) -> Sums:
        taken[0] += 1
        sums = accumulate_gradients(network, *rest)
        return sums._replace(loss=poison(network, sums.loss)) if taken[0] in steps else sums

    monkeypatch.setattr(guard, "accumulate_gradients", spoilt)


def all_finite(run: RunFolder) -> bool:
    tensors = load_latest(run.checkpoints).tensors.values()
    return all(bool(t.isfinite().all()) for t in tensors if t.is_floating_point())


@pytest.mark.parametrize("clip_norm", [0, 5])
@pytest.mark.parametrize("poison", [nan_loss, infinite_loss, nan_gradient])
def test_a_bad_step_is_skipped_counted_and_said(
    settings: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    poison: Poison,
    clip_norm: float,
) -> None:
    values = {**settings, "optimizer": {**settings["optimizer"], "clip_norm": clip_norm}}
    poisoned(monkeypatch, poison, {2, 7, 8})  # three steps an epoch
    run = RunFolder(tmp_path / "run")
    with caplog.at_level(logging.WARNING):
        loop.train(config_of(values), run)
    rows = run.metrics()
    assert [row.get("skipped_steps", 0) for row in rows] == [1, 0, 2, 0]
    assert all(math.isfinite(row["train/loss"]) for row in rows)
    assert caplog.text.count("the step is skipped") == 3
    assert "epoch 1, step 2: the " in caplog.text
    assert all_finite(run)
    steps = {k: v for k, v in load_latest(run.checkpoints).tensors.items() if k.endswith(".step")}
    assert set(map(float, steps.values())) == {12 - 3}


def test_a_skipped_step_changes_nothing(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights, running statistics, optimizer and average: with all steps bad, none has moved."""
    poisoned(monkeypatch, nan_gradient, set(range(2, 99)))
    with pytest.raises(TrainingError, match="in 2 steps in a row"):
        loop.train(config_of(settings, max_bad_steps=2, save_every=1), RunFolder(tmp_path / "one"))
    checkpoints = [
        load_latest(tmp_path / "one" / "checkpoints"),
        _after(settings, tmp_path / "other", 1, monkeypatch),
    ]
    names = checkpoints[1].tensors.keys()
    assert names
    for name in names:
        assert torch.equal(checkpoints[0].tensors[name], checkpoints[1].tensors[name]), name


def _after(settings: dict[str, Any], path: Path, steps: int, patch: pytest.MonkeyPatch) -> Any:
    patch.setattr(guard, "accumulate_gradients", accumulate_gradients)
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] >= steps

    with pytest.raises(TrainingError, match="stopped and saved"):
        loop.train(config_of(settings), RunFolder(path), stop=stop)
    return load_latest(path / "checkpoints")


def test_the_check_notices_a_loop_that_takes_bad_steps(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin steps whatever the numbers are: what it would keep is refused."""
    poisoned(monkeypatch, nan_gradient, {2})
    monkeypatch.setattr(guard.Step, "healthy", True)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(TrainingError, match="is no longer finite"):
        loop.train(config_of(settings, save_every=1), run)
    assert all_finite(run)
    assert load_latest(run.checkpoints).standing.tally.steps == 1


@pytest.mark.parametrize("save_every", [0, 1])
def test_ten_in_a_row_end_the_run_and_the_last_healthy_checkpoint_stays(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save_every: int
) -> None:
    poisoned(monkeypatch, nan_loss, {1, *range(5, 99)})
    run = RunFolder(tmp_path / "run")
    with pytest.raises(TrainingError, match="epoch 5, step 2: the loss is nan, .* 10 steps in a r"):
        loop.train(config_of(settings, save_every=save_every, epochs=9), run)
    assert [row.get("skipped_steps", 0) for row in run.metrics()] == [1, 2, 3, 3]
    assert "train/loss" not in run.metrics()[-1]
    assert load_latest(run.checkpoints).standing.bad_in_a_row == 8 + save_every
    assert all_finite(run)


def test_the_count_of_bad_steps_outlives_a_stop(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder(tmp_path / "run")
    for resume in (False, True):
        poisoned(monkeypatch, nan_loss, {1, 2, 3})
        with pytest.raises(TrainingError, match="stopped and saved"):
            loop.train(config_of(settings), run, resume=resume, stop=lambda: True)
    assert load_latest(run.checkpoints).standing.bad_in_a_row == 2
