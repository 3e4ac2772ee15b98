"""DG-STGCN: groups of channels with learned topologies of their own, no skeleton given.

Legend: * any leading axes, V joints (w takes from v), C channels, G groups, D channels of a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.models.backbone import Backbone, Layer, Options, Partition, Plan, residuals
from kinestream.models.block import Block
from kinestream.models.branches import SIX_BRANCHES, Branch, MixedBranches, span
from kinestream.models.graph_unit import Shortcut
from kinestream.models.norm import NormName, frame_norm
from kinestream.models.tape import Tape
from kinestream.models.temporal import Average, Averaging
from kinestream.models.tick import Tick


class GroupTopology(Average):
    """``y[w, gd] = sum_v H[w, v, gd] ReLU(Norm(W x))[v, gd]``.

    ``H = A_g + alpha_g tanh(psi(m)[v] - phi(m)[w]) + beta_g softmax over v of psi(m)[v] . phi(m)[w]``,
    m the mean over time of x; the first term is per channel, the second per group.

    Args:
        in_channels: C.
        joints: V.
        groups: G.
        width: D.
        each_group: A gain of its own for every group, rather than one for all.
        norm: ``layer`` or ``batch``.
        averaging: Of m.

    Source: DG-STGCN (Duan et al., 2022), section 3.2.
    """

    def __init__(
        self,
        in_channels: int,
        joints: int,
        *,
        groups: int,
        width: int,
        each_group: bool,
        norm: NormName,
        averaging: Averaging,
    ) -> None:
        super().__init__(averaging)
        self.groups = groups
        self.edges = nn.Parameter(torch.randn(groups, joints, joints) * 0.02 + 0.04)
        self.product = nn.Linear(in_channels, groups * width)
        self.norm = frame_norm(norm, groups * width, joints)
        self.psi = nn.Linear(in_channels, groups * width)
        self.phi = nn.Linear(in_channels, groups * width)
        gains = groups if each_group else 1
        self.alpha = nn.Parameter(torch.zeros(gains))
        self.beta = nn.Parameter(torch.zeros(gains))

    def statistic(self, x: Tensor) -> Tensor:
        return x

    def context(self, mean: Tensor) -> Tensor:
        # (*, G, D, V) each
        psi = self.psi(mean).unflatten(-1, (self.groups, -1)).movedim(-3, -1)
        phi = self.phi(mean).unflatten(-1, (self.groups, -1)).movedim(-3, -1)
        apart = torch.tanh(psi.unsqueeze(-2) - phi.unsqueeze(-1))  # (*, G, D, W, V)
        alike = torch.matmul(phi.transpose(-2, -1), psi).softmax(-1)  # (*, G, W, V)
        steady = self.edges.transpose(-2, -1) + self.beta.reshape(-1, 1, 1) * alike
        topology = steady.unsqueeze(-3) + self.alpha.reshape(-1, 1, 1, 1) * apart
        return topology.flatten(-4, -3)  # (*, G*D, W, V)

    def values(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.product(x)))  # (*, V, G*D)

    def use(self, x: Tensor, context: Tensor) -> Tensor:
        return torch.einsum("...cwv,...vc->...wc", context, x)


class GroupUnit(Block):
    """``ReLU(Norm(W topology(x)) + shortcut(x))``."""

    def __init__(self, layer: Layer, topology: GroupTopology, joints: int, norm: NormName) -> None:
        super().__init__()
        self.topology = topology
        self.product = nn.Linear(topology.product.out_features, layer.channels)
        self.norm = frame_norm(norm, layer.channels, joints)
        self.shortcut = Shortcut(layer.channels_in, layer.channels, joints, norm)

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        y, later = tape.run(self.topology, x, now)
        return F.relu(self.norm(self.product(y)) + self.shortcut(x)), later


class DGSTGCN(Backbone):
    """``y = ReLU(branches(ReLU(Norm(W topology(x)) + x)) + res(x))`` in every block.

    Of the partition only the number of joints is used: all edges are learned. The topology is made
    of a mean over time; a stream averages over the past (``averaging``), and so does the clip form
    unless ``averaging.over`` is ``clip``.

    Args:
        partition: (P, V, V) adjacency, for V.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        strides: Frames per frame kept, one number per block; default 1. Published: 2 in blocks 5
            and 8.
        groups: Topologies per block.
        ratio: Width of a group, as a share of the block's.
        each_group: A gain of its own for every group.
        branches: Of the temporal module: [kernel, dilation], ['max', kernel] or '1x1'.
        first_residual: Whether the first block has one; default: where widths agree.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: DG-STGCN (Duan et al., 2022).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        strides: Sequence[int] | None = None,
        groups: int = 8,
        ratio: float = 0.125,
        each_group: bool = False,
        branches: Sequence[Branch] = SIX_BRANCHES,
        first_residual: bool | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(partition, in_channels, num_classes, options)
        plan = Plan(options)

        def spatial(layer: Layer) -> Block:
            topology = GroupTopology(
                layer.channels_in,
                self.num_joints,
                groups=groups,
                width=max(1, int(ratio * layer.channels)),
                each_group=each_group,
                norm=plan.norm,
                averaging=plan.averaging,
            )
            return GroupUnit(layer, topology, self.num_joints, plan.norm)

        def temporal(layer: Layer) -> Block:
            return MixedBranches(
                layer.channels,
                self.num_joints,
                branches,
                whole_body=True,
                norm=plan.norm,
                lookahead=plan.take(span(branches)),
                stride=layer.stride,
            )

        around = residuals(first_residual, in_channels, channels)
        self.stack(plan, channels, strides, spatial, temporal, residual=around)
