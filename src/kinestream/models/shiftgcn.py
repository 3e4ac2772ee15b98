"""Shift-GCN: channels move between joints and frames, and plain products do the rest.

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
from kinestream.models.norm import FrameBatchNorm, FrameLayerNorm, NormName, frame_norm
from kinestream.models.tape import Tape
from kinestream.models.temporal import TemporalShift
from kinestream.models.tick import Tick


def shift_joints(x: Tensor, sign: int = 1) -> Tensor:
    """(*, V, C): channel c of joint v comes from joint ``v + sign * c``, counted round.

    >>> shift_joints(torch.tensor([[0, 1], [10, 11], [20, 21]])).tolist()
    [[0, 11], [10, 21], [20, 1]]
    """
    joints, channels = int(x.shape[-2]), int(x.shape[-1])
    source = torch.arange(joints, device=x.device)[:, None]
    source = (source + sign * torch.arange(channels, device=x.device)) % joints  # (V, C)
    places = source * channels + torch.arange(channels, device=x.device)
    x = x.flatten(-2).index_select(-1, places.flatten())
    return torch.unflatten(x, -1, (joints, channels))


def place_norm(name: NormName, channels: int, joints: int) -> nn.Module:
    """A norm with numbers of its own for every channel of every joint."""
    if name == "layer":
        return FrameLayerNorm(channels, joints)
    return FrameBatchNorm(joints, channels)


class SpatialShift(nn.Module):
    """``Norm(unshift((shift(x) * (tanh(M) + 1)) W + b))``.

    Args:
        in_channels: C.
        out_channels: C'.
        joints: V.
        norm: ``layer`` or ``batch``.

    Attributes:
        mask: (V, C) M, learned.

    Source: non-local shift of Shift-GCN (Cheng et al., CVPR 2020), section 3.2.
    """

    def __init__(self, in_channels: int, out_channels: int, joints: int, norm: NormName) -> None:
        super().__init__()
        self.mask = nn.Parameter(torch.zeros(joints, in_channels))
        self.product = nn.Linear(in_channels, out_channels)
        self.norm = place_norm(norm, out_channels, joints)

    def forward(self, x: Tensor, gain: Tensor | None = None) -> Tensor:
        """(*, V, C) -> (*, V, C'); ``gain`` (*, 1, C) weighs the channels beside the mask."""
        x = shift_joints(x) * (self.mask.tanh() + 1)
        if gain is not None:
            x = x * gain
        return self.norm(shift_joints(self.product(x), -1))  # type: ignore[no-any-return]


class ShiftUnit(Block):
    """``ReLU(spatial shift(x) + shortcut(x))``."""

    def __init__(self, layer: Layer, joints: int, norm: NormName) -> None:
        super().__init__()
        self.shift = SpatialShift(layer.channels_in, layer.channels, joints, norm)
        self.shortcut = Shortcut(layer.channels_in, layer.channels, joints, norm)

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        return F.relu(self.shift(x) + self.shortcut(x)), now


class TemporalShiftUnit(Block):
    """``Norm(shift(ReLU(W shift(Norm(x)))))``.

    Args:
        layer: Widths and stride.
        joints: V.
        reach: Largest shift in frames, either way.
        plan: Norm and look-ahead.

    Source: adaptive temporal shift of Shift-GCN, section 3.3.
    """

    def __init__(self, layer: Layer, joints: int, reach: int, plan: Plan) -> None:
        super().__init__()
        channels = layer.channels
        self.norm = frame_norm(plan.norm, channels, joints)
        self.shift_in = TemporalShift(channels, reach, lookahead=plan.take(2 * reach))
        self.product = nn.Linear(channels, channels)
        self.shift_out = TemporalShift(
            channels, reach, stride=layer.stride, lookahead=plan.take(2 * reach)
        )
        self.norm_out = frame_norm(plan.norm, channels, joints)
        self.lookahead = self.shift_in.lookahead + self.shift_out.lookahead
        self.stride = layer.stride

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        x, now = tape.run(self.shift_in, self.norm(x), now)
        x, now = tape.run(self.shift_out, F.relu(self.product(x)), now)
        return self.norm_out(x), now


class SHIFTGCN(Backbone):
    """``y = ReLU(temporal shift(ReLU(spatial shift(x) + x)) + res(x))`` in every block.

    Args:
        partition: (P, V, V) adjacency, for V: every joint reaches every other.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        strides: Frames per frame kept, one number per block; default 1. Published: 2 in blocks 5
            and 8.
        reach: Largest temporal shift in frames, either way.
        first_residual: Whether the first block has one; default: where widths agree.
        **options: As :class:`~kinestream.models.backbone.Options`.

    Source: Shift-GCN (Cheng et al., CVPR 2020).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        strides: Sequence[int] | None = None,
        reach: int = 2,
        first_residual: bool | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(partition, in_channels, num_classes, options)
        plan = Plan(options)

        def spatial(layer: Layer) -> Block:
            return ShiftUnit(layer, self.num_joints, plan.norm)

        def temporal(layer: Layer) -> Block:
            return TemporalShiftUnit(layer, self.num_joints, reach, plan)

        around = residuals(first_residual, in_channels, channels)
        self.stack(plan, channels, strides, spatial, temporal, residual=around)
