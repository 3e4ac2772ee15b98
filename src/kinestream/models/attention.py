"""Attention after a graph convolution: ``y = x + x * weight``, for joints, frames or channels.

Legend: * any leading axes, V joints, C channels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.models.block import Block
from kinestream.models.tape import Tape
from kinestream.models.temporal import Average, Averaging, Delay, TemporalConv
from kinestream.models.tick import Tick


class _Averaged(Block):
    """An attention that averages over time, as a block."""

    def __init__(self, weigh: Average) -> None:
        super().__init__()
        self.weigh = weigh

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        return tape.run(self.weigh, x, now)


class _JointWeights(Average):
    """``sigmoid(conv over joint numbers of the mean over time)``, zeros beyond the joints."""

    def __init__(self, channels: int, joints: int, averaging: Averaging) -> None:
        super().__init__(averaging)
        taps = joints - (joints + 1) % 2  # odd
        self.conv = nn.Conv1d(channels, 1, taps, padding=taps // 2)
        nn.init.zeros_(self.conv.weight)

    def statistic(self, x: Tensor) -> Tensor:
        return x

    def context(self, mean: Tensor) -> Tensor:
        flat = mean.flatten(0, -3).transpose(-2, -1)  # (prod *, C, V)
        weights = self.conv(flat).sigmoid().squeeze(-2)  # (prod *, V)
        return torch.unflatten(weights, 0, mean.shape[:-2])

    def use(self, x: Tensor, context: Tensor) -> Tensor:
        return x + x * context.unsqueeze(-1)


class JointAttention(_Averaged):
    """One weight per joint, of the mean over time.

    Args:
        channels: C.
        joints: V.
        averaging: Of the mean.
    """

    def __init__(self, channels: int, joints: int, averaging: Averaging) -> None:
        super().__init__(_JointWeights(channels, joints, averaging))


class _ChannelWeights(Average):
    """``sigmoid(W2 ReLU(W1 of the mean over joints and time))``."""

    def __init__(self, channels: int, averaging: Averaging) -> None:
        super().__init__(averaging)
        self.squeeze = nn.Linear(channels, max(1, channels // 2))
        self.spread = nn.Linear(max(1, channels // 2), channels)
        nn.init.zeros_(self.spread.weight)

    def statistic(self, x: Tensor) -> Tensor:
        return x.mean(-2)  # (*, C)

    def context(self, mean: Tensor) -> Tensor:
        return self.spread(F.relu(self.squeeze(mean))).sigmoid()  # type: ignore[no-any-return]

    def use(self, x: Tensor, context: Tensor) -> Tensor:
        return x + x * context.unsqueeze(-2)


class ChannelAttention(_Averaged):
    """One weight per channel, of the mean over joints and time.

    Args:
        channels: C.
        averaging: Of the mean.
    """

    def __init__(self, channels: int, averaging: Averaging) -> None:
        super().__init__(_ChannelWeights(channels, averaging))


class TemporalAttention(Block):
    """One weight per frame: ``sigmoid(conv over time of the mean over joints)``.

    Args:
        channels: C.
        kernel: Temporal taps.
        lookahead: Frames of them after the frame that is weighed.
    """

    def __init__(self, channels: int, *, kernel: int = 9, lookahead: int = 0) -> None:
        super().__init__()
        self.conv = TemporalConv(channels, 1, kernel, lookahead=lookahead)
        self.delay = Delay(lookahead)
        self.lookahead = lookahead
        nn.init.zeros_(self.conv.weight)

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        weights, later = tape.run(self.conv, x.mean(-2, keepdim=True), now)  # (*, 1, 1)
        x, then = tape.run(self.delay, x, now)
        return x + x * weights.sigmoid(), later.and_with(then)
