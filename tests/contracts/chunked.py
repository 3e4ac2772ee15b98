"""A recording run chunk by chunk, as training runs it."""

from __future__ import annotations

import torch
from torch import Tensor

from kinestream.models import Network
from kinestream.training.chunks import answers, chunks


def forward_in_chunks(network: Network, x: Tensor, segment: int) -> Tensor:
    """Logits (N, K, T) of (N, C, T, V[, M]), ``segment`` frames at a time."""
    parts = [
        answers(network, x[:, :, chunk.first : chunk.last], chunk)[-1]
        for chunk in chunks(x.shape[2], segment, network)
    ]
    return torch.cat(parts, dim=2)
