"""The learned temporal convolution."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from kinestream.memory import Memory
from kinestream.models.quantising.grid import Grid
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.tick import Tick


class TemporalConv(TemporalOperator):
    """``y_t = bias + sum_i W_i x_{t + a - (k-1-i)d}``, the same weights for every joint.

    Attributes:
        weight: (k, C_in, C_out), oldest tap first.
        bias: (C_out,).

    Source: ST-GCN (Yan et al., AAAI 2018); as a step, CoST-GCN (Hedegaard et al., 2022).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 9,
        *,
        dilation: int = 1,
        stride: int = 1,
        lookahead: int = 0,
    ) -> None:
        super().__init__(kernel, dilation=dilation, stride=stride, lookahead=lookahead)
        self.weight = nn.Parameter(torch.empty(kernel, in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.grid = Grid()
        nn.init.normal_(self.weight, std=math.sqrt(2 / (kernel * in_channels)))

    def matrix(self) -> Tensor:
        """(k*C_in, C_out): all weights."""
        return self.weight.flatten(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[1]
        x = self.grid.frames(self.pad(x))  # (N, T + (k-1)d, ..., V, C)
        weight = torch.unflatten(self.grid.weights(self.matrix()), 0, self.weight.shape[:2])
        y: Tensor = self.bias
        for tap in range(self.kernel):
            start = tap * self.dilation
            y = y + x[:, start : start + frames : self.stride] @ weight[tap]
        return y  # (N, ceil(T / stride), ..., V, C')

    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        if self.kernel == 1:
            return ()
        taps, apart = self.kernel - 1, self.dilation
        return (Memory(name, shape, taps, dilation=apart, delay=now.delay, stride=now.stride),)

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        if not past:
            return self.grid.frames(x) @ self.grid.weights(self.matrix()) + self.bias, ()
        older = past[0] if self.kernel > 2 else past[0][:, None]
        window = torch.cat([older, x[:, None]], dim=1)  # (N, k, ..., V, C)
        window = window.movedim(1, -2).flatten(-2)  # (N, ..., V, k*C)
        y = self.grid.frames(window) @ self.grid.weights(self.matrix())
        return y + self.bias, (x,)
