"""Weights of ST-GCN as its authors keep them.

Legend: P partitions, V joints, C channels in, D channels out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from kinestream.importing.foreign import Foreign
from kinestream.importing.found import Found
from kinestream.importing.imported import Imported
from kinestream.importing.parts import AveragingOptions, graph_conv, projection, temporal_conv
from kinestream.importing.transfer import Transfer


def convert(
    state: Mapping[str, Tensor],
    *,
    strides: Sequence[int] | None = None,
    people: int | None = None,
    averaging: AveragingOptions = None,
) -> Imported:
    """Make our ``stgcn`` of a checkpoint of the authors' code.

    Args:
        state: The checkpoint, or its state dict.
        strides: One number per block; default 2 where a residual is a product.
        people: M of a scene; default each person alone.
        averaging: How the mean over time is taken; default over the past.

    Raises:
        CheckpointError: The weights are not those of an ST-GCN, or are damaged.
        ConfigError: An option does not go with the weights.

    Source: the checkpoints of yysijie/st-gcn (Yan et al., AAAI 2018).
    """
    transfer = Transfer(Foreign(state))
    transfer.linear("head.product", "fcn")
    found = _blocks(transfer)
    return found.imported(transfer, strides=strides, people=people, averaging=averaging)


def _blocks(transfer: Transfer) -> Found:
    foreign, weights = transfer.foreign, transfer.weights
    blocks = foreign.blocks("st_gcn_networks.")
    weighted = "edge_importance.0" in foreign
    partition = foreign.take("A", 3)
    kernels, projected = [], []
    for i, theirs in enumerate(blocks):
        ours = f"blocks.{i}"
        _graph(transfer, f"{ours}.spatial", theirs, partition)
        if weighted:
            transfer.copy(f"{ours}.spatial.graph.mask", f"edge_importance.{i}", 3)
        tcn = f"{theirs}.tcn"
        kernels.append(temporal_conv(transfer, f"{ours}.temporal", f"{tcn}.2", f"{tcn}.3"))
        projected.append(projection(transfer, f"{ours}.residual", f"{theirs}.residual"))
    graphs = [weights[f"blocks.{i}.spatial.graph.weight"] for i in range(len(blocks))]
    return Found(
        name="stgcn",
        partition=partition,
        in_channels=graphs[0].shape[1],
        channels=[graph.shape[2] for graph in graphs],  # (P, C, D) each
        projected=projected,
        arguments={
            "kernel": kernels,
            "edges": "importance" if weighted else "fixed",
            "first_residual": projected[0],
        },
    )


def _graph(transfer: Transfer, ours: str, theirs: str, partition: Tensor) -> None:
    """Move the spatial half of a block; all blocks share the adjacency."""
    channels = transfer.foreign.shape(f"{theirs}.tcn.0.weight", 1)[0]
    graph_conv(transfer, f"{ours}.graph", f"{theirs}.gcn.conv", len(partition), channels)
    transfer.put(f"{ours}.graph.partition", partition, "A")
    transfer.norm(f"{ours}.norm", f"{theirs}.tcn.0")
