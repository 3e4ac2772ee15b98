"""AAGCN as PYSKL keeps it.

Legend: P partitions, C channels in, D channels out, k taps.
"""

from __future__ import annotations

from kinestream.importing.found import Found
from kinestream.importing.parts import graph_convs, projection, temporal_conv
from kinestream.importing.transfer import Transfer


def read(transfer: Transfer) -> Found:
    """Find our ``aagcn``, with attention or without.

    Args:
        transfer: Moves the weights.

    Raises:
        CheckpointError: Something is missing or does not fit.
    """
    foreign, weights = transfer.foreign, transfer.weights
    foreign.leave("A")  # every block has an adjacency of its own
    blocks = foreign.blocks("gcn.")
    attention = "gcn.0.gcn.conv_sa.weight" in foreign
    kernels, projected = [], []
    for i, theirs in enumerate(blocks):
        ours = f"blocks.{i}"
        _graph(transfer, f"{ours}.spatial", f"{theirs}.gcn")
        if attention:
            _attention(transfer, f"{ours}.spatial.attention", f"{theirs}.gcn")
        tcn = f"{theirs}.tcn"
        kernels.append(temporal_conv(transfer, f"{ours}.temporal", f"{tcn}.conv", f"{tcn}.bn"))
        names = ("conv", "bn")
        projected.append(projection(transfer, f"{ours}.residual", f"{theirs}.residual", names))
    graphs = [weights[f"blocks.{i}.spatial.graph.graph.weight"] for i in range(len(blocks))]
    return Found(
        name="aagcn",
        partition=weights["blocks.0.spatial.graph.graph.mask"],
        in_channels=graphs[0].shape[1],
        channels=[graph.shape[2] for graph in graphs],  # (P, C, D) each
        projected=projected,
        arguments={"kernel": kernels, "attention": attention},
        averaged=f"The similarity of joints {'and two attentions are' if attention else 'is'}",
    )


def _graph(transfer: Transfer, ours: str, theirs: str) -> None:
    """Move the spatial half of a block but for its attention."""
    parts = transfer.foreign.shape(f"{theirs}.A", 3)[0]
    transfer.copy(f"{ours}.graph.graph.mask", f"{theirs}.A", 3)
    transfer.copy(f"{ours}.graph.alpha", f"{theirs}.alpha", 1)
    transfer.linears(f"{ours}.graph.theta", [f"{theirs}.conv_a.{p}" for p in range(parts)])
    transfer.linears(f"{ours}.graph.phi", [f"{theirs}.conv_b.{p}" for p in range(parts)])
    graph_convs(transfer, f"{ours}.graph.graph", [f"{theirs}.conv_d.{p}" for p in range(parts)])
    transfer.norm(f"{ours}.norm", f"{theirs}.bn")
    projection(transfer, f"{ours}.shortcut", f"{theirs}.down")


def _attention(transfer: Transfer, ours: str, theirs: str) -> None:
    """Move the attention of joints, frames and channels, in this order."""
    transfer.copy(f"{ours}.0.weigh.conv.weight", f"{theirs}.conv_sa.weight", 3)
    transfer.copy(f"{ours}.0.weigh.conv.bias", f"{theirs}.conv_sa.bias", 1)
    weight = transfer.foreign.take(f"{theirs}.conv_ta.weight", 3)  # (1, D, k)
    transfer.put(f"{ours}.1.conv.weight", weight.permute(2, 1, 0), f"{theirs}.conv_ta.weight")
    transfer.copy(f"{ours}.1.conv.bias", f"{theirs}.conv_ta.bias", 1)
    transfer.linear(f"{ours}.2.weigh.squeeze", f"{theirs}.fc1c", dims=2)
    transfer.linear(f"{ours}.2.weigh.spread", f"{theirs}.fc2c", dims=2)
