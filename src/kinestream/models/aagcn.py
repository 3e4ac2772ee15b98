"""AGCN and AAGCN: an adjacency that adapts to the recording, and attention.

Legend: * any leading axes, T frames, V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Unpack

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.models.attention import ChannelAttention, JointAttention, TemporalAttention
from kinestream.models.backbone import (
    Backbone,
    Layer,
    Options,
    Partition,
    Plan,
    per_block,
    residuals,
)
from kinestream.models.block import Block
from kinestream.models.graph_conv import Edges, GraphConv
from kinestream.models.graph_unit import Shortcut
from kinestream.models.norm import frame_norm
from kinestream.models.tape import Tape
from kinestream.models.temporal import Average, Averaging, TemporalConv
from kinestream.models.temporal_unit import TemporalUnit
from kinestream.models.tick import Tick

Similarity = Literal["tanh", "softmax"]


class AdaptiveGraph(Average):
    """Graph convolution along ``E_p + alpha S_p``, S how alike joints were over time.

    ``S_p = tanh(m)`` (AAGCN) or ``softmax over v of m`` with alpha 1 (AGCN), where m[v, w] is the
    mean over time of ``theta_p(x)[v] . phi_p(x)[w] / C_s``.

    Args:
        in_channels: C.
        out_channels: C'.
        partition: (P, V, V) adjacency.
        edges: As :class:`~kinestream.models.graph_conv.GraphConv`.
        similarity: ``tanh`` or ``softmax``.
        embedding: C_s, width of theta and phi.
        averaging: Of m.

    Source: 2s-AGCN (Shi et al., CVPR 2019); MS-AAGCN (Shi et al., TIP 2020), section 3.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        partition: Partition,
        *,
        edges: Edges,
        similarity: Similarity,
        embedding: int,
        averaging: Averaging,
    ) -> None:
        super().__init__(averaging)
        self.similarity = similarity
        self.parts = len(partition)
        self.graph = GraphConv(in_channels, out_channels, partition, edges=edges, bias="plain")
        self.theta = nn.Linear(in_channels, self.parts * embedding)
        self.phi = nn.Linear(in_channels, self.parts * embedding)
        self.alpha = nn.Parameter(torch.zeros(1)) if similarity == "tanh" else None

    def statistic(self, x: Tensor) -> Tensor:
        theta = self.theta(x).unflatten(-1, (self.parts, -1)).transpose(-3, -2)  # (*, P, V, C_s)
        phi = self.phi(x).unflatten(-1, (self.parts, -1)).movedim(-3, -1)  # (*, P, C_s, V)
        alike: Tensor = torch.matmul(theta, phi) / theta.shape[-1]
        return alike  # (*, P, V, V)

    def context(self, mean: Tensor) -> Tensor:
        if self.alpha is None:
            return self.graph.edges() + mean.softmax(-2)
        return self.graph.edges() + self.alpha * mean.tanh()

    def use(self, x: Tensor, context: Tensor) -> Tensor:
        return self.graph(x, context)  # type: ignore[no-any-return]


class AdaptiveUnit(Block):
    """``attention(ReLU(Norm(adaptive graph(x)) + shortcut(x)))``.

    Args:
        layer: Widths.
        graph: The convolution.
        joints: V.
        plan: Norm, averaging, look-ahead.
        attention: Whether joints, frames and channels are weighted afterwards.
    """

    def __init__(
        self, layer: Layer, graph: AdaptiveGraph, joints: int, plan: Plan, *, attention: bool
    ) -> None:
        super().__init__()
        self.graph = graph
        self.norm = frame_norm(plan.norm, layer.channels, joints)
        self.shortcut = Shortcut(layer.channels_in, layer.channels, joints, plan.norm)
        self.attention = nn.ModuleList()
        if attention:
            temporal = TemporalAttention(layer.channels, lookahead=plan.take(8))
            self.lookahead = temporal.lookahead
            self.attention.extend(
                [
                    JointAttention(layer.channels, joints, plan.averaging),
                    temporal,
                    ChannelAttention(layer.channels, plan.averaging),
                ]
            )

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        y, later = tape.run(self.graph, x, now)
        y = F.relu(self.norm(y) + self.shortcut(x))
        for weigh in self.attention:
            y, later = weigh(y, later, tape)
        return y, later


class AAGCN(Backbone):
    """``y = ReLU(Norm(conv(unit(x))) + res(x))``, unit the adaptive graph convolution and attention.

    The similarity of joints and two of the attentions average over time; a stream averages over the
    past (``averaging``), and so does the clip form unless ``averaging.over`` is ``clip``.

    Args:
        partition: (P, V, V) adjacency; published with the ``directed`` strategy.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        kernel: Temporal taps, one number for all blocks or one each.
        strides: Frames per frame kept, one number per block; default 1. Published: 2 in blocks 5
            and 8.
        edges: ``learned``, as published, or another kind of adjacency.
        similarity: ``tanh`` with a learned gain, or ``softmax``.
        attention: Weigh joints, frames and channels.
        first_residual: Whether the first block has one; default: where widths agree.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: MS-AAGCN (Shi et al., TIP 2020).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        kernel: int | Sequence[int] = 9,
        strides: Sequence[int] | None = None,
        edges: Edges = "learned",
        similarity: Similarity = "tanh",
        attention: bool = True,
        first_residual: bool | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(partition, in_channels, num_classes, options)
        kernels = per_block("kernel", kernel, len(channels), 9)
        plan = Plan(options)

        def spatial(layer: Layer) -> Block:
            graph = AdaptiveGraph(
                layer.channels_in,
                layer.channels,
                partition,
                edges=edges,
                similarity=similarity,
                embedding=max(1, layer.channels // 4),
                averaging=plan.averaging,
            )
            return AdaptiveUnit(layer, graph, self.num_joints, plan, attention=attention)

        def temporal(layer: Layer) -> Block:
            taps = kernels[layer.number]
            conv = TemporalConv(
                layer.channels,
                layer.channels,
                taps,
                stride=layer.stride,
                lookahead=plan.take(taps - 1),
            )
            return TemporalUnit(conv, layer.channels, self.num_joints, plan.norm)

        around = residuals(first_residual, in_channels, channels)
        self.stack(plan, channels, strides, spatial, temporal, residual=around)


class AGCN(AAGCN):
    """AAGCN's forerunner: softmax similarity beside a fixed and a learned adjacency, no attention.

    Args:
        partition: (P, V, V) adjacency; published with the ``directed`` strategy.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        kernel: Temporal taps, one number for all blocks or one each.
        strides: Frames per frame kept, one number per block; default 1.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: 2s-AGCN (Shi et al., CVPR 2019).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        kernel: int | Sequence[int] = 9,
        strides: Sequence[int] | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(
            partition,
            in_channels,
            num_classes,
            channels=channels,
            kernel=kernel,
            strides=strides,
            edges="offset",
            similarity="softmax",
            attention=False,
            **options,
        )
