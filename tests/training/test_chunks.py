"""The gradient of chunks is the gradient of whole recordings.

Legend: C channels, T frames, V joints, M people, K classes.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.zoo import CLASSES
from tests.training.recordings import (
    NETWORKS,
    gradient,
    network_of,
    relative_error,
    trials_of,
)
from torch import Tensor

from kinestream.models import Network
from kinestream.training.chunks import answers, chunks
from kinestream.training.losses.class_weights import balanced_weights
from kinestream.training.losses.cross_entropy import CrossEntropy
from kinestream.training.losses.loss import Loss
from kinestream.training.losses.term import Stretch
from kinestream.training.losses.truncated_mse import TruncatedMSE
from kinestream.training.step import Trial, accumulate_gradients


class Settings(NamedTuple):
    """Of the two terms that most networks are taught by."""

    class_weights: Tensor | None = None
    smoothing: float = 0.15
    truncate: float = 4.0

    def loss(self) -> Loss:
        smoothing = [(self.smoothing, TruncatedMSE(self.truncate))] if self.smoothing else []
        return Loss([(1.0, CrossEntropy(self.class_weights)), *smoothing])


def reference_gradient(network: Network, loss: Settings, batch: list[Trial]) -> Tensor:
    """The loss written out for whole recordings: sums over frames, divided once, no chunks."""
    weights = torch.ones(CLASSES) if loss.class_weights is None else loss.class_weights
    network.zero_grad()
    entropy, jumps, weight = [], [], []
    for trial, logits in stages_of(network, batch):
        log_p = logits.log_softmax(0)  # (K, T)
        known = (trial.labels >= 0).nonzero().flatten()
        of_truth = weights[trial.labels[known]]
        weight.append(of_truth)
        entropy.append(-of_truth * log_p[trial.labels[known], known])
        jump = (log_p[:, 1:] - log_p[:, :-1].detach()) ** 2
        jumps.append(torch.where(jump < loss.truncate**2, jump, loss.truncate**2).flatten())
    stages = len(entropy) // len(batch)  # every stage has the same denominators
    total = stages * torch.cat(entropy).sum() / torch.cat(weight).sum()
    if loss.smoothing and any(len(part) for part in jumps):
        total = total + stages * loss.smoothing * torch.cat(jumps).mean()
    total.backward()
    return gradient(network)


def stages_of(network: Network, batch: list[Trial]) -> list[tuple[Trial, Tensor]]:
    """For each recording and stage the logits (K, T), every answer held until the next."""
    pairs = []
    for trial in batch:
        held = torch.arange(trial.x.shape[1]) // network.stride
        pairs += [(trial, stage[0][:, held]) for stage in network.stages(trial.x[None])]
    return pairs


def chunked_gradient(network: Network, loss: Loss, batch: list[Trial], segment: int) -> Tensor:
    network.zero_grad()
    accumulate_gradients(network, loss, batch, segment)
    return gradient(network)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    index=st.integers(0, len(NETWORKS) - 1),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    segment=st.integers(0, 50),
    weighted=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.15, 3.0]),
    seed=st.integers(0, 99),
)
def test_any_segment_gives_the_gradient_of_whole_recordings(
    index: int, lengths: list[int], segment: int, weighted: bool, smoothing: float, seed: int
) -> None:
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        batch = trials_of(lengths, seed, dtype)
        if all((trial.labels < 0).all() for trial in batch):
            return
        weights = None
        if weighted:
            weights = balanced_weights([trial.labels for trial in batch], CLASSES).to(dtype)
        chosen = Settings(weights, smoothing, truncate=1.0)
        network = network_of(index, dtype)
        truth = reference_gradient(network, chosen, batch)
        found = chunked_gradient(network, chosen.loss(), batch, segment)
        assert relative_error(found, truth) < tolerance


def naive_gradient(
    network: Network, loss: Loss, batch: list[Trial], segment: int, *, halo: bool
) -> Tensor:
    """The broken twin: a mean per chunk, averaged over chunks; without ``halo`` also blind cuts."""
    network.zero_grad()
    pieces = [(t, c) for t in batch for c in chunks(t.x.shape[1], segment, network)]
    for trial, chunk in pieces:
        seen = chunk if halo else chunk._replace(first=chunk.start, last=chunk.stop)
        logits = answers(network, trial.x[None], seen)[-1][0]
        frames = slice(chunk.start, chunk.stop)
        piece = Stretch(logits, trial.labels[frames], trial.x[:, frames])
        (loss.part(piece, loss.counts([piece.labels], CLASSES)) / len(pieces)).backward()
    return gradient(network)


@pytest.mark.parametrize("halo", [True, False])
def test_a_mean_per_chunk_is_caught(halo: bool) -> None:
    batch = trials_of([45, 13], 0, torch.float64)
    weights = balanced_weights([trial.labels for trial in batch], CLASSES).double()
    chosen, network = Settings(weights), network_of(0, torch.float64)
    truth = reference_gradient(network, chosen, batch)
    broken = naive_gradient(network, chosen.loss(), batch, 10, halo=halo)
    assert relative_error(broken, truth) > 1e-3


def test_every_frame_is_answered_once() -> None:
    network = network_of(3, torch.float64)
    for frames in (1, 9, 10, 11, 30):
        for segment in (0, 1, 4, 10, 50):
            for context in (0, 1):
                answered = [
                    t
                    for chunk in chunks(frames, segment, network, context=context)
                    for t in range(chunk.start + chunk.context, chunk.stop)
                ]
                assert answered == list(range(frames))
