"""CTR-GCN: every channel has a topology of its own, refined from the recording.

Legend: * any leading axes, V joints (u takes from v), C channels, P partitions, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Unpack

import torch
import torch.nn.functional as F
from torch import Tensor, nn

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
from kinestream.models.branches import Branch, TemporalBranches, span
from kinestream.models.graph_unit import Shortcut
from kinestream.models.norm import frame_norm
from kinestream.models.tape import Tape
from kinestream.models.temporal import Average, Averaging
from kinestream.models.tick import Tick

FOUR_BRANCHES: tuple[Branch, ...] = ((5, 1), (5, 2), ("max", 3), "1x1")


class ChannelTopology(Average):
    """``y[u, c] = sum_p sum_v Q_p[u, v, c] (W_p x[v] + b_p)[c]``.

    ``Q_p = A_p + alpha xi_p(tanh(psi_p(m)[u] - phi_p(m)[v]))``, m the mean over time of x.

    Args:
        in_channels: C.
        out_channels: C'.
        partition: (P, V, V) adjacency, where the learned A starts; entry [u, v] weighs what joint u
            takes from joint v.
        relation: Width of psi and phi.
        averaging: Of m.

    Source: CTR-GCN (Chen et al., ICCV 2021), section 3.2.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        partition: Partition,
        *,
        relation: int,
        averaging: Averaging,
    ) -> None:
        super().__init__(averaging)
        parts = len(partition)
        self.parts = parts
        self.edges = nn.Parameter(torch.as_tensor(partition, dtype=torch.float32).clone())
        self.psi = nn.Linear(in_channels, parts * relation)
        self.phi = nn.Linear(in_channels, parts * relation)
        self.xi = nn.Parameter(torch.empty(parts, relation, out_channels))
        self.xi_bias = nn.Parameter(torch.zeros(parts, out_channels))
        self.alpha = nn.Parameter(torch.zeros(1))
        self.product = nn.Linear(in_channels, parts * out_channels)
        nn.init.normal_(self.xi, std=math.sqrt(2 / relation))

    def statistic(self, x: Tensor) -> Tensor:
        return x

    def context(self, mean: Tensor) -> Tensor:
        joints = mean.shape[-2]
        psi = self.psi(mean).unflatten(-1, (self.parts, -1)).transpose(-3, -2)  # (*, P, V, C_r)
        phi = self.phi(mean).unflatten(-1, (self.parts, -1)).transpose(-3, -2)
        apart = torch.tanh(psi.unsqueeze(-2) - phi.unsqueeze(-3))  # (*, P, U, V, C_r)
        refined = apart.flatten(-3, -2) @ self.xi + self.xi_bias.unsqueeze(-2)  # (*, P, U*V, C')
        refined = torch.unflatten(refined, -2, (joints, joints))
        topology = self.edges.unsqueeze(-1) + self.alpha * refined  # (*, P, U, V, C')
        # Channels first and what is summed last, so that a step multiplies without moving it.
        return topology.movedim(-1, -4).transpose(-3, -2).flatten(-2)  # (*, C', U, P*V)

    def use(self, x: Tensor, context: Tensor) -> Tensor:
        x = self.product(x).unflatten(-1, (self.parts, -1))  # (*, V, P, C')
        x = x.transpose(-3, -2).flatten(-3, -2)  # (*, P*V, C')
        return torch.einsum("...cux,...xc->...uc", context, x)


class ChannelTopologyUnit(Block):
    """``ReLU(Norm(topology(x)) + shortcut(x))``."""

    def __init__(self, layer: Layer, topology: ChannelTopology, joints: int, plan: Plan) -> None:
        super().__init__()
        self.topology = topology
        self.norm = frame_norm(plan.norm, layer.channels, joints)
        self.shortcut = Shortcut(layer.channels_in, layer.channels, joints, plan.norm)

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        y, later = tape.run(self.topology, x, now)
        return F.relu(self.norm(y) + self.shortcut(x)), later


class CTRGCN(Backbone):
    """``y = ReLU(branches(ReLU(Norm(topology(x)) + x)) + res(x))`` in every block.

    The topology is made of a mean over time; a stream averages over the past (``averaging``), and
    so does the clip form unless ``averaging.over`` is ``clip``.

    Args:
        partition: (P, V, V) adjacency; published with the ``directed`` strategy.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        strides: Frames per frame kept, one number per block; default 1. Published: 2 in blocks 5
            and 8.
        branches: Of the temporal module: [kernel, dilation], ['max', kernel] or '1x1'.
        relations: Width of the relation of two joints, one number per block; default 8 where the
            block takes 3 or 9 channels and an eighth of them elsewhere.
        branch_relu: A ReLU after the branches, as PYSKL has it.
        first_residual: Whether the first block has one; default: where widths agree.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: CTR-GCN (Chen et al., ICCV 2021).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        strides: Sequence[int] | None = None,
        branches: Sequence[Branch] = FOUR_BRANCHES,
        relations: Sequence[int] | None = None,
        branch_relu: bool = False,
        first_residual: bool | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(partition, in_channels, num_classes, options)
        plan = Plan(options)
        if relations is None:
            relations = [
                8 if width in (3, 9) else max(1, width // 8)
                for width in (in_channels, *channels[:-1])
            ]
        widths = per_block("relations", relations, len(channels), 8)

        def spatial(layer: Layer) -> Block:
            topology = ChannelTopology(
                layer.channels_in,
                layer.channels,
                partition,
                relation=widths[layer.number],
                averaging=plan.averaging,
            )
            return ChannelTopologyUnit(layer, topology, self.num_joints, plan)

        def temporal(layer: Layer) -> Block:
            return TemporalBranches(
                layer.channels,
                layer.channels,
                self.num_joints,
                branches,
                remainder=-1,
                norm=plan.norm,
                norm_after=True,
                relu=branch_relu,
                lookahead=plan.take(span(branches)),
                stride=layer.stride,
            )

        around = residuals(first_residual, in_channels, channels)
        self.stack(plan, channels, strides, spatial, temporal, residual=around)
