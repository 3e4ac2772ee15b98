"""ST-GCN++: a learned adjacency with a shortcut, and six small temporal windows side by side.

Legend: V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Unpack

from kinestream.models.backbone import (
    Backbone,
    Layer,
    Options,
    Partition,
    Plan,
    residuals,
)
from kinestream.models.block import Block
from kinestream.models.branches import SIX_BRANCHES, Branch, MixedBranches, span
from kinestream.models.graph_conv import Edges
from kinestream.models.graph_unit import GraphUnit


class STGCNPP(Backbone):
    """``y = ReLU(branches(ReLU(Norm(graph(x)) + x)) + res(x))`` in every block.

    Args:
        partition: (P, V, V) adjacency; published with the ``directed`` strategy.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        strides: Frames per frame kept, one number per block; default 1. Published: 2 in blocks 5
            and 8.
        branches: Of the temporal module: [kernel, dilation], ['max', kernel] or '1x1'.
        edges: ``learned``, as published, or another kind of adjacency.
        graph_bias: As :class:`~kinestream.models.graph_conv.GraphConv`.
        graph_shortcut: Add the input to the graph convolution.
        first_residual: Whether the first block has one; default: where widths agree.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: PYSKL (Duan et al., ACM MM 2022), section 3.
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        strides: Sequence[int] | None = None,
        branches: Sequence[Branch] = SIX_BRANCHES,
        edges: Edges = "learned",
        graph_bias: Literal["edges", "plain", "none"] = "edges",
        graph_shortcut: bool = True,
        first_residual: bool | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(partition, in_channels, num_classes, options)
        plan = Plan(options)

        def spatial(layer: Layer) -> Block:
            return GraphUnit(
                layer.channels_in,
                layer.channels,
                partition,
                edges=edges,
                bias=graph_bias,
                norm=plan.norm,
                shortcut=graph_shortcut,
            )

        def temporal(layer: Layer) -> Block:
            return MixedBranches(
                layer.channels,
                self.num_joints,
                branches,
                norm=plan.norm,
                lookahead=plan.take(span(branches)),
                stride=layer.stride,
            )

        residual = residuals(first_residual, in_channels, channels)
        self.stack(plan, channels, strides, spatial, temporal, residual=residual)
