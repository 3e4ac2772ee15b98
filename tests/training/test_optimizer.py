"""Optimizers against plain loops, schedules against their formulas, settings against their ranges."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tests.training.killing import same_end
from torch import nn

from kinestream.training import loop
from kinestream.training.config import OptimizerConfig, TrainConfig
from kinestream.training.optimizer import make_optimizer
from kinestream.training.run_folder import RunFolder
from kinestream.training.schedule import learning_rate
from kinestream.training.signals import StoppedError


def rates(progress: list[float], **settings: Any) -> list[float]:
    config = OptimizerConfig(learning_rate=0.5, **settings)
    return [learning_rate(config, p, 10) for p in progress]


def test_steps_go_down_after_their_milestones() -> None:
    progress = [0.5, 1, 3, 3.01, 7, 7.5, 10]
    found = rates(progress, schedule="step", milestones=[3, 7], gamma=0.2, warmup_epochs=1)
    np.testing.assert_allclose(found, [0.25, 0.5, 0.5, 0.1, 0.1, 0.02, 0.02], rtol=1e-12)


def test_a_constant_rate_warms_up_and_stays() -> None:
    found = rates([0.25, 1, 2, 3, 10], schedule="constant", warmup_epochs=2)
    assert found == [0.0625, 0.25, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("schedule", ["cosine", "step", "constant"])
def test_every_schedule_warms_up_in_a_line_and_never_rises_again(schedule: str) -> None:
    more: dict[str, Any] = {"milestones": [4.5]} if schedule == "step" else {}
    grid = [i / 7 for i in range(1, 71)]
    found = rates(grid, schedule=schedule, warmup_epochs=2, **more)
    np.testing.assert_allclose(np.diff(found[:14]), 0.5 / 14, rtol=1e-9)
    assert (np.diff(found[14:]) <= 1e-12).all()
    assert max(found) == pytest.approx(0.5)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_sgd_is_the_plain_loop(momentum: float) -> None:
    """Nesterov as Sutskever et al. write it: v <- m v + g, w <- w - r (g + m v)."""
    torch.manual_seed(0)
    network = nn.Linear(3, 2).double()
    config = OptimizerConfig(name="sgd", momentum=momentum, weight_decay=0.3, learning_rate=0.1)
    optimizer = make_optimizer(network, config)
    decay = {"weight": 0.3, "bias": 0.0}
    weights = {name: p.detach().numpy().copy() for name, p in network.named_parameters()}
    speed = {name: np.zeros_like(value) for name, value in weights.items()}
    rng = np.random.default_rng(1)
    for _ in range(6):
        for name, p in network.named_parameters():
            g = rng.normal(size=p.shape)
            p.grad = torch.from_numpy(g.copy())
            g = g + decay[name] * weights[name]
            speed[name] = momentum * speed[name] + g
            weights[name] = weights[name] - 0.1 * (g + momentum * speed[name])
        optimizer.step()
    for name, p in network.named_parameters():
        np.testing.assert_allclose(p.detach().numpy(), weights[name], rtol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_with_steps_goes_on_bit_for_bit(
    settings: dict[str, Any], tmp_path: Path, momentum: float
) -> None:
    values = copy.deepcopy(settings)
    values["optimizer"] |= {
        "name": "sgd",
        "momentum": momentum,
        "schedule": "step",
        "milestones": [1, 2.5],
    }
    config = TrainConfig.model_validate(values)
    loop.train(config, RunFolder(tmp_path / "whole"))
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] in (2, 6)

    run = RunFolder(tmp_path / "run")
    for resume in (False, True):
        with pytest.raises(StoppedError):
            loop.train(config, run, resume=resume, stop=stop)
    loop.train(config, run, resume=True)
    assert same_end(run.path, tmp_path / "whole")
    rows = run.metrics()
    np.testing.assert_allclose([row["learning_rate"] for row in rows], [1e-2, 1e-3, 1e-4, 1e-4])


@pytest.mark.parametrize(
    "values",
    [
        {"name": "adam"},
        {"name": "sgd", "momentum": 1},
        {"momentum": -0.1},
        {"schedule": "linear"},
        {"schedule": "step"},
        {"milestones": [3]},
        {"schedule": "step", "milestones": [3, 3]},
        {"schedule": "step", "milestones": [0]},
        {"schedule": "step", "milestones": [float("nan")]},
        {"schedule": "step", "milestones": [3], "gamma": 0},
        {"schedule": "step", "milestones": [3], "gamma": 1.5},
        {"learning_rate": float("inf")},
        {"warmup_epochs": -1},
    ],
)
def test_settings_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OptimizerConfig.model_validate(values)
