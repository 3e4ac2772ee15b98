"""DG-STGCN as PYSKL keeps it.

Legend: G groups, V joints, C channels, D channels of a group.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kinestream.errors import CheckpointError
from kinestream.importing.foreign import quoted
from kinestream.importing.found import Found
from kinestream.importing.parts import mixed_branches, projection
from kinestream.importing.transfer import Transfer


def read(
    transfer: Transfer, *, dilations: Sequence[int] | None = None, subset_wise: bool = False
) -> Found:
    """Find our ``dgstgcn``.

    Args:
        transfer: Moves the weights.
        dilations: Of the branches that convolve; default 1, 2, 3, 4.
        subset_wise: Whether every group has a gain of its own; else the first one's is that of all.

    Raises:
        CheckpointError: Something is missing or does not fit.
        ConfigError: An option does not go with the weights.
    """
    foreign = transfer.foreign
    blocks = foreign.blocks("gcn.")
    groups, joints, _ = foreign.shape("gcn.0.gcn.A", 3)
    in_channels = foreign.shape("gcn.0.gcn.pre.0.weight", 4)[1]
    channels = [foreign.shape(f"{block}.gcn.bn.weight", 1)[0] for block in blocks]
    widths = [foreign.shape(f"{block}.gcn.pre.1.weight", 1)[0] // groups for block in blocks]
    branches: list[Any] = []
    projected = []
    for i, theirs in enumerate(blocks):
        ours = f"blocks.{i}"
        _graph(transfer, f"{ours}.spatial", f"{theirs}.gcn", subset_wise)
        _share(transfer, f"{ours}.temporal.share", f"{theirs}.tcn.add_coeff", joints)
        branches = mixed_branches(transfer, f"{ours}.temporal", f"{theirs}.tcn", dilations)
        names = ("conv", "bn")
        projected.append(projection(transfer, f"{ours}.residual", f"{theirs}.residual", names))
    return Found(
        name="dgstgcn",
        partition=transfer.weights["blocks.0.spatial.topology.edges"],
        in_channels=in_channels,
        channels=channels,
        projected=projected,
        arguments={
            "groups": groups,
            "ratio": share_of(channels, widths),
            "each_group": subset_wise,
            "branches": branches,
        },
        averaged="The topology of every group of channels is",
    )


def _graph(transfer: Transfer, ours: str, theirs: str, subset_wise: bool) -> None:
    """Move the spatial half of a block."""
    groups = transfer.foreign.shape(f"{theirs}.A", 3)[0]
    transfer.copy(f"{ours}.topology.edges", f"{theirs}.A", 3)
    for gain in ("alpha", "beta"):
        _gain(transfer, f"{ours}.topology.{gain}", f"{theirs}.{gain}", groups, subset_wise)
    projection(transfer, f"{ours}.topology", f"{theirs}.pre")
    transfer.linear(f"{ours}.topology.psi", f"{theirs}.conv1")
    transfer.linear(f"{ours}.topology.phi", f"{theirs}.conv2")
    transfer.linear(f"{ours}.product", f"{theirs}.post")
    transfer.norm(f"{ours}.norm", f"{theirs}.bn")
    projection(transfer, f"{ours}.shortcut", f"{theirs}.down")


def _gain(transfer: Transfer, ours: str, theirs: str, groups: int, subset_wise: bool) -> None:
    """Move the gains of all groups, or the first, which is then the only one that is read."""
    (count,) = transfer.foreign.shape(theirs, 1)
    if count != groups:
        raise CheckpointError(
            f"{quoted(theirs)} must have a number for each of {groups} groups, got {count}."
        )
    gains = transfer.foreign.take(theirs, 1)
    transfer.put(ours, gains if subset_wise else gains[:1], theirs)


def _share(transfer: Transfer, ours: str, theirs: str, joints: int) -> None:
    """Move the share of the whole body in each joint; the original may keep more than it has."""
    (count,) = transfer.foreign.shape(theirs, 1)
    if count < joints:
        raise CheckpointError(
            f"{quoted(theirs)} must have a number for each of {joints} joints, got {count}."
        )
    transfer.put(ours, transfer.foreign.take(theirs, 1)[:joints, None], theirs)


def share_of(channels: Sequence[int], widths: Sequence[int]) -> float:
    """A share r with ``floor(r * channels) == width`` for every block.

    Raises:
        CheckpointError: There is none.

    >>> share_of([16, 32], [2, 4])
    0.125
    >>> share_of([10, 32], [1, 4])  # 0.125 to 0.15625
    0.125
    """
    pairs = list(zip(channels, widths, strict=True))
    least = max(width / each for each, width in pairs)
    bound = min((width + 1) / each for each, width in pairs)
    for share in (least, (least + bound) / 2):
        if all(math.floor(share * each) == width for each, width in pairs):
            return share
    raise CheckpointError(
        f"groups must be one share of the width wide in all blocks, got {list(widths)} of "
        f"{list(channels)}."
    )
