"""RT-ST-GCN: a graph convolution per frame, summed over the last frames.

Legend: N clips or people, T frames, V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from kinestream.errors import ConfigError
from kinestream.models.backbone import Backbone, Layer, Options, Partition, Plan, per_block
from kinestream.models.block import Block, PerFrame, ResidualKind
from kinestream.models.graph_conv import Edges, GraphConv
from kinestream.models.norm import FrameLayerNorm
from kinestream.models.temporal import SlidingSum
from kinestream.models.temporal_unit import TemporalUnit


class RTSTGCN(Backbone):
    """``y_t = ReLU(ReLU(Norm(sum_i graph(x_{t + a - i s}))) + res(x_t))``, i = 0 ... kernel - 1.

    The real-time network: the cost of a step does not depend on how far it remembers. The residual
    is the identity, or a product without bias and its own norm where the width changes or s > 1.

    Args:
        partition: (P, V, V) adjacency of the skeleton.
        in_channels: C of the input.
        num_classes: K.
        channels: Width after the input product, then of each layer.
        kernel: Frames summed in every layer (Gamma), or one number per layer.
        spacing: Distance s between the summed frames, one number per layer; default 1.
        edges: ``importance``, ``offset``, ``learned`` or ``fixed`` adjacency.
        residual: ``auto``, ``project`` or ``none``.
        unbiased: LayerNorm with the unbiased variance.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: Real-Time ST-GCN (MLSP 2024); published widths 64x3, 128x3, 256x3, spacing 2 in
    layers 4 and 7, kernel 9 or 69.
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        kernel: int | Sequence[int] = 9,
        spacing: Sequence[int] | None = None,
        edges: Edges = "importance",
        residual: ResidualKind = "auto",
        unbiased: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(partition, in_channels, num_classes, options)
        depth = len(channels) - 1
        if depth < 1:
            raise ConfigError("channels must name the input width and one layer or more.")
        kernels = per_block("kernel", kernel, depth, 9)
        spacings = per_block("spacing", spacing, depth, 1)
        plan = Plan(options)

        def spatial(layer: Layer) -> Block:
            return PerFrame(GraphConv(layer.channels_in, layer.channels, partition, edges=edges))

        def temporal(layer: Layer) -> Block:
            kernel, apart = kernels[layer.number], spacings[layer.number]
            summed = SlidingSum(kernel, dilation=apart, lookahead=plan.take((kernel - 1) * apart))
            return TemporalUnit(summed, layer.channels, self.num_joints, plan.norm)

        kinds: list[ResidualKind] = [
            "project" if residual == "auto" and apart > 1 else residual for apart in spacings
        ]
        self.stack(
            plan,
            channels[1:],
            None,
            spatial,
            temporal,
            stem=channels[0],
            residual=kinds,
            residual_bias=False,
            join="both",
        )
        if unbiased:
            for module in self.modules():
                if isinstance(module, FrameLayerNorm):
                    module.use_unbiased()
