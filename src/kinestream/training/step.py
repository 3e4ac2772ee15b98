"""One optimizer step over recordings of unequal length, chunk by chunk.

Legend: C channels, T frames, V joints, M people, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kinestream.models import Network
from kinestream.training.chunks import answers, chunks
from kinestream.training.losses import FrameLoss


@dataclass(frozen=True)
class Trial:
    """A recording ready for the network: x (C, T, V, M) and labels (T,), -1 where unknown."""

    x: Tensor
    labels: Tensor


def accumulate_gradients(
    network: Network, loss: FrameLoss, batch: Sequence[Trial], segment: int
) -> tuple[float, int]:
    """Add the gradient of the batch's loss to the network's, in bounded memory.

    The gradient is that of all recordings run whole, for any ``segment``: chunks see the frames
    their labels depend on, and all sums share one denominator. Stages of refinement are all taught:
    their losses add up.

    Args:
        network: In training mode.
        loss: Gives sums over frames.
        batch: Recordings of one optimizer step.
        segment: Frames answered per chunk; 0 for whole recordings.

    Returns:
        The loss, and how many frames were labelled right.
    """
    over = loss.denominators([trial.labels for trial in batch], network.num_classes)
    # The first label of a chunk is smoothed towards the last of the chunk before.
    context = 1 if loss.smoothing > 0 else 0
    total, right = 0.0, 0
    for trial in batch:
        for chunk in chunks(trial.x.shape[1], segment, network, context=context):
            stages = answers(network, trial.x[None], chunk)  # (1, K, T') each
            labels = trial.labels[chunk.start : chunk.stop]
            parts = [loss(logits[0], labels, over, context=chunk.context) for logits in stages]
            part = torch.stack(parts).sum()
            part.backward()  # type: ignore[no-untyped-call]
            total += float(part.detach())
            found = stages[-1][0].detach()[:, chunk.context :].argmax(0)
            right += int((found == labels[chunk.context :]).sum())
    return total, right
