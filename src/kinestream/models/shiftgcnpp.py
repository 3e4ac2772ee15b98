"""Shift-GCN+: a lighter Shift-GCN that knows which joint is which and weighs channels as they come.

Legend: * any leading axes, V joints, C channels, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.models.backbone import Backbone, Layer, Options, Partition, Plan, residuals
from kinestream.models.block import Block
from kinestream.models.graph_unit import Shortcut
from kinestream.models.norm import NormName, frame_norm
from kinestream.models.shiftgcn import SpatialShift
from kinestream.models.tape import Tape
from kinestream.models.temporal import TemporalShift
from kinestream.models.tick import Tick


class DynamicShiftUnit(Block):
    """``ReLU(spatial shift(x + place, gain(x)) + shortcut(x))``.

    The gain of each channel, between 0 and 2, is made from the mean of the frame's own joints, so a
    stream needs no more than the frame.

    Args:
        layer: Widths.
        joints: V.
        norm: ``layer`` or ``batch``.

    Attributes:
        place: (V, C), what tells one joint from another after shifts have mixed them; learned.
    """

    def __init__(self, layer: Layer, joints: int, norm: NormName) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(joints, layer.channels_in))
        self.gain = nn.Linear(layer.channels_in, layer.channels_in)
        self.shift = SpatialShift(layer.channels_in, layer.channels, joints, norm)
        self.shortcut = Shortcut(layer.channels_in, layer.channels, joints, norm)
        nn.init.zeros_(self.gain.weight)
        nn.init.zeros_(self.gain.bias)

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        gain = self.gain(x.mean(-2, keepdim=True)).tanh() + 1  # (*, 1, C)
        return F.relu(self.shift(x + self.place, gain) + self.shortcut(x)), now


class LightShiftUnit(Block):
    """``Norm(W shift(x))``: one shift where Shift-GCN has two.

    Args:
        layer: Widths and stride.
        joints: V.
        reach: Largest shift in frames, either way.
        plan: Norm and look-ahead.
    """

    def __init__(self, layer: Layer, joints: int, reach: int, plan: Plan) -> None:
        super().__init__()
        self.shift = TemporalShift(
            layer.channels, reach, stride=layer.stride, lookahead=plan.take(2 * reach)
        )
        self.product = nn.Linear(layer.channels, layer.channels)
        self.norm = frame_norm(plan.norm, layer.channels, joints)
        self.lookahead = self.shift.lookahead
        self.stride = layer.stride

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        y, later = tape.run(self.shift, x, now)
        return self.norm(self.product(y)), later


class SHIFTGCNPP(Backbone):
    """Shift-GCN with learned places of joints, gains made from the frame, and one temporal shift.

    The ideas are those of ShiftGCN++ (positional encoding, dynamic shift graph, a lighter block);
    the arrangement is this project's. Widths are half of Shift-GCN's by default.

    Args:
        partition: (P, V, V) adjacency, for V: every joint reaches every other.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        strides: Frames per frame kept, one number per block; default 1.
        reach: Largest temporal shift in frames, either way.
        first_residual: Whether the first block has one; default: where widths agree.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: ShiftGCN++ (Cheng et al., TIP 2021).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (32, 32, 32, 32, 64, 64, 64, 128, 128, 128),
        strides: Sequence[int] | None = None,
        reach: int = 4,
        first_residual: bool | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(partition, in_channels, num_classes, options)
        plan = Plan(options)

        def spatial(layer: Layer) -> Block:
            return DynamicShiftUnit(layer, self.num_joints, plan.norm)

        def temporal(layer: Layer) -> Block:
            return LightShiftUnit(layer, self.num_joints, reach, plan)

        around = residuals(first_residual, in_channels, channels)
        self.stack(plan, channels, strides, spatial, temporal, residual=around)
