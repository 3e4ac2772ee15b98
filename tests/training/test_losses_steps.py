"""One step of training has the gradient of whole recordings, for every term of the loss.

Legend: C channels, T frames, V joints, M people, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.zoo import CHANNELS, CLASSES, partition
from tests.training.recordings import (
    NETWORKS,
    gradient,
    network_of,
    relative_error,
    trials_of,
)
from torch import Tensor

from kinestream.models import Network, build_network
from kinestream.training import step
from kinestream.training.chunks import Chunk, answers, chunks
from kinestream.training.losses.boundary import Boundary
from kinestream.training.losses.class_weights import balanced_weights
from kinestream.training.losses.compactness import Compactness
from kinestream.training.losses.contrastive import Contrastive
from kinestream.training.losses.cross_entropy import CrossEntropy
from kinestream.training.losses.focal import Focal
from kinestream.training.losses.gaussian_similarity import GaussianSimilarity
from kinestream.training.losses.loss import Loss
from kinestream.training.losses.segmental_f1 import SegmentalF1
from kinestream.training.losses.term import BatchTerm, FrameTerm, Stretch
from kinestream.training.losses.triplet import Triplet
from kinestream.training.losses.truncated_mse import TruncatedMSE
from kinestream.training.step import Trial, accumulate_gradients

F64 = torch.float64

Terms = list[tuple[float, FrameTerm | BatchTerm]]
SINGLE: dict[str, Callable[[Tensor], Terms]] = {
    "cross_entropy": lambda weights: [(1.0, CrossEntropy(weights, 0.2))],
    "focal": lambda weights: [(0.7, Focal(weights))],
    "truncated_mse": lambda _: [(0.15, TruncatedMSE(1.0))],
    "gaussian_similarity": lambda _: [(1.0, GaussianSimilarity(2.0))],
    "boundary": lambda _: [(0.1, Boundary(5.0))],
    "compactness": lambda _: [(0.5, Compactness())],
    "triplet": lambda _: [(1.0, Triplet(1.0, 16))],
    "contrastive": lambda _: [(1.0, Contrastive(0.3, 24))],
    "segmental_f1": lambda _: [(1.0, SegmentalF1([0]))],
}
TERMS = SINGLE | {"all": lambda weights: [pair for of in SINGLE.values() for pair in of(weights)]}


def loss_named(name: str, batch: list[Trial], dtype: torch.dtype) -> Loss:
    weights = balanced_weights([trial.labels for trial in batch], CLASSES).to(dtype)
    return Loss(TERMS[name](weights))


def whole(network: Network, loss: Loss, batch: list[Trial]) -> Tensor:
    """The loss of recordings that are all in memory together, no chunks and no second look."""
    held = [torch.arange(trial.x.shape[1]) // network.stride for trial in batch]
    stages = [
        [stage[0][:, place] for stage in network.stages(trial.x[None])]
        for trial, place in zip(batch, held, strict=True)
    ]
    return of_stages(loss, stages, batch)


def of_stages(loss: Loss, stages: list[list[Tensor]], batch: list[Trial]) -> Tensor:
    """The loss of logits (K, T), recording by recording and stage by stage."""
    labels = [trial.labels for trial in batch]
    counts = loss.counts(labels, CLASSES)
    total = torch.zeros(())
    for stage in zip(*stages, strict=True):
        for logits, trial in zip(stage, batch, strict=True):
            total = total + loss.part(Stretch(logits, trial.labels, trial.x), counts)
        if loss.of_batch:
            total = total + loss.whole(stage, labels)
    return total


def row(network: Network, run: Callable[[], float]) -> tuple[float, Tensor]:
    """Value and gradient of a way to run a batch; weights it does not reach have slope 0."""
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    return run(), gradient(network)


def at_once(network: Network, loss: Loss, batch: list[Trial]) -> float:
    total = whole(network, loss, batch)
    if total.requires_grad:
        total.backward()  # type: ignore[no-untyped-call]
    return float(total.detach())


def compare(
    network: Network, loss: Loss, batch: list[Trial], segment: int, dtype: torch.dtype
) -> None:
    value, truth = row(network, lambda: at_once(network, loss, batch))
    found, slope = row(network, lambda: accumulate_gradients(network, loss, batch, segment)[0])
    near = 1e-12 if dtype is F64 else 1e-5
    assert found == pytest.approx(value, rel=near, abs=1e-9 if dtype is F64 else 1e-5)
    assert (slope - truth).norm() <= near * truth.norm()


@pytest.mark.parametrize("name", TERMS)
@settings(max_examples=40)
@given(
    index=st.integers(0, len(NETWORKS) - 1),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    segment=st.integers(0, 45),
    seed=st.integers(0, 99),
)
def test_any_segment_gives_the_gradient_of_whole_recordings(
    name: str, index: int, lengths: list[int], segment: int, seed: int
) -> None:
    batch = trials_of(lengths, seed, F64)
    compare(network_of(index, F64), loss_named(name, batch, F64), batch, segment, F64)


@pytest.mark.parametrize("name", TERMS)
def test_float32_is_as_near_as_it_can_be(name: str) -> None:
    batch = trials_of([37, 12], 4, torch.float32)
    loss = loss_named(name, batch, torch.float32)
    compare(network_of(7, torch.float32), loss, batch, 10, torch.float32)


@pytest.mark.parametrize("name", SINGLE)
def test_a_mean_per_chunk_is_caught(name: str) -> None:
    """The broken twin: every chunk for itself, averaged."""
    batch = trials_of([45, 13], 0, F64)
    loss, network = loss_named(name, batch, F64), network_of(0, F64)
    _, truth = row(network, lambda: at_once(network, loss, batch))
    pieces = [(trial, c) for trial in batch for c in chunks(trial.x.shape[1], 10, network)]

    def naive() -> float:
        for trial, chunk in pieces:
            stages = [
                [z[0] for z in answers(network, trial.x[None, :, chunk.first : chunk.last], chunk)]
            ]
            frames = slice(chunk.start, chunk.stop)
            piece = Trial(trial.x[:, frames], trial.labels[frames])
            total = of_stages(loss, stages, [piece]) / len(pieces)
            total.backward()  # type: ignore[no-untyped-call]
        return 0.0

    _, broken = row(network, naive)
    assert relative_error(broken, truth) > 1e-3


def read(trial: Trial, chunk: Chunk) -> Tensor:
    """The frames that a chunk reads, as a batch of one."""
    return trial.x[None, :, chunk.first : chunk.last]


def with_chance(**arguments: Any) -> Network:
    torch.manual_seed(5)
    network = build_network(
        "stgcn", partition(), CHANNELS, CLASSES, channels=(4, 6), kernel=3, **arguments
    )
    return network.to(F64).train()


def chunks_at_once(network: Network, loss: Loss, batch: list[Trial], segment: int) -> float:
    """All chunks in memory together, run in the same order: chance draws what it would."""
    stages = []
    for trial in batch:
        parts = [
            [
                z[0][:, chunk.context :]
                for z in answers(network, trial.x[None, :, chunk.first : chunk.last], chunk)
            ]
            for chunk in chunks(trial.x.shape[1], segment, network, context=loss.context)
        ]
        stages.append([torch.cat(stage, dim=1) for stage in zip(*parts, strict=True)])
    total = of_stages(loss, stages, batch)
    total.backward()  # type: ignore[no-untyped-call]
    return float(total.detach())


@pytest.mark.parametrize("segment", [0, 9])
@pytest.mark.parametrize("name", ["compactness", "triplet", "contrastive", "segmental_f1"])
def test_both_looks_draw_the_same_chance(name: str, segment: int) -> None:
    network, batch = with_chance(dropout=0.4), trials_of([20, 31], 1, F64)
    loss = loss_named(name, batch, F64)
    torch.manual_seed(1)
    value, truth = row(network, lambda: chunks_at_once(network, loss, batch, segment))
    after = torch.get_rng_state()
    torch.manual_seed(1)
    found, slope = row(network, lambda: accumulate_gradients(network, loss, batch, segment)[0])
    assert found == pytest.approx(value, rel=1e-12)
    assert relative_error(slope, truth) < 1e-12
    assert torch.equal(torch.get_rng_state(), after)


def test_a_second_look_with_other_chance_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    network, batch = with_chance(dropout=0.4), trials_of([20, 31], 1, F64)
    loss = loss_named("compactness", batch, F64)
    torch.manual_seed(1)
    _, truth = row(network, lambda: chunks_at_once(network, loss, batch, 0))
    monkeypatch.setattr(step, "_as_it_was", lambda *_: nullcontext())
    torch.manual_seed(1)
    _, slope = row(network, lambda: accumulate_gradients(network, loss, batch, 0)[0])
    assert relative_error(slope, truth) > 1e-2


def test_running_statistics_move_once() -> None:
    batch = trials_of([20], 1, F64)
    networks = [with_chance(norm="batch") for _ in range(2)]
    at_once(networks[0], loss_named("all", batch, F64), batch)
    accumulate_gradients(networks[1], loss_named("all", batch, F64), batch, 0)
    once, ours = (dict(network.named_buffers()) for network in networks)
    assert any("running_mean" in name for name in once)
    for name, buffer in once.items():
        torch.testing.assert_close(ours[name], buffer)


def test_terms_of_frames_alone_need_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    network, batch = network_of(0, F64), trials_of([20], 0, F64)
    looks: list[int] = []
    monkeypatch.setattr(step._Work, "look", lambda *_: looks.append(1))
    accumulate_gradients(network, Loss([(1.0, Focal()), (0.1, Boundary())]), batch, 7)
    assert not looks


def test_weights_scale_their_terms() -> None:
    network, batch = network_of(0, F64), trials_of([20, 8], 0, F64)
    values = {
        name: at_once(network, loss_named(name, batch, F64), batch)
        for name in ("cross_entropy", "contrastive")
    }
    pairs = [(3.0, CrossEntropy(balanced(batch), 0.2)), (0.5, Contrastive(0.3, 24))]
    mixed = at_once(network, Loss(pairs), batch)
    assert mixed == pytest.approx(3 * values["cross_entropy"] + 0.5 * values["contrastive"])


def balanced(batch: list[Trial]) -> Tensor:
    return balanced_weights([trial.labels for trial in batch], CLASSES).double()


@pytest.mark.parametrize("name", ["cross_entropy", "focal", "triplet", "segmental_f1"])
def test_a_batch_without_labels_is_no_error(name: str) -> None:
    network, weights = network_of(0, F64), torch.ones(CLASSES, dtype=F64)
    batch = [Trial(trial.x, torch.full_like(trial.labels, -1)) for trial in trials_of([9], 0, F64)]
    loss = Loss(SINGLE[name](weights))
    value, slope = row(network, lambda: accumulate_gradients(network, loss, batch, 4)[0])
    assert value == 0
    assert (slope == 0).all()
