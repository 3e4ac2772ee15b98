"""The temporal shift: every channel looks a learned, fractional number of frames away."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinestream.memory import Memory
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.tick import Tick


class TemporalShift(TemporalOperator):
    """``y_t[c] = x_{t + s_c}[c]``, between two frames by linear interpolation.

    Args:
        channels: C.
        reach: Largest shift in frames, either way.
        lookahead: 0 to ``reach``: shifts lie in ``lookahead - 2 reach ... lookahead``, so the window
            has the length of the centred one and only moves.

    Attributes:
        shift: (C,) frames from the middle of the window, learned.

    Source: adaptive temporal shift of Shift-GCN (Cheng et al., CVPR 2020), as a gather.
    """

    def __init__(
        self, channels: int, reach: int = 1, *, stride: int = 1, lookahead: int = 0
    ) -> None:
        super().__init__(2 * reach + 1, stride=stride, lookahead=lookahead)
        self.reach = reach
        self.shift = nn.Parameter(torch.empty(channels).uniform_(-reach, reach))

    def _places(self) -> tuple[Tensor, Tensor]:
        """Which frame of the window comes just before the wanted moment, and how far after it."""
        place = self.shift.clamp(-self.reach, self.reach) + self.reach  # (C,) from the oldest tap
        before = place.detach().floor().clamp(max=max(self.kernel - 2, 0))
        return before.long(), place - before

    def _between(self, window: Tensor) -> Tensor:
        """(N, ..., C, k) -> (N, ..., C)."""
        if self.kernel == 1:
            return window[..., 0]
        before, part = self._places()
        places = before[:, None].expand(*window.shape[:-1], 1)
        earlier = window.gather(-1, places)[..., 0]
        later = window.gather(-1, places + 1)[..., 0]
        return earlier + part * (later - earlier)

    def forward(self, x: Tensor) -> Tensor:
        # (N, T, ..., C, k), a view
        return self._between(self.pad(x).unfold(1, self.kernel, self.stride))

    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        if self.kernel == 1:
            return ()
        return (Memory(name, shape, self.kernel - 1, delay=now.delay, stride=now.stride),)

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        if not past:
            return x, ()
        window = torch.cat([past[0], x[:, None]], dim=1).movedim(1, -1)  # (N, ..., C, k)
        return self._between(window), (x,)
