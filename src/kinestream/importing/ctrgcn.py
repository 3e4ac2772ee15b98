"""Weights of CTR-GCN as its authors keep them; PYSKL's differ by a transposition.

Legend: P partitions, V joints, C channels in, D channels out, R width of the relation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from kinestream.importing.foreign import Foreign
from kinestream.importing.found import Found
from kinestream.importing.imported import Imported
from kinestream.importing.parts import (
    AveragingOptions,
    branch_dilations,
    odd_kernel,
    projection,
)
from kinestream.importing.transfer import Transfer, stacked


def convert(
    state: Mapping[str, Tensor],
    *,
    strides: Sequence[int] | None = None,
    people: int | None = None,
    averaging: AveragingOptions = None,
    dilations: Sequence[int] | None = None,
) -> Imported:
    """Make our ``ctrgcn`` of a checkpoint of the authors' code.

    Args:
        state: The checkpoint, or its state dict.
        strides: One number per block; default 2 where a residual is a product.
        people: M of a scene, which ``data_bn`` tells.
        averaging: How means over time are taken; default over the past.
        dilations: Of the branches that convolve; default 1, 2.

    Raises:
        CheckpointError: The weights are not those of a CTR-GCN, or are damaged.
        ConfigError: An option does not go with the weights.

    Source: the checkpoints of Uason-Chen/CTR-GCN (Chen et al., ICCV 2021).
    """
    transfer = Transfer(Foreign(state))
    transfer.linear("head.product", "fc", dims=2)
    blocks = transfer.foreign.blocks("l", first=1)
    found = read_blocks(transfer, blocks, "PA", dilations=dilations, transposed=False)
    return found.imported(transfer, strides=strides, people=people, averaging=averaging)


def read_blocks(
    transfer: Transfer,
    blocks: Sequence[str],
    adjacency: str,
    *,
    dilations: Sequence[int] | None,
    transposed: bool,
) -> Found:
    """Find our ``ctrgcn`` in blocks that are called alike in both projects.

    Args:
        transfer: Moves the weights.
        blocks: Their names.
        adjacency: Name of the learned adjacency.
        dilations: Of the branches that convolve.
        transposed: Whether joints give rather than take: ``y[v] = sum_u Q[u, v] x[u]``.

    Raises:
        CheckpointError: Something is missing or does not fit.
        ConfigError: There are too many dilations, or too few.
    """
    foreign, weights = transfer.foreign, transfer.weights
    in_channels = foreign.shape(f"{blocks[0]}.gcn1.convs.0.conv3.weight", 4)[1]
    branches: list[Any] = []
    projected = []
    for i, theirs in enumerate(blocks):
        ours = f"blocks.{i}"
        _topology(transfer, f"{ours}.spatial.topology", f"{theirs}.gcn1", adjacency, transposed)
        transfer.norm(f"{ours}.spatial.norm", f"{theirs}.gcn1.bn")
        projection(transfer, f"{ours}.spatial.shortcut", f"{theirs}.gcn1.down")
        branches = _branches(transfer, f"{ours}.temporal", f"{theirs}.tcn1", dilations)
        names = ("conv", "bn")
        projected.append(projection(transfer, f"{ours}.residual", f"{theirs}.residual", names))
    relations = [weights[f"blocks.{i}.spatial.topology.xi"] for i in range(len(blocks))]  # P, R, D
    return Found(
        name="ctrgcn",
        partition=weights["blocks.0.spatial.topology.edges"],
        in_channels=in_channels,
        channels=[relation.shape[2] for relation in relations],
        projected=projected,
        arguments={
            "branches": branches,
            "relations": [relation.shape[1] for relation in relations],
            "branch_relu": transposed,
            "first_residual": projected[0],
        },
        averaged="The topology of every channel is",
    )


def _topology(transfer: Transfer, ours: str, theirs: str, adjacency: str, transposed: bool) -> None:
    """Move a topology; one that gives is one that takes with the roles of the joints exchanged.

    ``xi(tanh(a[v] - b[u])) = -xi'(tanh(b[u] - a[v]))``, xi' without the bias.
    """
    foreign = transfer.foreign
    edges = foreign.take(f"{theirs}.{adjacency}", 3)
    parts = [f"{theirs}.convs.{p}" for p in range(len(edges))]
    transfer.put(
        f"{ours}.edges", edges.transpose(1, 2) if transposed else edges, f"{theirs}.{adjacency}"
    )
    psi, phi = ("conv2", "conv1") if transposed else ("conv1", "conv2")
    transfer.linears(f"{ours}.psi", [f"{part}.{psi}" for part in parts])
    transfer.linears(f"{ours}.phi", [f"{part}.{phi}" for part in parts])
    transfer.linears(f"{ours}.product", [f"{part}.conv3" for part in parts])
    keys = [f"{part}.conv4.weight" for part in parts]
    xi = stacked([foreign.take(key, 4) for key in keys], keys).flatten(2).transpose(1, 2)
    transfer.put(f"{ours}.xi", -xi if transposed else xi, keys[0])  # (P, R, D)
    keys = [f"{part}.conv4.bias" for part in parts]
    transfer.put(f"{ours}.xi_bias", stacked([foreign.take(key, 1) for key in keys], keys), keys[0])
    transfer.copy(f"{ours}.alpha", f"{theirs}.alpha", 1)


def _branches(
    transfer: Transfer, ours: str, theirs: str, dilations: Sequence[int] | None
) -> list[Any]:
    """Move the branches of a block, each with a norm at its end; gives which there are."""
    foreign = transfer.foreign
    count, rates = branch_dilations(foreign, theirs, dilations)
    kinds: list[Any] = []
    for number in range(count):
        here, there = f"{ours}.branches.{number}", f"{theirs}.branches.{number}"
        transfer.linear(f"{here}.product", f"{there}.0")
        if number in rates:
            kinds.append([odd_kernel(foreign, f"{there}.3.conv.weight"), rates[number]])
            transfer.norm(f"{here}.norm", f"{there}.1")
            transfer.conv(f"{here}.operator", f"{there}.3.conv")
            transfer.norm(f"{here}.norm_after", f"{there}.3.bn")
        elif f"{there}.4.weight" in foreign:
            kinds.append(["max", 3])
            transfer.norm(f"{here}.norm", f"{there}.1")
            transfer.norm(f"{here}.norm_after", f"{there}.4")
        else:
            kinds.append("1x1")
            transfer.norm(f"{here}.norm_after", f"{there}.1")
    return kinds
