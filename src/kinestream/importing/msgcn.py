"""The weights of MS-GCN: ST-GCN blocks with growing dilation, then refinement stages.

Legend: P partitions, V joints, C channels, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from kinestream.importing.foreign import Foreign
from kinestream.importing.imported import Imported
from kinestream.importing.mstcn import NOTES, put_stage
from kinestream.importing.parts import graph_conv, odd_kernel, temporal_conv
from kinestream.importing.transfer import Transfer


def convert(state: Mapping[str, Tensor], *, dilations: Sequence[int] | None = None) -> Imported:
    """Make our ``msgcn`` of a checkpoint of MS-GCN.

    Args:
        state: Names to tensors, as the published ``epoch-100.model`` files hold them.
        dilations: One number per graph block; default 1, 2, 4, ... With others the network is the
            ``stgcn`` with refinement stages that an ``msgcn`` is.

    Raises:
        CheckpointError: The weights are not those of an MS-GCN.
        ConfigError: There is not one dilation for each block.

    Source: BenjaminFiltjens/MS-GCN (Filtjens et al., 2022).
    """
    foreign = Foreign(state)
    parts, _, _ = foreign.shape("stream.A", 3)
    width, channels, _, _ = foreign.shape("stream.conv_1x1.weight", 4)
    classes, _, _ = foreign.shape("stream.conv_out.weight", 3)
    layers = foreign.numbers(r"stream\.st_gcn_networks\.(\d{1,4})\.")
    kernel = odd_kernel(foreign, "stream.st_gcn_networks.0.tcn.2.weight")
    refine = _refinement(foreign)
    shape: dict[str, Any] = {"width": width, "layers": layers}
    if dilations is not None:
        shape = {"channels": [width] * layers, "dilations": list(dilations)}
        shape |= {"join": "before", "stem": width}

    transfer = Transfer(foreign)
    partition = foreign.take("stream.A", 3)
    transfer.norm("norm_in", "stream.data_bn")
    transfer.linear("stem", "stream.conv_1x1")
    for i in range(layers):
        ours, theirs = f"blocks.{i}", f"stream.st_gcn_networks.{i}"
        transfer.put(f"{ours}.spatial.graph.partition", partition, "stream.A")
        transfer.copy(f"{ours}.spatial.graph.mask", f"stream.edge_importance.{i}", 3)
        graph_conv(transfer, f"{ours}.spatial.graph", f"{theirs}.gcn.conv", parts, width)
        transfer.norm(f"{ours}.spatial.norm", f"{theirs}.tcn.0")
        temporal_conv(transfer, f"{ours}.temporal", f"{theirs}.tcn.2", f"{theirs}.tcn.3")
    transfer.linear("head.product", "stream.conv_out", dims=3)
    for i in range(refine["stages"]):
        put_stage(transfer, f"refine.{i}", f"stages.{i}", refine["layers"])
    name = "msgcn" if dilations is None else "stgcn"
    arguments = {
        **shape, "kernel": kernel, "refine": refine, "norm": "batch", "lookahead": "centred"
    }  # fmt: skip
    return transfer.imported(name, partition, channels, classes, arguments, NOTES)


def with_positions_first(imported: Imported) -> Imported:
    """The same network for our order of features: positions, then displacements.

    MS-GCN has the displacements first.

    Args:
        imported: From :func:`convert`, with an even number of channels.
    """
    half = imported.in_channels // 2
    weights = dict(imported.weights)
    for key in ("weight", "bias", "running_mean", "running_var"):
        name = f"norm_in.norm.{key}"
        by_joint = weights[name].reshape(-1, imported.in_channels)  # (V, C)
        weights[name] = by_joint.roll(half, dims=1).flatten()
    weights["stem.weight"] = weights["stem.weight"].roll(half, dims=1)
    return replace(imported, weights=weights)


def _refinement(foreign: Foreign) -> dict[str, Any]:
    stages = foreign.numbers(r"stages\.(\d{1,4})\.")
    if not stages:
        return {"stages": 0}
    return {
        "stages": stages,
        "layers": foreign.numbers(r"stages\.0\.layers\.(\d{1,4})\."),
        "channels": foreign.shape("stages.0.conv_1x1.weight", 3)[0],
        "layer": "norm",
        "dropout": 0.0,
    }
