"""Small networks of every kind that chunks must suit, and random recordings for them.

Legend: C channels, T frames, V joints, M people, K classes.
"""

from __future__ import annotations

from typing import Any

import torch
from tests.contracts.zoo import CHANNELS, CLASSES, partition
from torch import Tensor

from kinestream.models import Network, build_network
from kinestream.training.step import Trial

NETWORKS: list[tuple[str, dict[str, Any]]] = [
    ("rtstgcn", {"channels": (4, 4, 6), "kernel": 4, "spacing": (1, 2)}),
    ("rtstgcn", {"channels": (4, 4, 6), "kernel": 5, "lookahead": 3}),
    ("stgcn", {"channels": (4, 6), "kernel": 3, "dilations": (1, 4)}),
    ("stgcn", {"channels": (4, 6), "kernel": 3, "dilations": (1, 4), "lookahead": 5}),
    ("stgcn", {"channels": (4, 6), "kernel": 3, "strides": (2, 2), "lookahead": "centred"}),
    ("ctrgcn", {"channels": (4, 4), "averaging": {"window": 8, "refresh": 4}}),
    ("stgcnpp", {"channels": (6,), "window": {"frames": 9, "stride": 4}}),
    ("mstcn", {"layers": 2, "channels": 4, "refine": {"stages": 2}, "lookahead": 3}),
]


def network_of(index: int, dtype: torch.dtype) -> Network:
    """One of the networks, with random weights, in training mode."""
    torch.manual_seed(index)
    name, arguments = NETWORKS[index]
    return build_network(name, partition(), CHANNELS, CLASSES, **arguments).to(dtype).train()


def trials_of(lengths: list[int], seed: int, dtype: torch.dtype) -> list[Trial]:
    """Recordings of these lengths, one frame in six unlabelled."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Trial(
            torch.randn(CHANNELS, frames, 15, 1, generator=generator, dtype=dtype),
            torch.randint(-1, CLASSES, (frames,), generator=generator),
        )
        for frames in lengths
    ]


def gradient(network: Network) -> Tensor:
    """All of a network's gradient in one row."""
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def relative_error(found: Tensor, truth: Tensor) -> float:
    """How far one row is from another."""
    return float((found - truth).norm() / truth.norm())
