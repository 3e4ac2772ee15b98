"""Training with rounded products: when it begins, what it keeps, and that it resumes bit for bit."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import numpy_helper
from tests.training.killing import rows_of

from kinestream.bundle import load
from kinestream.errors import ConfigError
from kinestream.export import export_run
from kinestream.models.quantising.grid import Grid, products
from kinestream.training import loop
from kinestream.training.building import network_of
from kinestream.training.checkpoints import load_latest
from kinestream.training.config import TrainConfig
from kinestream.training.rounding import on_grids
from kinestream.training.run_folder import RunFolder

ROUNDED = {"quantise": "int8", "quantise_from": 2, "epochs": 3}


class Stop(Exception):
    """The power goes out."""


class StopAt:
    """Interrupts after a step of an epoch, or after the epoch when ``step`` is 0."""

    def __init__(self, epoch: int, step: int) -> None:
        self.at = epoch, step

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        if (epoch, done) == self.at:
            raise Stop

    def epoch(self, row: dict[str, Any]) -> None:
        if (row["epoch"], 0) == self.at:
            raise Stop

    def transfer(self, transfer: object) -> None:
        pass


def config_of(settings: dict[str, Any], **training: Any) -> TrainConfig:
    values = copy.deepcopy(settings)
    values["training"] |= ROUNDED | {"save_every": 1} | training
    return TrainConfig.model_validate(values)


@pytest.fixture(scope="module")
def whole(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    run = RunFolder(tmp_path_factory.mktemp("rounded") / "run")
    loop.train(config_of(settings), run)
    return run


def test_rounding_begins_with_its_epoch(
    whole: RunFolder, settings: dict[str, Any], tmp_path: Path
) -> None:
    exact = RunFolder(tmp_path / "exact")
    loop.train(config_of(settings, quantise=""), exact)
    first, second, *_ = zip(whole.metrics(), exact.metrics(), strict=True)
    assert first[0]["train/loss"] == first[1]["train/loss"]
    assert second[0]["train/loss"] != second[1]["train/loss"]
    assert second[0]["train/loss"] == pytest.approx(second[1]["train/loss"], rel=0.05)
    assert load_latest(exact.checkpoints).standing.ranges == {}
    assert set(load_latest(exact.checkpoints).tensors) == set(
        load_latest(whole.checkpoints).tensors
    )


@pytest.mark.parametrize("at", [(1, 0), (2, 0), (2, 2), (3, 1)])
def test_a_resumed_run_is_the_run_that_never_stopped(
    whole: RunFolder, settings: dict[str, Any], tmp_path: Path, at: tuple[int, int]
) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(Stop):
        loop.train(config_of(settings), run, progress=StopAt(*at))
    loop.train(config_of(settings), run, resume=True)
    ours, theirs = load_latest(run.checkpoints), load_latest(whole.checkpoints)
    assert ours.standing.ranges == theirs.standing.ranges
    assert all(torch.equal(value, theirs.tensors[name]) for name, value in ours.tensors.items())
    assert rows_of(run.path) == rows_of(whole.path)


def test_the_graph_has_the_ranges_that_were_trained_with(whole: RunFolder, tmp_path: Path) -> None:
    ranges = load_latest(whole.checkpoints).standing.ranges
    path = export_run(whole, tmp_path / "bundle", precisions=["int8"], loss=30).path
    graph = onnx.load(path / "step.int8.onnx").graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    found = [values[n.input[1]].item() for n in graph.node if n.op_type == "QuantizeLinear"]
    assert sorted(found) == pytest.approx(sorted((b - a) / 255 for a, b in ranges.values()))
    assert load(path, precision="int8").manifest.rounded["int8"].frames == 145


def test_grids_are_lifted_again(whole: RunFolder) -> None:
    checkpoint = load_latest(whole.checkpoints)
    network = network_of(whole.config(), whole.setup())
    with pytest.raises(Stop), on_grids(network, checkpoint.standing.ranges):
        assert not any(type(product.grid) is Grid for _, product in products(network))
        raise Stop
    assert all(type(product.grid) is Grid for _, product in products(network))
    assert all(math.isfinite(end) for ends in checkpoint.standing.ranges.values() for end in ends)


def test_what_cannot_be_rounded_is_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="quantise_from must be one of the 3 epochs, got 4"):
        config_of(settings, quantise_from=4)
    narrow = copy.deepcopy(settings)
    narrow["training"] |= ROUNDED
    narrow["network"] = {"name": "mstcn", "arguments": {"layers": 2, "channels": 4}}
    with pytest.raises(ConfigError, match="no product that is worth eight bits"):
        loop.train(TrainConfig.model_validate(narrow), RunFolder(tmp_path / "run"))
