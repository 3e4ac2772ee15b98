"""The moment of one value inside a step: which frame of the recording it belongs to.

Legend: N people.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Tick:
    """The moment of one value inside a step.

    Attributes:
        index: (N,) int64, which frame of each person's recording the value belongs to, counted at
            this point's own rate; negative while a look-ahead is still filling.
        length: (N,) int64, frames in the recording; a huge number while it is open.
        delay: Input frames between a frame's arrival and its value here.
        stride: Input frames per frame at this point.
    """

    index: Tensor
    length: Tensor
    delay: int = 0
    stride: int = 1

    @property
    def inside(self) -> Tensor:
        """(N,) bool: the frame exists, rather than lying before the start or after the end."""
        return (self.index >= 0) & (self.index < self.length)

    def after(self, lookahead: int, stride: int) -> Tick:
        """The moment of an output that waits ``lookahead`` frames and keeps one in ``stride``."""
        if lookahead == 0 and stride == 1:
            return self
        index, length = self.index - lookahead, self.length
        if stride > 1:
            index, length = index // stride, (length + stride - 1) // stride
        return Tick(
            index=index,
            length=length,
            delay=self.delay + lookahead * self.stride,
            stride=self.stride * stride,
        )
