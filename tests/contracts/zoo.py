"""Every network in the settings that could break a promise, small enough to be run by the hundred.

A network that is added to ``kinestream.models.NETWORKS`` without a line here fails a test.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kinestream.models import Network, build_network
from kinestream.skeletons import adjacency, skeleton

CHANNELS, CLASSES = 3, 5


class Case(NamedTuple):
    """A network and its arguments."""

    network: str
    note: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.network}-{self.note}"


RTSTGCN: dict[str, Any] = {"channels": (6, 6, 8), "kernel": 5}
STGCN: dict[str, Any] = {"channels": (6, 8, 8), "kernel": 3, "dilations": (1, 2, 4)}

CASES = [
    Case("rtstgcn", "causal", RTSTGCN),
    Case("rtstgcn", "causal-batch", RTSTGCN | {"norm": "batch"}),
    Case("rtstgcn", "spaced-even", RTSTGCN | {"kernel": (4, 6), "spacing": (2, 3)}),
    Case("rtstgcn", "spaced-odd", RTSTGCN | {"kernel": (9, 3), "spacing": (2, 1)}),
    Case("rtstgcn", "kernel-1-2", RTSTGCN | {"kernel": (1, 2)}),
    Case("rtstgcn", "look-ahead", RTSTGCN | {"lookahead": 3}),
    Case("rtstgcn", "centred-batch", RTSTGCN | {"lookahead": 4, "norm": "batch"}),
    Case("rtstgcn", "unbiased-plain", RTSTGCN | {"unbiased": True, "residual": False}),
    Case("stgcn", "causal", STGCN),
    Case("stgcn", "causal-batch", STGCN | {"norm": "batch"}),
    Case("stgcn", "look-ahead", STGCN | {"lookahead": 2}),
    Case("stgcn", "centred", STGCN | {"lookahead": 7}),
    Case("stgcn", "centred-batch", STGCN | {"lookahead": 7, "norm": "batch"}),
    Case("stgcn", "joints-plain", STGCN | {"pool": "joints", "importance": False}),
    Case("stgcn", "kernel-1", STGCN | {"kernel": 1}),
]


def partition() -> NDArray[np.float64]:
    """Adjacency of a small body."""
    return adjacency(skeleton("sbu15"))


def make(case: Case, seed: int = 0, dtype: torch.dtype = torch.float64) -> Network:
    """The network of a case with random weights and running statistics, in evaluation mode."""
    torch.manual_seed(seed)
    network = build_network(case.network, partition(), CHANNELS, CLASSES, **case.arguments)
    for value in [*network.parameters(), *network.buffers()]:
        if value.dtype.is_floating_point and value.shape != network_partition_shape(network):
            torch.nn.init.normal_(value, std=0.4)
    for name, value in network.named_buffers():
        if name.endswith("running_var"):
            torch.nn.init.uniform_(value, 0.5, 1.5)
    return network.to(dtype).eval()


def network_partition_shape(network: Network) -> torch.Size:
    """Shape of the adjacency buffers, which stay what they are."""
    return torch.Size((3, network.num_joints, network.num_joints))


def clips(
    people: int = 2, frames: int = 41, seed: int = 1, dtype: torch.dtype = torch.float64
) -> torch.Tensor:
    """(N, C, T, V) random joints."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(people, CHANNELS, frames, 15, generator=generator, dtype=dtype)
