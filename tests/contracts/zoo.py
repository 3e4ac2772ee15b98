"""Every network in the settings that could break a promise, small enough to be run by the hundred.

A network that is added to ``kinestream.models.NETWORKS`` without a line here fails a test.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kinestream.models import Network, build_network
from kinestream.models.temporal import TemporalShift
from kinestream.skeletons import adjacency, skeleton

CHANNELS, CLASSES = 3, 5


class Case(NamedTuple):
    """A network and its arguments."""

    network: str
    note: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.network}-{self.note}"


# Two blocks: the first changes the width, the second does not.
SMALL = {"channels": (6, 6)}
AVERAGED = SMALL | {"averaging": {"window": 8, "refresh": 4}}
NETWORKS: dict[str, dict[str, Any]] = {
    "stgcn": {"channels": (6, 8, 8), "kernel": 3, "dilations": (1, 2, 4)},
    "costgcn": {"channels": (6, 6, 8), "kernel": 5},
    "rtstgcn": {"channels": (6, 6, 8), "kernel": 5},
    "stgcnpp": SMALL,
    "agcn": AVERAGED | {"kernel": 3},
    "aagcn": AVERAGED | {"kernel": 3},
    "ctrgcn": AVERAGED,
    "dgstgcn": AVERAGED | {"groups": 3, "ratio": 0.4},
    "shiftgcn": SMALL,
    "shiftgcnpp": SMALL,
    "mstcn": {"layers": 3, "channels": 6, "refine": {"stages": 1, "layers": 2}},
    "mstcnpp": {"layers": 3, "channels": 6, "refine": {"stages": 1, "layers": 2}},
    "msgcn": {"width": 6, "layers": 3, "refine": {"stages": 1, "layers": 2, "channels": 5}},
}
DELAYS = {"causal": {"lookahead": 0}, "centred": {"lookahead": "centred"}}
NORMS = {"batch": {"norm": "batch"}, "layer": {"norm": "layer"}}

MATRIX = [
    Case(network, f"{delay}-{norm}", arguments | DELAYS[delay] | NORMS[norm])
    for network, arguments in NETWORKS.items()
    for delay in DELAYS
    for norm in NORMS
]

STRIDED = {"strides": (2, 2), "lookahead": "centred", "channels": (6, 8), "norm": "batch"}
PAIR = {"people": 2, "norm_in": "people", "norm": "batch"}
CLIP = {"head": "clip"}
WINDOWED = SMALL | CLIP | {"averaging": {"over": "clip"}, "lookahead": "centred"}

RTSTGCN, STGCN = NETWORKS["rtstgcn"], NETWORKS["stgcn"]
OTHERS = [
    Case("rtstgcn", "spaced-even", RTSTGCN | {"kernel": (4, 6), "spacing": (2, 3)}),
    Case("rtstgcn", "spaced-odd", RTSTGCN | {"kernel": (9, 3), "spacing": (2, 1)}),
    Case("rtstgcn", "kernel-1-2", RTSTGCN | {"kernel": (1, 2)}),
    Case("rtstgcn", "look-ahead", RTSTGCN | {"lookahead": 3}),
    Case("rtstgcn", "unbiased-plain", RTSTGCN | {"unbiased": True, "residual": "none"}),
    Case("stgcn", "look-ahead", STGCN | {"lookahead": 2}),
    Case("stgcn", "joints-fixed", STGCN | {"pool": "joints", "edges": "fixed"}),
    Case("stgcn", "kernel-1", STGCN | {"kernel": 1, "residual": "project"}),
    Case("stgcn", "strided", STGCN | STRIDED | {"dilations": None}),
    Case("stgcn", "strided-causal", STGCN | STRIDED | {"dilations": None, "lookahead": 0}),
    Case("stgcn", "pair", STGCN | PAIR),
    Case("stgcn", "clip-window", STGCN | CLIP | {"averaging": {"window": 12, "refresh": 3}}),
    Case("stgcn", "clip-from-start", STGCN | CLIP | {"averaging": {"window": None}}),
    Case("stgcn", "refined", STGCN | {"refine": {"stages": 2, "layers": 2, "reads": "log_softmax"}}),
    Case("costgcn", "strided", NETWORKS["costgcn"] | STRIDED),
    Case("stgcnpp", "strided", NETWORKS["stgcnpp"] | STRIDED),
    Case("stgcnpp", "pair", NETWORKS["stgcnpp"] | PAIR),
    Case("aagcn", "strided", NETWORKS["aagcn"] | STRIDED),
    Case("aagcn", "pair", NETWORKS["aagcn"] | PAIR | {"lookahead": 5}),
    Case("ctrgcn", "strided", NETWORKS["ctrgcn"] | STRIDED | {"branch_relu": True}),
    Case("ctrgcn", "every-frame", SMALL | {"averaging": {"window": 6, "refresh": 1}}),
    Case("ctrgcn", "from-start", SMALL | CLIP | {"averaging": {"window": None, "refresh": 4}}),
    Case("dgstgcn", "strided", NETWORKS["dgstgcn"] | STRIDED | {"each_group": True}),
    Case("shiftgcn", "strided", NETWORKS["shiftgcn"] | STRIDED),
    Case("mstcn", "normed-layers", NETWORKS["mstcn"] | {"layer": "norm", "lookahead": 4}),
    Case("mstcn", "pair", NETWORKS["mstcn"] | {"people": 2, "norm_in": True}),
    Case("stgcn", "window-each-frame", STGCN | {"window": {"frames": 9}}),
    Case("ctrgcn", "window-apart", WINDOWED | {"window": {"frames": 12, "stride": 12}}),
    Case("ctrgcn", "window-between", WINDOWED | {"window": {"frames": 12, "stride": 5}}),
    Case("ctrgcn", "window-no-wait", WINDOWED | {"window": {"frames": 8, "stride": 4, "lookahead": 0}}),
    Case("mstcn", "clip", NETWORKS["mstcn"] | CLIP | {"averaging": {"window": 12, "refresh": 3}}),
    Case("mstcnpp", "clip", NETWORKS["mstcnpp"] | CLIP | {"lookahead": 5}),
    Case("msgcn", "logits", NETWORKS["msgcn"] | {"refine": {"reads": "logits", "layers": 2}}),
]  # fmt: skip

CASES = MATRIX + OTHERS

EXPORTED = {
    "rtstgcn-spaced-even",
    "stgcn-strided",
    "stgcn-pair",
    "stgcn-clip-window",
    "stgcn-clip-from-start",
    "stgcn-refined",
    "ctrgcn-strided",
    "ctrgcn-window-between",
}
"""The others whose graphs are checked in the default run; ``make test-long`` checks them all."""


def partition() -> NDArray[np.float64]:
    """Adjacency of a small body."""
    return adjacency(skeleton("sbu15"))


def make(case: Case, seed: int = 0, dtype: torch.dtype = torch.float64) -> Network:
    """The network of a case with random weights and running statistics, in evaluation mode."""
    torch.manual_seed(seed)
    network = build_network(case.network, partition(), CHANNELS, CLASSES, **case.arguments)
    for value in network.parameters():
        torch.nn.init.normal_(value, std=0.4)
    for name, value in network.named_buffers():
        if name.endswith("running_mean"):
            torch.nn.init.normal_(value, std=0.4)
        if name.endswith("running_var"):
            torch.nn.init.uniform_(value, 0.5, 1.5)
    for module in network.modules():
        if isinstance(module, TemporalShift):  # all of the window, to its ends
            ends = torch.linspace(-module.reach, module.reach, len(module.shift))
            module.shift.data.copy_(ends)
    return network.to(dtype).eval()


def clips(network: Network, count: int = 2, frames: int = 41, seed: int = 1) -> torch.Tensor:
    """(N, C, T, V[, M]) random joints that a network takes."""
    generator = torch.Generator().manual_seed(seed)
    channels, joints, *scene = network.frame_shape
    dtype = next(network.parameters()).dtype
    return torch.randn(count, channels, frames, joints, *scene, generator=generator, dtype=dtype)
