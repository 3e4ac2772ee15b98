"""One optimizer step over recordings of unequal length, chunk by chunk.

Legend: C channels, T frames, V joints, M people, K classes, z logits, w a network's weights.

Terms of frames add up over chunks. Terms that compare frames of the whole batch do not, but they
need the network only through its logits, which are few numbers:

    dL/dw = sum over frames t of  dL/dz_t  dz_t/dw

So a first look computes all logits chunk by chunk, without what a gradient needs, and takes dL/dz of
them at once. The chunks are then run again, and each sends its dL/dz back: the same gradient, in the
memory of a chunk. Both times the network draws the same random numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from kinestream.models import Network
from kinestream.training.chunks import Chunk, answers, chunks
from kinestream.training.losses.loss import Loss
from kinestream.training.losses.term import Stretch


@dataclass(frozen=True)
class Trial:
    """A recording ready for the network: x (C, T, V, M) and labels (T,), -1 where unknown."""

    x: Tensor
    labels: Tensor


def accumulate_gradients(
    network: Network, loss: Loss, batch: Sequence[Trial], segment: int
) -> tuple[float, int]:
    """Add the gradient of the batch's loss to the network's, in bounded memory.

    The gradient is that of all recordings run whole, for any ``segment``: chunks see the frames
    their labels depend on, and all sums share one denominator. Stages of refinement are all taught:
    their losses add up.

    Args:
        network: In training mode.
        loss: Its terms of frames give sums.
        batch: Recordings of one optimizer step.
        segment: Frames answered per chunk; 0 for whole recordings.

    Returns:
        The loss, and how many frames were labelled right.
    """
    counts = loss.counts([trial.labels for trial in batch], network.num_classes)
    look = first_look(network, loss, batch, segment) if loss.of_batch else None
    total, right = look.value if look else 0.0, 0
    for number, trial in enumerate(batch):
        for chunk in chunks(trial.x.shape[1], segment, network, context=loss.context):
            stages = _stages(network, trial, chunk)  # (K, T') each
            frames = slice(chunk.start, chunk.stop)
            labels, x = trial.labels[frames], trial.x[:, frames]
            parts = [loss.part(Stretch(z, labels, x, chunk.context), counts) for z in stages]
            part = torch.stack(parts).sum()
            total += float(part.detach())
            if look:
                part = part + look.pull(number, chunk, stages)
            if part.requires_grad:  # not where nothing is labelled
                part.backward()  # type: ignore[no-untyped-call]
            found = stages[-1].detach()[:, chunk.context :].argmax(0)
            right += int((found == labels[chunk.context :]).sum())
    return total, right


class Look(NamedTuple):
    """What the first look found.

    Attributes:
        value: Of the terms of the whole batch, all stages added up.
        slopes: dL/dz, (K, T) of every recording and stage.
    """

    value: float
    slopes: list[list[Tensor]]

    def pull(self, number: int, chunk: Chunk, stages: Sequence[Tensor]) -> Tensor:
        """A scalar whose gradient is the chunk's share of that of the whole batch.

        Args:
            number: Which recording of the batch.
            chunk: Which of its frames.
            stages: Logits (K, T') of every stage in the chunk, with its context.
        """
        own = slice(chunk.start + chunk.context, chunk.stop)
        pairs = zip(stages, self.slopes[number], strict=True)
        parts = [(z[:, chunk.context :] * slope[:, own]).sum() for z, slope in pairs]
        return torch.stack(parts).sum()


def first_look(network: Network, loss: Loss, batch: Sequence[Trial], segment: int) -> Look:
    """Run a batch to find the gradient of its whole-batch terms with respect to the logits.

    The network and the random numbers are left as they were.

    Args:
        network: In training mode.
        loss: Has terms of the whole batch.
        batch: Recordings of one optimizer step.
        segment: Frames answered per chunk; 0 for whole recordings.
    """
    with torch.no_grad(), _as_it_was(network, batch[0].x.device):
        seen = [_all_logits(network, trial, segment, loss.context) for trial in batch]
    leaves = [[z.requires_grad_() for z in stages] for stages in seen]
    labels = [trial.labels for trial in batch]
    with torch.enable_grad():
        values = [loss.whole(stage, labels) for stage in zip(*leaves, strict=True)]
        value = torch.stack(values).sum()
    slopes = iter(torch.autograd.grad(value, [z for stages in leaves for z in stages]))
    return Look(float(value.detach()), [[next(slopes) for _ in stages] for stages in leaves])


def _all_logits(network: Network, trial: Trial, segment: int, context: int) -> list[Tensor]:
    """(K, T) of every stage."""
    parts = [
        [z[:, chunk.context :] for z in _stages(network, trial, chunk)]
        for chunk in chunks(trial.x.shape[1], segment, network, context=context)
    ]
    return [torch.cat(stage, dim=1) for stage in zip(*parts, strict=True)]


def _stages(network: Network, trial: Trial, chunk: Chunk) -> list[Tensor]:
    return [z[0] for z in answers(network, trial.x[None], chunk)]


@contextmanager
def _as_it_was(network: Network, device: torch.device) -> Iterator[None]:
    """Afterwards, random numbers and running statistics are what they were before."""
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers()]
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            for buffer, before in buffers:
                buffer.copy_(before)
