"""What a batch is divided into, and what may not be divided."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.contracts.zoo import CHANNELS, CLASSES, partition
from tests.training.recordings import gradient, network_of, relative_error, trials_of
from tests.training.test_losses_steps import loss_named

from kinestream.errors import ConfigError
from kinestream.models import build_network
from kinestream.training import loop
from kinestream.training.building import loss_of
from kinestream.training.computing import Computing
from kinestream.training.config import TrainConfig, TrainingConfig
from kinestream.training.memory import OutOfMemoryError, first_segment, is_out_of_memory
from kinestream.training.pieces import Trial, pieces
from kinestream.training.ranks import Ranks
from kinestream.training.run_folder import RunFolder
from kinestream.training.step import accumulate_gradients

F64 = torch.float64


def test_recordings_of_one_length_are_run_together() -> None:
    batch = trials_of([12, 30, 12, 12], 0, F64)
    network = network_of(0, F64)
    assert [piece.numbers for piece in pieces(network, batch, 0)] == [(0, 2, 3), (1,)]
    assert [piece.numbers for piece in pieces(network, batch, 24)] == [(0, 2), (3,), (1,), (1,)]
    torch.testing.assert_close(
        next(pieces(network, batch, 24)).stacked(batch, torch.device("cpu")),
        torch.stack([batch[0].x, batch[2].x]),
    )


def test_a_chunk_takes_only_the_frames_it_reads() -> None:
    batch, network = trials_of([60], 0, F64), network_of(0, F64)
    for piece in pieces(network, batch, 9):
        chunk = piece.chunk
        x = piece.stacked(batch, torch.device("cpu"))
        assert torch.equal(x[0], batch[0].x[:, chunk.first : chunk.last])


@pytest.mark.parametrize("refresh", [4, 8])
def test_norms_inside_of_means_over_time_see_no_padding(refresh: int) -> None:
    """A longer recording beside it, without labels and of zeros, moves the mean by what it is only."""
    torch.manual_seed(0)
    arguments = {"channels": (6, 6), "groups": 3, "ratio": 0.4, "norm": "batch"}
    averaging = {"window": 2 * refresh, "refresh": refresh}
    network = build_network(
        "dgstgcn", partition(), CHANNELS, CLASSES, averaging=averaging, **arguments
    )
    network = network.to(F64).train()
    seen = []
    norm = network.blocks[0].spatial.topology.norm  # type: ignore[union-attr, index]
    norm.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape[1]))
    batch = trials_of([9, 21], 0, F64)
    accumulate_gradients(network, loss_named("cross_entropy", batch, F64), batch, 0)
    assert seen[0] == 21  # and not 24


def test_a_window_and_batch_statistics_do_not_go_together(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    values = copy.deepcopy(settings)
    values["network"]["arguments"] |= {"window": {"frames": 8}, "lookahead": 0}
    run = RunFolder(tmp_path / "run")
    with pytest.raises(ConfigError, match="once for each window"):
        loop.train(TrainConfig.model_validate(values), run)
    values["training"] |= {"batch_norm": "frozen", "epochs": 1}
    loop.train(TrainConfig.model_validate(values), run)


def test_class_weights_count_clips_where_clips_are_answered(clip_of: Any) -> None:
    from dataclasses import replace

    import numpy as np

    lengths = [(60, 0), (60, 0), (20, 1), (20, 1)]
    clips = [replace(clip_of(n, k), labels=np.full(n, k)) for n, k in lengths]
    values = {
        "name": "x",
        "data": {"path": "x"},
        "network": {"name": "stgcn"},
        "clips": {"frames": 8},
        "loss": {"cross_entropy": {"class_weights": "balanced"}},
    }
    loss = loss_of(TrainConfig.model_validate(values), clips)
    assert loss.counts([torch.tensor([0])], 3)[0] == loss.counts([torch.tensor([1])], 3)[0] == 1


def test_every_process_has_a_scale_before_its_first_share() -> None:
    computing = Computing.of(TrainingConfig(device="cpu", precision="fp16"), Ranks())
    weight = torch.nn.Parameter(torch.zeros(3))
    weight.grad = torch.zeros(3)
    computing.scaler.unscale_(torch.optim.SGD([weight], 0.1))
    computing.scaler.update()
    assert computing.scaler.get_scale() == 2.0**16


def test_memory_that_runs_out_in_terms_of_the_batch_is_no_other_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, batch = network_of(0, F64), trials_of([12, 30], 0, F64)
    loss = loss_named("all", batch, F64)

    def full(*_: Any) -> Any:
        raise torch.OutOfMemoryError("no memory left")

    monkeypatch.setattr(loss, "whole", full)
    with pytest.raises(OutOfMemoryError, match="set a shorter training.segment"):
        accumulate_gradients(network, loss, batch, 0)


def test_batch_statistics_need_a_smaller_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = build_network("stgcn", partition(), CHANNELS, CLASSES, channels=(4,), norm="batch")
    batch = trials_of([12, 30], 0, torch.float32)

    def full(*_: Any) -> Any:
        raise torch.OutOfMemoryError("no memory left")

    monkeypatch.setattr(network, "stages", full)
    loss = loss_named("cross_entropy", batch, torch.float32)
    with pytest.raises(OutOfMemoryError, match="lower training.batch_size"):
        accumulate_gradients(network.train(), loss, batch, 0)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (torch.OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_says_that_memory_is_full(error: Exception, is_memory: bool) -> None:
    assert is_out_of_memory(error) is is_memory


def test_a_segment_from_a_gpu_is_not_tried_on_a_cpu() -> None:
    assert first_segment(90_000, 100, torch.device("cpu")) == 1000
    assert first_segment(90_000, 500, torch.device("cpu")) == 2000
    assert first_segment(700, 100, torch.device("cpu")) == 700
    assert first_segment(90_000, 100, torch.device("cuda")) == 90_000


def test_a_trial_without_a_label_has_a_gradient_of_zero() -> None:
    network = network_of(0, F64)
    batch = [Trial(t.x, torch.full_like(t.labels, -1)) for t in trials_of([9], 0, F64)]
    accumulate_gradients(network, loss_named("cross_entropy", batch, F64), batch, 0)
    assert not gradient(network).any()


def test_stacked_recordings_have_the_gradient_of_each() -> None:
    network, batch = network_of(1, F64), trials_of([14, 14, 9, 14], 2, F64)
    loss = loss_named("all", batch, F64)
    accumulate_gradients(network, loss, batch, 0)
    together = gradient(network)
    network.zero_grad()
    accumulate_gradients(network, loss, batch, 13)  # every recording above it on its own
    assert relative_error(together, gradient(network)) < 1e-12
