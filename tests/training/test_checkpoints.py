"""Checkpoints: whole or not there, two kept, the newest whole one is read; and the run's files."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from kinestream.errors import CheckpointError, ConfigError, InputError, MissingFileError
from kinestream.files import sha256
from kinestream.training.checkpoints import load_latest, restore, save_checkpoint
from kinestream.training.config import OptimizerConfig, TrainConfig
from kinestream.training.optimizer import make_optimizer, update_average
from kinestream.training.run_folder import RunFolder
from kinestream.training.schedule import learning_rate


class Tiny(nn.Module):
    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.linear = nn.Linear(3, 2)
        self.norm = nn.BatchNorm1d(2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(self.linear(x))
        return y


def trained(steps: int, seed: int = 0) -> tuple[Tiny, torch.optim.Optimizer]:
    network = Tiny(seed)
    optimizer = make_optimizer(network, OptimizerConfig())
    for step in range(steps):
        x = torch.from_numpy(np.random.default_rng(step).normal(size=(4, 3)).astype(np.float32))
        optimizer.zero_grad()
        network(x).square().sum().backward()
        optimizer.step()
    return network, optimizer


def saved(folder: Path, epochs: int) -> list[Path]:
    paths = []
    for epoch in range(1, epochs + 1):
        network, optimizer = trained(epoch)
        paths.append(save_checkpoint(folder, epoch, network, optimizer, None))
    return paths


def test_what_is_saved_is_restored(tmp_path: Path) -> None:
    network, optimizer = trained(3)
    average = {name: value + 1 for name, value in network.state_dict().items()}
    save_checkpoint(tmp_path, 3, network, optimizer, average)
    other, fresh = trained(0, seed=9)
    checkpoint = load_latest(tmp_path)
    back = restore(checkpoint, other, fresh)
    assert checkpoint.epoch == 3
    for name, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)
        assert torch.equal(back[name], average[name])
        assert torch.equal(checkpoint.weights[name], average[name])
    states = optimizer.state_dict(), fresh.state_dict()
    assert states[0]["state"].keys() == states[1]["state"].keys()
    for index, values in states[0]["state"].items():
        for name, value in values.items():
            assert torch.equal(states[1]["state"][index][name], value)


def test_without_an_average_the_weights_are_the_networks(tmp_path: Path) -> None:
    network, optimizer = trained(2)
    save_checkpoint(tmp_path, 1, network, optimizer, None)
    weights = load_latest(tmp_path).weights
    assert torch.equal(weights["linear.weight"], network.linear.weight)
    assert restore(load_latest(tmp_path), *trained(0)) == {}


def test_two_are_kept_and_nothing_else_lies_about(tmp_path: Path) -> None:
    saved(tmp_path, 4)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "epoch-00003.json",
        "epoch-00003.safetensors",
        "epoch-00004.json",
        "epoch-00004.safetensors",
    ]
    digest = json.loads((tmp_path / "epoch-00004.json").read_text())
    data = (tmp_path / "epoch-00004.safetensors").read_bytes()
    assert digest == {"sha256": sha256(data), "bytes": len(data)}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def no_digest(path: Path) -> None:
    path.with_suffix(".json").unlink()


def bad_digest(path: Path) -> None:
    path.with_suffix(".json").write_bytes(b"\xff{")


@pytest.mark.parametrize("damage", [cut, flip, no_digest, bad_digest])
def test_a_damaged_newest_one_falls_back_to_the_one_before_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    before, newest = saved(tmp_path, 2)
    damage(newest)
    with caplog.at_level(logging.WARNING):
        assert load_latest(tmp_path).epoch == 1
    assert "epoch-00002.safetensors is damaged" in caplog.text
    damage(before)
    with pytest.raises(CheckpointError, match="all checkpoints in .* are damaged; train again"):
        load_latest(tmp_path)


def test_a_reader_that_checks_nothing_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin takes the newest file for what its name says."""
    paths = saved(tmp_path, 2)
    before = {name: tensor.clone() for name, tensor in load_latest(tmp_path).tensors.items()}
    content = bytearray(paths[-1].read_bytes())
    content[-1] ^= 1
    paths[-1].write_bytes(bytes(content))
    assert load_latest(tmp_path).epoch == 1
    monkeypatch.setattr("kinestream.training.checkpoints._damage", lambda _: None)
    found = load_latest(tmp_path)
    assert found.epoch == 2 and not found.damaged
    assert any(not torch.equal(found.tensors[name], before[name]) for name in before)


def test_a_whole_one_is_read_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    saved(tmp_path, 2)
    assert load_latest(tmp_path).epoch == 2
    assert not caplog.records


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint in .*: the run has not done an epoch"):
        load_latest(tmp_path)
    path = tmp_path / "epoch-00001.safetensors"
    path.write_bytes(b"\x80\x04N.")
    path.with_suffix(".json").write_text(json.dumps({"sha256": sha256(path.read_bytes())}))
    with pytest.raises(CheckpointError, match="epoch-00001.safetensors is not a checkpoint"):
        load_latest(tmp_path)


def test_a_failed_write_leaves_the_old_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path, 2)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        save_checkpoint(tmp_path, 3, *trained(3), None)
    monkeypatch.undo()
    assert load_latest(tmp_path).epoch == 2
    assert len(list(tmp_path.iterdir())) == 4


def test_weight_decay_works_on_matrices_only() -> None:
    network = Tiny()
    optimizer = make_optimizer(network, OptimizerConfig(weight_decay=0.3))
    decay = {
        id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]
    }
    assert {name: decay[id(p)] for name, p in network.named_parameters()} == {
        "linear.weight": 0.3,
        "linear.bias": 0.0,
        "norm.weight": 0.0,
        "norm.bias": 0.0,
    }


def test_the_rate_warms_up_then_falls_as_a_cosine() -> None:
    config = OptimizerConfig(learning_rate=2.0, warmup_epochs=2)
    rates = [learning_rate(config, progress, 10) for progress in (0.5, 1, 2, 4, 6, 8, 10, 11)]
    half = 2**0.5 / 2
    expected = [0.5, 1, 2, 1 + half, 1, 1 - half, 0, 0]
    np.testing.assert_allclose(rates, expected, atol=1e-12)
    assert learning_rate(OptimizerConfig(warmup_epochs=0), 0, 1) == 1e-3


def test_the_average_moves_towards_the_network() -> None:
    network = Tiny()
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    average = {name: torch.zeros_like(value) for name, value in weights.items()}
    network.norm.num_batches_tracked += 7  # type: ignore[operator, assignment]
    update_average(average, network, 0.75)
    update_average(average, network, 0.75)
    expected = (1 - 0.75**2) * weights["linear.weight"]
    torch.testing.assert_close(average["linear.weight"], expected)
    assert average["norm.num_batches_tracked"] == 7
    assert torch.equal(network.linear.weight, weights["linear.weight"])


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("config.yaml", None, CheckpointError, "has no config.yaml; is it a run folder"),
        ("config.yaml", b"name: 3\n", ConfigError, "config.yaml: key"),
        ("setup.json", None, CheckpointError, "has no setup.json; is it a run folder"),
        ("setup.json", b"{", CheckpointError, "setup.json: .*JSON"),
        (
            "setup.json",
            b'{"classes": []}',
            CheckpointError,
            "setup.json: key 'skeleton' is missing",
        ),
        ("metrics.jsonl", b"hello\n", CheckpointError, "metrics.jsonl is damaged"),
    ],
)
def test_a_damaged_run_folder_is_named(
    run_path: Path,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    error: type[InputError],
    says: str,
) -> None:
    run = RunFolder(Path(shutil.copytree(run_path, tmp_path / "run")))
    (run.path / name).unlink()
    if content is not None:
        (run.path / name).write_bytes(content)
    with pytest.raises(error, match=says):
        run.config(), run.setup(), run.metrics()


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no run folder"):
        RunFolder(tmp_path / "none").setup()
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingFileError, match="there is no run folder"):
        RunFolder(tmp_path / "file").config()
    assert RunFolder(tmp_path).metrics() == []


def test_metrics_are_kept_until_an_epoch(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for epoch in (1, 2, 3):
        run.add_metrics({"epoch": epoch, "loss": epoch / 3})
    run.keep_metrics_until(2)
    run.add_metrics({"epoch": 3, "loss": 0.0})
    assert [(row["epoch"], row["loss"]) for row in run.metrics()] == [
        (1, 1 / 3),
        (2, 2 / 3),
        (3, 0),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../up"},
        {"name": ""},
        {"training": {"epochs": 0}},
        {"training": {"batch_size": 0}},
        {"optimizer": {"learning_rate": 0}},
        {"optimizer": {"learning_rate": "fast"}},
        {"optimizer": {"ema": 1}},
        {"augment": {"speed": 1}},
        {"loss": {"cross_entropy": {"class_weights": "some"}}},
        {"graph": {"strategy": "nearest"}},
    ],
)
def test_values_out_of_range_are_refused(change: dict[str, Any]) -> None:
    base = {"name": "x", "data": {"path": "."}, "network": {"name": "stgcn"}}
    TrainConfig.model_validate(base)
    with pytest.raises(ValueError, match=next(iter(change))):
        TrainConfig.model_validate({**base, **change})
