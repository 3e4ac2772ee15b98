"""ST-GCN: graph convolution, then a learned temporal convolution, in every block.

Legend: N clips or people, T frames, V joints, C channels, P partitions, K classes.
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
    per_block,
    residuals,
)
from kinestream.models.block import Block, Join, ResidualKind
from kinestream.models.graph_conv import Edges
from kinestream.models.graph_unit import GraphUnit
from kinestream.models.temporal import TemporalConv
from kinestream.models.temporal_unit import TemporalUnit


class STGCN(Backbone):
    """``y = ReLU(Norm(conv(ReLU(Norm(graph(x))))) + res(x))`` in every block.

    Args:
        partition: (P, V, V) adjacency of the skeleton.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        kernel: Temporal taps, one number for all blocks or one each.
        dilations: Distance between the taps, one number per block; default 1.
        strides: Frames per frame kept, one number per block; default 1. Published: 2 in blocks 5
            and 8, that is a label for every fourth frame.
        edges: ``importance``, ``offset``, ``learned`` or ``fixed`` adjacency.
        graph_bias: One bias per partition before the sum (``edges``), or one after it (``plain``).
        graph_shortcut: Add the input to the graph convolution too.
        residual: ``auto``, ``project`` or ``none``.
        first_residual: Whether the first block has one; default: where widths agree.
        join: The last ReLU of a block comes ``after`` the residual is added, ``before``, or ``both``.
        stem: Width of a product of the input before the first block; default none.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: ST-GCN (Yan et al., AAAI 2018); step form from CoST-GCN (Hedegaard et al., 2022).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        kernel: int | Sequence[int] = 9,
        dilations: Sequence[int] | None = None,
        strides: Sequence[int] | None = None,
        edges: Edges = "importance",
        graph_bias: Literal["edges", "plain", "none"] = "edges",
        graph_shortcut: bool = False,
        residual: ResidualKind = "auto",
        first_residual: bool | None = None,
        join: Join = "after",
        stem: int | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(partition, in_channels, num_classes, options)
        depth = len(channels)
        kernels = per_block("kernel", kernel, depth, 9)
        spacing = per_block("dilations", dilations, depth, 1)
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
            conv = TemporalConv(
                layer.channels,
                layer.channels,
                kernels[layer.number],
                dilation=spacing[layer.number],
                stride=layer.stride,
                lookahead=plan.take((kernels[layer.number] - 1) * spacing[layer.number]),
            )
            return TemporalUnit(conv, layer.channels, self.num_joints, plan.norm)

        self.stack(
            plan,
            channels,
            strides,
            spatial,
            temporal,
            stem=stem,
            residual=residuals(first_residual, stem or in_channels, channels, residual),
            join=join,
        )
