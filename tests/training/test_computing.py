"""Half precision, compilation, segments found out, whole clips: one loop for all of them."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.training.killing import same_end
from tests.training.recordings import gradient, network_of, relative_error, trials_of
from tests.training.test_losses_steps import loss_named

from kinestream.clips import Clip
from kinestream.datasets import Entry, write_dataset
from kinestream.errors import ConfigError, DataError
from kinestream.models import Network
from kinestream.models.published import PUBLISHED, published_network
from kinestream.training import guard, loop
from kinestream.training.checkpoints import load_latest
from kinestream.training.computing import Computing
from kinestream.training.config import ClipsConfig, TrainConfig, TrainingConfig
from kinestream.training.memory import OutOfMemoryError
from kinestream.training.ranks import Ranks
from kinestream.training.run_folder import RunFolder
from kinestream.training.step import Sums, accumulate_gradients
from kinestream.training.whole_clips import label_of_clip, played


def config_of(settings: dict[str, Any], **training: Any) -> TrainConfig:
    values = copy.deepcopy(settings)
    values["training"] |= training
    return TrainConfig.model_validate(values)


@pytest.mark.parametrize(("precision", "near"), [("bf16", 3e-2), ("fp16", 5e-3)])
def test_half_precision_is_near(precision: str, near: float) -> None:
    network, batch = network_of(0, torch.float32), trials_of([31, 18], 0, torch.float32)
    loss = loss_named("cross_entropy", batch, torch.float32)
    truth = accumulate_gradients(network, loss, batch, 0)
    exact = gradient(network)
    computing = Computing.of(TrainingConfig(device="cpu", precision=precision), Ranks())
    network.zero_grad()
    found = accumulate_gradients(network, loss, batch, 0, computing)
    scale = computing.scaler.get_scale()
    assert found.loss == pytest.approx(truth.loss, rel=near) and found.loss != truth.loss
    assert 0 < relative_error(gradient(network) / scale, exact) < 10 * near


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_run_in_half_precision_resumes_bit_for_bit(
    settings: dict[str, Any], tmp_path: Path, precision: str
) -> None:
    config = config_of(settings, precision=precision, epochs=2)
    loop.train(config, RunFolder(tmp_path / "whole"))
    loop.train(config_of(settings, precision=precision, epochs=1), RunFolder(tmp_path / "run"))
    standing = load_latest(tmp_path / "run" / "checkpoints").standing
    assert bool(standing.scaler) == (precision == "fp16")
    # The schedule knows the epochs of the run, so the rest is done under the same number.
    stopped = RunFolder(tmp_path / "stopped")
    asked = iter([False] * 4 + [True] * 9)
    with pytest.raises(Exception, match="stopped and saved"):
        loop.train(config, stopped, stop=lambda: next(asked))
    loop.train(config, stopped, resume=True)
    assert same_end(stopped.path, tmp_path / "whole")


def test_a_gradient_too_large_for_fp16_is_the_scaler_s_business(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is skipped and the scale halved, but it is not held against the run."""
    taken = [0]

    def overflows(network: Network, *rest: Any) -> Sums:
        sums = accumulate_gradients(network, *rest)
        taken[0] += 1
        if taken[0] <= 3:
            next(network.parameters()).grad.fill_(math.inf)  # type: ignore[union-attr]
        return sums

    monkeypatch.setattr(guard, "accumulate_gradients", overflows)
    run = RunFolder(tmp_path / "run")
    row = loop.train(config_of(settings, precision="fp16", epochs=1, max_bad_steps=1), run)
    assert row["overflows"] == 3 and "skipped_steps" not in row
    assert load_latest(run.checkpoints).standing.scaler["scale"] == 2.0**13


def test_what_the_machine_lacks_is_said(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(ConfigError, match="torch finds no GPU: take 'auto' or 'cpu'"):
        loop.train(config_of(settings, device="cuda"), run)
    with pytest.raises(ConfigError, match="'tf32' is of GPUs"):
        loop.train(config_of(settings, precision="tf32"), run)
    assert not run.path.exists()


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_network_makes_tensors_on_another_device(name: str) -> None:
    """The meta device stands for a GPU: a tensor made on the CPU cannot be mixed with its own."""
    network = published_network(name, channels=3).train().to("meta")
    shape = (2, 3, 16, network.num_joints, network.people)
    lengths = torch.tensor([16, 9], device="meta")
    for y in network.stages(torch.zeros(shape, device="meta"), lengths):
        assert y.device.type == "meta"


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch about itself
def test_a_compiled_network_learns_alike(settings: dict[str, Any], tmp_path: Path) -> None:
    values = copy.deepcopy(settings)
    values["network"]["arguments"]["dropout"] = 0  # compiled, it draws other numbers
    rows = [
        loop.train(config_of(values, compile=on, epochs=1), RunFolder(tmp_path / str(on)))
        for on in (False, True)
    ]
    assert rows[0]["train/loss"] == pytest.approx(rows[1]["train/loss"], rel=1e-4)


def small_memory(monkeypatch: pytest.MonkeyPatch, frames: int) -> None:
    """Whoever runs more frames than this at once finds no memory."""
    real = Network.stages

    def stages(network: Network, x: torch.Tensor, *rest: Any) -> Any:
        if network.training and x.shape[2] > frames:
            raise torch.OutOfMemoryError("no memory left")
        return real(network, x, *rest)

    monkeypatch.setattr(Network, "stages", stages)


def test_a_segment_is_halved_until_it_fits(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = copy.deepcopy(settings)
    values["network"]["arguments"]["norm"] = "layer"
    values["network"]["arguments"]["dropout"] = 0.3
    config = config_of(values, segment="auto", epochs=1, batch_size=8)
    small_memory(monkeypatch, 26)  # the first step holds all recordings, so it finds the size
    run = RunFolder(tmp_path / "run")
    loop.train(config, run)
    found = load_latest(run.checkpoints).standing.segment
    assert found == 16
    # What was tried in vain has left no trace: the same run with that segment from the start.
    loop.train(
        config_of(values, segment=found, epochs=1, batch_size=8), RunFolder(tmp_path / "told")
    )
    assert same_end(run.path, tmp_path / "told")


def test_memory_that_is_too_small_for_anything_ends_the_run(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = copy.deepcopy(settings)
    values["network"]["arguments"]["norm"] = "layer"
    small_memory(monkeypatch, 5)
    for segment in ("auto", 40):
        with pytest.raises(OutOfMemoryError, match="set a shorter training.segment"):
            loop.train(
                config_of(values, segment=segment, epochs=1), RunFolder(tmp_path / f"{segment}")
            )


def test_a_batch_that_does_not_fit_leaves_no_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    network, batch = network_of(0, torch.float64), trials_of([12, 40], 0, torch.float64)
    loss = loss_named("all", batch, torch.float64)
    small_memory(monkeypatch, 20)
    for parameter in network.parameters():
        assert parameter.grad is None
    with pytest.raises(OutOfMemoryError):
        accumulate_gradients(network, loss, batch, 0)


def trimmed(folder: Path, clip_of: Callable[..., Clip]) -> None:
    """Three actions that differ in speed, clips of all lengths, train and test."""
    entries = []
    for k in range(12):
        clip = clip_of(20 + 3 * k, k)
        phase = np.sin(np.arange(20 + 3 * k) * 0.2 * (1 + k % 3), dtype=np.float32)
        data = clip.data + 2 * phase[None, :, None, None]
        labels = np.full(20 + 3 * k, k % 3)
        entries.append(
            Entry("train" if k < 9 else "test", f"c{k}", replace(clip, data=data, labels=labels))
        )
    write_dataset(folder, entries, name="trimmed", units="m", licence="CC0")


CLIP_NETWORK = {
    "name": "stgcnpp",
    "arguments": {
        "channels": [8, 8],
        "strides": [1, 2],
        "norm": "batch",
        "head": "clip",
        "lookahead": "centred",
        "averaging": {"over": "clip"},
    },
}


def test_a_network_of_whole_clips_learns_and_resumes(
    settings: dict[str, Any], clip_of: Callable[..., Clip], tmp_path: Path
) -> None:
    trimmed(tmp_path / "set", clip_of)
    values = settings | {
        "data": {"path": str(tmp_path / "set")},
        "network": CLIP_NETWORK,
        "clips": {"frames": 16, "crop": 0.7},
    }
    config = config_of(values, epochs=4, batch_size=4)
    run = RunFolder(tmp_path / "run")
    loop.train(config, run)
    rows = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["train/loss"] < rows[0]["train/loss"]
    assert 0 <= rows[-1]["test/accuracy"] <= 100 and "test/f1@50" not in rows[-1]
    again = RunFolder(tmp_path / "again")
    asked = iter([False] * 4 + [True] * 9)
    with pytest.raises(Exception, match="stopped and saved"):
        loop.train(config, again, stop=lambda: next(asked))
    loop.train(config, again, resume=True)
    assert same_end(again.path, run.path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"clips": None}, "say how long clips are made"),
        ({"network": {"name": "stgcn", "arguments": {"channels": [4]}}}, "leave out the section"),
    ],
)
def test_whole_clips_and_frames_are_not_mixed_up(
    settings: dict[str, Any],
    clip_of: Callable[..., Clip],
    tmp_path: Path,
    change: dict[str, Any],
    says: str,
) -> None:
    trimmed(tmp_path / "set", clip_of)
    values = settings | {
        "data": {"path": str(tmp_path / "set")},
        "network": CLIP_NETWORK,
        "clips": {"frames": 16},
    }
    with pytest.raises(ConfigError, match=says):
        loop.train(config_of(values | change), RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_clip_of_several_actions_has_no_one_answer(clip_of: Callable[..., Clip]) -> None:
    clip = clip_of(6)
    one = replace(clip, labels=np.array([-1, 2, 2, 2, -1, 2]))
    assert label_of_clip(one) == 2
    assert label_of_clip(replace(clip, labels=np.full(6, -1))) == -1
    with pytest.raises(DataError, match="shows 2 actions .*: take one that labels frames"):
        label_of_clip(replace(clip, labels=np.array([0, 0, 0, 1, 1, 1])))


def test_clips_are_played_in_the_frames_asked_for(clip_of: Callable[..., Clip]) -> None:
    clip = clip_of(11)
    ramp = np.arange(11, dtype=np.float32)[None, :, None, None] + 0 * clip.data
    clip = replace(clip, data=ramp)
    whole = played(clip, ClipsConfig(frames=21), None).data[0, :, 0, 0]
    np.testing.assert_allclose(whole, np.arange(21) / 2, atol=1e-6)
    rng = np.random.default_rng(0)
    for _ in range(50):
        part = played(clip, ClipsConfig(frames=5, crop=0.6), rng).data[0, :, 0, 0]
        steps = np.diff(part)
        assert np.ptp(steps) < 1e-5 and part[0] >= 0 and part[-1] <= 10
        assert 6 - 1e-5 <= part[-1] - part[0] <= 10
