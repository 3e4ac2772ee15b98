"""The sliding maximum."""

from __future__ import annotations

import torch
from torch import Tensor

from kinestream.memory import Memory
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.tick import Tick


class SlidingMax(TemporalOperator):
    """``y_t = max_i x_{t + a - i d}``, and zero outside the recording.

    After a ReLU this is max pooling with the usual padding of minus infinity.

    Source: the pooling branch of MS-G3D's and ST-GCN++'s temporal module.
    """

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[1]
        x = self.pad(x)  # (N, T + (k-1)d, ...)
        starts = (tap * self.dilation for tap in range(self.kernel))
        parts = [x[:, start : start + frames : self.stride] for start in starts]
        return torch.stack(parts).amax(0)  # (N, ceil(T / stride), ...)

    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        if self.kernel == 1:
            return ()
        taps, apart = self.kernel - 1, self.dilation
        return (Memory(name, shape, taps, dilation=apart, delay=now.delay, stride=now.stride),)

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        if not past:
            return x, ()
        older = past[0].amax(1) if self.kernel > 2 else past[0]
        return torch.maximum(older, x), (x,)
