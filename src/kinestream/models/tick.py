"""The moment of one value: which frame of the recording it belongs to, and what it has seen.

Legend: N people or clips, T frames.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

FOREVER = 1 << 40
"""The ``past`` of what depends on every frame since the start."""


@dataclass(frozen=True)
class Tick:
    """The moment of one value inside a network.

    Attributes:
        index: Which frame of each recording the value belongs to, counted at this point's own rate.
            In a step (N,) int64, negative while a look-ahead is still filling; in a clip (1, T).
        length: Frames in each recording, (N,) or (N, 1); a huge number while it is open.
        delay: Input frames between a frame's arrival and its value here; 0 in a clip.
        stride: Input frames per frame at this point.
        past: Input frames before its own that the value depends on.
    """

    index: Tensor
    length: Tensor
    delay: int = 0
    stride: int = 1
    past: int = 0

    @property
    def inside(self) -> Tensor:
        """Whether the frame exists, rather than lying before the start or after the end: bool."""
        return (self.index >= 0) & (self.index < self.length)

    def after(self, lookahead: int, stride: int, past: int) -> Tick:
        """The moment of what an operator answers in a step.

        Args:
            lookahead: Frames that the operator waits.
            stride: It keeps one frame in ``stride``.
            past: Frames before its own that it reads.
        """
        index, length = self.index, self.length
        if lookahead:
            index = index - lookahead
        if stride > 1:
            index, length = index // stride, (length + stride - 1) // stride
        return Tick(
            index=index,
            length=length,
            delay=self.delay + lookahead * self.stride,
            stride=self.stride * stride,
            past=min(self.past + past * self.stride, FOREVER),
        )

    def and_with(self, other: Tick) -> Tick:
        """The moment of a value put together from two of the same moment."""
        assert (self.delay, self.stride) == (other.delay, other.stride), "branches do not line up"
        return replace(self, past=max(self.past, other.past))
