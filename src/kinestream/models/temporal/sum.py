"""The sliding sum, whose step costs the same for any window and never subtracts.

A running ``S += new - old`` drifts in float32 and keeps a NaN for ever. Here the window is always
put together from sums of whole and partial blocks of ``B = kernel // 2`` frames:

    frames   |...... block b-2 ......|...... block b-1 ......|...... block b ......|
    window           [ tail of b-2   |      all of b-1       |  head of b ]
                                                                         ^ newest

The head grows by one addition a frame, and its last is the whole of b-1 once the next block begins.
The tails of b-2 are summed from its end, one addition a frame, while b-1 is being filled: that is
what memories read backwards are for. Four additions a frame; a value leaves with its window exactly.
"""

from __future__ import annotations

from torch import Tensor

from kinestream.memory import Memory, Reading
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.tick import Tick


def sliding_sum(x: Tensor, kernel: int, dilation: int = 1) -> Tensor:
    """(N, T + (k-1)d, ...) -> (N, T, ...): sums of ``kernel`` entries, ``dilation`` apart.

    Sums of 1, 2, 4, ... taps, each from two of the one before: O(T log k) and no difference.
    """
    frames = x.shape[1] - (kernel - 1) * dilation
    power, width, start, y = x, 1, 0, None
    for bit in range(kernel.bit_length()):
        if kernel >> bit & 1:
            part = power[:, start : start + frames]
            y = part if y is None else y + part
            start += width * dilation
        if kernel >> (bit + 1):
            shift = width * dilation
            power = power[:, :-shift] + power[:, shift:]
            width *= 2
    assert y is not None
    return y


class SlidingSum(TemporalOperator):
    """``y_t = sum_{i=0}^{kernel-1} x_{t + a - i d}``.

    Source: the temporal aggregation of RT-ST-GCN (MLSP 2024).

    >>> import torch
    >>> x = torch.ones(1, 5, 1, 1)
    >>> SlidingSum(3)(x).flatten().tolist()
    [1.0, 2.0, 3.0, 3.0, 3.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[1]
        y = sliding_sum(self.pad(x), self.kernel, self.dilation)
        return y[:, : frames : self.stride]  # (N, ceil(T / stride), ...)

    @property
    def block(self) -> int:
        """Frames in a block."""
        return self.kernel // 2

    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        if self.kernel == 1:
            return ()

        def memory(part: str, *reads: Reading) -> Memory:
            return Memory(
                f"{name}.{part}",
                shape,
                block=self.block,
                reads=reads,
                dilation=self.dilation,
                delay=now.delay,
                stride=now.stride,
            )

        frames, heads = memory("frames", "back"), memory("heads", "run", "whole")
        if self.kernel % 2:
            return frames, heads, memory("tails", "back", "run")
        # The window is one frame shorter, and so is the tail that it needs of each turn.
        return frames, heads, memory("tails", "run"), memory("shorter", "back")

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        if not past:
            return x, ()
        frame, head, whole, *tails = past  # (N, ..., V, C) each
        tail_then, tail = tails if self.kernel % 2 else reversed(tails)
        new_tail, new_head = tail + frame, head + x
        y = tail_then + whole + new_head
        if self.kernel % 2:
            return y, (x, new_head, new_tail)
        return y, (x, new_head, new_tail, tail)
