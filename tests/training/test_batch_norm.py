"""Batch norms take their statistics over the whole effective batch, or none at all.

Networks that do not look along time label two recordings one after the other as they label them in
one batch. So one long recording, normalised by torch itself, is the reference for unequal ones.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.contracts.zoo import CHANNELS, CLASSES, partition
from tests.training.recordings import gradient, relative_error, trials_of
from torch import Tensor

from kinestream.models import Network, build_network
from kinestream.models.norm import batch_norms
from kinestream.training.losses.cross_entropy import CrossEntropy
from kinestream.training.losses.loss import Loss
from kinestream.training.pieces import Trial
from kinestream.training.step import accumulate_gradients

F64 = torch.float64
LOSS = Loss([(1.0, CrossEntropy())])
NETWORKS: list[tuple[str, dict[str, Any]]] = [
    ("stgcn", {"channels": (4, 6), "kernel": 1}),
    ("stgcn", {"channels": (4, 6), "kernel": 1, "strides": (2, 2)}),
    ("rtstgcn", {"channels": (4, 4), "kernel": 1}),
]


def network_of(index: int) -> Network:
    torch.manual_seed(index)
    name, arguments = NETWORKS[index]
    network = build_network(name, partition(), CHANNELS, CLASSES, norm="batch", **arguments)
    return network.to(F64).train()


def with_people(batch: list[Trial]) -> list[Trial]:
    """Two people in every recording, each of whom the network labels alone."""
    return [Trial(torch.cat([t.x, 2 * t.x.flip(1)], dim=3), t.labels) for t in batch]


def in_a_row(batch: list[Trial]) -> list[Trial]:
    x = torch.cat([trial.x for trial in batch], dim=1)
    return [Trial(x, torch.cat([trial.labels for trial in batch]))]


def learned(network: Network, batch: list[Trial], segment: int = 0) -> tuple[Tensor, Tensor]:
    """Gradient and running statistics."""
    accumulate_gradients(network, LOSS, batch, segment)
    statistics = [buffer.flatten() for name, buffer in network.named_buffers() if "running" in name]
    return gradient(network), torch.cat(statistics)


@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("index", range(len(NETWORKS)))
def test_unequal_recordings_are_normalised_together(index: int, people: int) -> None:
    batch = trials_of([8, 24, 12], 3, F64)
    batch = with_people(batch) if people == 2 else batch
    found, truth = learned(network_of(index), batch), learned(network_of(index), in_a_row(batch))
    for one, other in zip(found, truth, strict=True):
        assert relative_error(one, other) < 1e-12


@pytest.mark.parametrize("index", range(len(NETWORKS)))
def test_a_step_that_normalises_each_recording_alone_is_caught(index: int) -> None:
    batch = trials_of([8, 24, 12], 3, F64)
    network, counts = network_of(index), LOSS.counts([t.labels for t in batch], CLASSES)
    for trial in batch:  # the broken twin: a sum of steps, with the right denominator
        share = LOSS.counts([trial.labels], CLASSES)[0] / counts[0]
        alone = network_of(index)
        accumulate_gradients(alone, Loss([(share, CrossEntropy())]), [trial], 0)
        for ours, theirs in zip(network.parameters(), alone.parameters(), strict=True):
            assert theirs.grad is not None
            ours.grad = theirs.grad if ours.grad is None else ours.grad + theirs.grad
    truth, _ = learned(network_of(index), in_a_row(batch))
    assert relative_error(gradient(network), truth) > 1e-2


def test_frozen_statistics_stay_and_suit_chunks() -> None:
    torch.manual_seed(0)
    arguments = {"channels": (4, 6), "kernel": 3, "dilations": (1, 4), "norm": "batch"}
    network = build_network("stgcn", partition(), CHANNELS, CLASSES, **arguments).to(F64).train()
    for norm in batch_norms(network):
        norm.frozen = True
        assert norm.norm.running_mean is not None
        norm.norm.running_mean.normal_()
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    batch = trials_of([40, 23], 1, F64)
    whole, _ = learned(network, batch)
    network.zero_grad()
    chunks, _ = learned(network, batch, segment=7)
    assert relative_error(chunks, whole) < 1e-12
    for name, buffer in network.named_buffers():
        assert torch.equal(buffer, before[name])
