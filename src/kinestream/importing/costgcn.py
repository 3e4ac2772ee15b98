"""The weights of CoST-GCN, and of the clip network that it streams.

Legend: P partitions, V joints, C channels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from torch import Tensor

from kinestream.importing.foreign import Foreign
from kinestream.importing.imported import Imported
from kinestream.importing.parts import (
    AveragingOptions,
    graph_convs,
    odd_kernel,
    projection,
    stream_arguments,
    temporal_conv,
)
from kinestream.importing.transfer import Transfer


def convert(
    state: Mapping[str, Tensor],
    *,
    strides: Sequence[int] | None = None,
    averaging: AveragingOptions = None,
) -> Imported:
    """Make our ``costgcn`` of a checkpoint of CoST-GCN, CoST-GCN* or their clip network.

    Args:
        state: Names to tensors; the blocks are ``layers.layer1``, ``layers.layer2``, ...
        strides: One number per block; default 1, as in CoST-GCN*.
        averaging: How a label's mean over time is taken. The original's mean of the last W answers,
            one every s frames, is ``{"window": s * W, "refresh": 1}``.

    Raises:
        CheckpointError: The weights are not those of a CoST-GCN.
        ConfigError: An option does not go with the weights.

    Source: LukasHedegaard/continual-skeletons (Hedegaard et al., 2022).
    """
    foreign = Foreign(state)
    joints = foreign.shape("layers.layer1.gcn.A", 3)[2]
    channels = foreign.shape("layers.layer1.gcn.g_conv.0.weight", 4)[1]
    classes, _ = foreign.shape("fc.weight", 2)
    depth = foreign.numbers(r"layers\.layer(\d{1,4})\.", first=1)
    blocks = [f"layers.layer{i + 1}" for i in range(depth)]
    foreign.shape("data_bn.weight", 1)  # all of these networks have one
    transfer = Transfer(foreign)
    arguments = {
        "channels": [foreign.shape(f"{block}.gcn.g_conv.0.weight", 4)[0] for block in blocks],
        "kernel": [odd_kernel(foreign, f"{block}.tcn.t_conv.weight") for block in blocks],
        "strides": [1] * depth if strides is None else list(strides),
        **stream_arguments(transfer, joints, channels, None, averaging),
    }
    for i, block in enumerate(blocks):
        _put_block(transfer, f"blocks.{i}", block)
    transfer.linear("head.product", "fc", dims=2)
    partition = transfer.weights["blocks.0.spatial.graph.partition"]
    notes = _notes(arguments["averaging"]["window"])
    return transfer.imported("costgcn", partition, channels, classes, arguments, notes)


def _put_block(transfer: Transfer, ours: str, theirs: str) -> None:
    parts = transfer.foreign.numbers(rf"{re.escape(theirs)}\.gcn\.g_conv\.(\d{{1,4}})\.")
    graph = f"{ours}.spatial.graph"
    transfer.copy(f"{graph}.partition", f"{theirs}.gcn.A", 3)
    transfer.copy(f"{graph}.mask", f"{theirs}.gcn.graph_attn", 3)
    graph_convs(transfer, graph, [f"{theirs}.gcn.g_conv.{part}" for part in range(parts)])
    transfer.norm(f"{ours}.spatial.norm", f"{theirs}.gcn.bn")
    projection(transfer, f"{ours}.spatial.shortcut", f"{theirs}.gcn.gcn_residual")
    temporal_conv(transfer, f"{ours}.temporal", f"{theirs}.tcn.t_conv", f"{theirs}.tcn.bn")
    projection(transfer, f"{ours}.residual", f"{theirs}.residual", ("t_conv", "bn"))


def _notes(window: int | None) -> tuple[str, ...]:
    frames = "all frames so far" if window is None else f"the last {window} frames"
    return (
        f"A label is of the mean over {frames}; the original's mean is as long as its training clips "
        "left it.",
        "Outside a recording its convolutions see zeros, as the padded original's do; the unpadded "
        "one, CoST-GCN*, does not answer for the first and last frames.",
    )
