"""ST-GCN and ST-GCN++ as PYSKL keeps them.

Legend: P partitions, C channels in, D channels out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kinestream.errors import ConfigError
from kinestream.importing.found import Found
from kinestream.importing.parts import graph_conv, mixed_branches, projection, temporal_conv
from kinestream.importing.transfer import Transfer
from kinestream.models.graph_conv import Edges

EDGES_OF_TWO: dict[str, Edges] = {"importance": "importance", "offset": "offset"}
"""What a second matrix PA can be; the first is the default."""

EDGES_OF_ONE: dict[str, Edges] = {"init": "learned", "none": "fixed"}
"""What A can be where there is no other."""


def read(
    transfer: Transfer, *, dilations: Sequence[int] | None = None, adaptive: str | None = None
) -> Found:
    """Find our ``stgcn`` or, where the temporal half has branches, ``stgcnpp``.

    Args:
        transfer: Moves the weights.
        dilations: Of the branches that convolve; default 1, 2, 3, 4.
        adaptive: What ``PA`` is, ``importance`` (default) or ``offset``; without it, whether A was
            learned, ``init`` (default), or not, ``none``.

    Raises:
        CheckpointError: Something is missing or does not fit.
        ConfigError: An option does not go with the weights.
    """
    foreign, weights = transfer.foreign, transfer.weights
    edges = _edges(adaptive, "gcn.0.gcn.PA" in foreign)
    blocks = foreign.blocks("gcn.")
    shortcut = any(f"{block}.gcn.down.0.weight" in foreign for block in blocks)
    biases, temporal, projected = [], [], []
    for i, theirs in enumerate(blocks):
        ours = f"blocks.{i}"
        biases.append(_graph(transfer, f"{ours}.spatial", f"{theirs}.gcn", edges))
        temporal.append(_temporal(transfer, f"{ours}.temporal", f"{theirs}.tcn", dilations))
        names = ("conv", "bn")
        projected.append(projection(transfer, f"{ours}.residual", f"{theirs}.residual", names))
    graphs = [weights[f"blocks.{i}.spatial.graph.weight"] for i in range(len(blocks))]
    branched = isinstance(temporal[0], list)
    return Found(
        name="stgcnpp" if branched else "stgcn",
        partition=weights[f"blocks.0.spatial.graph.{_place_of_a(edges)}"],
        in_channels=graphs[0].shape[1],
        channels=[graph.shape[2] for graph in graphs],  # (P, C, D) each
        projected=projected,
        arguments={
            "edges": edges,
            "graph_bias": biases[0],
            "graph_shortcut": shortcut,
            **({"branches": temporal[0]} if branched else {"kernel": temporal}),
        },
    )


def _edges(adaptive: str | None, second: bool) -> Edges:
    kinds = EDGES_OF_TWO if second else EDGES_OF_ONE
    if adaptive is None:
        return next(iter(kinds.values()))
    if adaptive not in kinds:
        raise ConfigError(
            f"adaptive must be {' or '.join(map(repr, kinds))} for weights "
            f"{'with' if second else 'without'} a matrix PA, got {adaptive!r}."
        )
    return kinds[adaptive]


def _place_of_a(edges: Edges) -> str:
    return "mask" if edges == "learned" else "partition"


def _graph(transfer: Transfer, ours: str, theirs: str, edges: Edges) -> str:
    """Move the spatial half of a block; gives the kind of bias."""
    parts = transfer.foreign.shape(f"{theirs}.A", 3)[0]
    channels = transfer.foreign.shape(f"{theirs}.bn.weight", 1)[0]
    bias = graph_conv(transfer, f"{ours}.graph", f"{theirs}.conv", parts, channels)
    transfer.copy(f"{ours}.graph.{_place_of_a(edges)}", f"{theirs}.A", 3)
    if edges in EDGES_OF_TWO.values():
        transfer.copy(f"{ours}.graph.mask", f"{theirs}.PA", 3)
    transfer.norm(f"{ours}.norm", f"{theirs}.bn")
    projection(transfer, f"{ours}.shortcut", f"{theirs}.down")
    return bias


def _temporal(
    transfer: Transfer, ours: str, theirs: str, dilations: Sequence[int] | None
) -> int | list[Any]:
    """Move the temporal half of a block; gives its taps, or its branches."""
    if f"{theirs}.transform.0.weight" in transfer.foreign:
        return mixed_branches(transfer, ours, theirs, dilations)
    return temporal_conv(transfer, ours, f"{theirs}.conv", f"{theirs}.bn")
