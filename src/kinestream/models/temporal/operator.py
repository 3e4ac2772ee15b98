"""What every temporal operator is: one definition, a clip form and a step form.

Legend: N people or clips, T frames, ... any axes of a frame, V joints, C channels.

An operator of kernel k, dilation d and look-ahead a computes, for frame t, something of the frames

    t + a - (k-1)d, ..., t + a - d, t + a          (outside the recording: zeros)

        past  <--------- window ---------> future
        o . . o . . o . . t . . o              k = 5, d = 3, a = 3

so a = 0 is causal and a = (k-1)d/2 is the centred convolution that published weights were trained
with. The clip form sees all frames at once. The step form sees the newest frame and its memory, and
answers for frame t when frame t + a arrives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.memory import Memory
from kinestream.models.tick import Tick


class TemporalOperator(nn.Module, ABC):
    """Base of all operators that look along time.

    Args:
        kernel: Frames in the window, 1 or more.
        dilation: Distance between them, 1 or more.
        stride: One output frame for every ``stride`` input frames.
        lookahead: Frames that the window reaches into the future, 0 to ``(kernel - 1) * dilation``.

    Raises:
        ConfigError: A value is out of range.
    """

    def __init__(
        self, kernel: int, *, dilation: int = 1, stride: int = 1, lookahead: int = 0
    ) -> None:
        super().__init__()
        if kernel < 1 or dilation < 1 or stride < 1:
            raise ConfigError(
                f"kernel, dilation and stride must be 1 or more, got {kernel}, {dilation}, {stride}."
            )
        if not 0 <= lookahead <= (kernel - 1) * dilation:
            raise ConfigError(
                f"lookahead must be 0 to (kernel - 1) * dilation = {(kernel - 1) * dilation}, "
                f"got {lookahead}."
            )
        self.kernel = kernel
        self.dilation = dilation
        self.stride = stride
        self.lookahead = lookahead

    @property
    def past(self) -> int:
        """Input frames before its own that one answer depends on."""
        return (self.kernel - 1) * self.dilation - self.lookahead

    def pad(self, x: Tensor) -> Tensor:
        """(N, T, ...) -> (N, T + (k-1)d, ...): the zero frames of the clip form."""
        return F.pad(x, (*(0, 0) * (x.dim() - 2), self.past, self.lookahead))

    def extra_repr(self) -> str:
        return (
            f"kernel={self.kernel}, dilation={self.dilation}, stride={self.stride}, "
            f"lookahead={self.lookahead}"
        )

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """(N, T, ..., V, C) -> (N, ceil(T / stride), ..., V, C')."""

    @abstractmethod
    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        """What the step remembers, for frames of ``shape`` (..., V, C) that belong to ``now``."""

    @abstractmethod
    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Answer from the newest input and the memory; changes neither.

        Args:
            x: (N, ..., V, C) newest input.
            past: For each memory (N, *window).
            now: The moment of ``x``.

        Returns:
            (N, ..., V, C') for frame ``now.index - lookahead``, and the new entry of each memory.
        """
