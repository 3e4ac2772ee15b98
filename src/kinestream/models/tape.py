"""One definition, two executions: a tape runs the temporal operators of a network.

A network is written once, as functions of frames ``x``, their moment ``now`` and a tape. Whatever
works on single frames is plain torch on the last axes; whatever looks along time goes through
``tape.run``. With a :class:`ClipTape` the frames are whole clips (N, T, ..., V, C); with the tapes
of ``stepping.py`` they are single frames (N, ..., V, C) and the operators remember.

Legend: N people or clips, T frames, V joints, C channels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.tick import Tick

Section = Callable[[Tensor, Tick, "Tape"], tuple[list[Tensor], Tick]]


class Tape(ABC):
    """Runs temporal operators, either on clips or step by step."""

    @abstractmethod
    def run(self, operator: TemporalOperator, x: Tensor, now: Tick) -> tuple[Tensor, Tick]:
        """Run one temporal operator.

        Args:
            operator: A submodule of the network.
            x: Its input, (N, T, ..., V, C) or (N, ..., V, C).
            now: The moment of ``x``.

        Returns:
            What it answers, and the moment that belongs to.
        """

    def when_due(self, section: Section, x: Tensor, now: Tick) -> tuple[list[Tensor], Tick]:
        """Run a section of a network, up to its next stride; a tape may leave it out off the beat.

        Args:
            section: Takes frames, their moment and a tape; gives tensors and their moment.
            x: Its input.
            now: The moment of ``x``.
        """
        return section(x, now, self)


class ClipTape(Tape):
    """Whole clips at once.

    Args:
        lengths: (N,) frames in each clip of a padded batch. What lies behind them is then zero for
            every operator, so each clip gets the numbers that it would get alone.
    """

    def __init__(self, lengths: Tensor | None = None) -> None:
        self.lengths = lengths

    def start(self, x: Tensor) -> Tick:
        """The moment of the input (N, T, ...)."""
        frames = x.shape[1]
        index = torch.arange(frames, device=x.device)[None]
        lengths = index.new_full((1,), frames) if self.lengths is None else self.lengths
        return Tick(index, lengths[:, None])

    def run(self, operator: TemporalOperator, x: Tensor, now: Tick) -> tuple[Tensor, Tick]:
        if self.masks(operator):
            x = x * now.inside.reshape(*now.inside.shape, *[1] * (x.dim() - 2))
        later = now.after(0, operator.stride, operator.past)
        if operator.stride > 1:
            later = replace(later, index=now.index[:, :: operator.stride] // operator.stride)
        return operator(x), later

    def masks(self, operator: TemporalOperator) -> bool:
        """Whether the padding behind short clips is hidden from an operator."""
        return self.lengths is not None
