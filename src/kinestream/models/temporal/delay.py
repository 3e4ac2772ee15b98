"""The delay that lets a residual branch line up with a convolution that looks ahead."""

from __future__ import annotations

from torch import Tensor

from kinestream.memory import Memory
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.tick import Tick


class Delay(TemporalOperator):
    """``y_t = x_t``, answered ``lookahead`` frames later, one frame in ``stride``."""

    def __init__(self, lookahead: int, *, stride: int = 1) -> None:
        super().__init__(lookahead + 1, stride=stride, lookahead=lookahead)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :: self.stride]  # (N, ceil(T / stride), ...)

    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        if self.lookahead == 0:
            return ()
        apart = self.lookahead
        return (Memory(name, shape, 1, dilation=apart, delay=now.delay, stride=now.stride),)

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        if not past:
            return x, ()
        return past[0], (x,)
