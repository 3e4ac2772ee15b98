"""The block that all graph networks are stacks of: something spatial, something temporal, a residual.

Legend: N people or clips, T frames, V joints, C channels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.norm import NormName, frame_norm
from kinestream.models.quantising.linear import GridLinear
from kinestream.models.tape import Tape
from kinestream.models.temporal import Delay
from kinestream.models.tick import Tick

ResidualKind = Literal["auto", "project", "none"]
Join = Literal["after", "before", "both"]


class Block(nn.Module, ABC):
    """A part of a network, run on clips or step by step by a tape.

    Attributes:
        lookahead: Frames, at its input's rate, that its answer waits.
        stride: It answers one frame in ``stride``.
    """

    lookahead: int = 0
    stride: int = 1

    @abstractmethod
    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        """Frames (..., V, C) and their moment -> frames (..., V, C') and theirs."""


class PerFrame(Block):
    """A module that works on every frame by itself.

    Args:
        module: (..., V, C) -> (..., V, C').
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        return self.module(x), now


class Residual(nn.Module):
    """Adds the input, delayed to line up, to what a block has made of it.

    Args:
        in_channels: C.
        out_channels: C'.
        joints: V.
        kind: ``auto`` adds the input itself where shapes agree and a product of it where they do
            not; ``project`` always a product; ``none`` nothing.
        norm: Of the product.
        bias: Of the product.
        lookahead: Frames that the block waits.
        stride: It answers one frame in ``stride``.

    Raises:
        ConfigError: There is no residual of that kind.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        joints: int,
        *,
        kind: ResidualKind = "auto",
        norm: NormName,
        bias: bool = True,
        lookahead: int = 0,
        stride: int = 1,
    ) -> None:
        super().__init__()
        if kind not in ("auto", "project", "none"):
            raise ConfigError(f"residual must be 'auto', 'project' or 'none', got {kind!r}.")
        self.kind = kind
        self.delay = Delay(lookahead, stride=stride)
        self.product: nn.Module = nn.Identity()
        self.norm: nn.Module = nn.Identity()
        same = in_channels == out_channels and stride == 1
        if kind == "project" or (kind == "auto" and not same):
            self.product = GridLinear(in_channels, out_channels, bias=bias)
            self.norm = frame_norm(norm, out_channels, joints)

    def forward(
        self, x: Tensor, now: Tick, y: Tensor, later: Tick, tape: Tape
    ) -> tuple[Tensor, Tick]:
        """``y`` at its moment ``later``, with the residual of ``x`` added."""
        if self.kind == "none":
            return y, later
        x, then = tape.run(self.delay, x, now)
        return y + self.norm(self.product(x)), later.and_with(then)


class SpatioTemporalBlock(Block):
    """``ReLU(temporal(spatial(x)) + residual(x))``.

    Args:
        spatial: Mixes joints.
        temporal: Mixes frames.
        residual: Adds the input.
        join: Where the ReLU goes: ``after`` the sum, on the temporal part ``before`` it, or
            ``both``.
        dropout: Share of the temporal part's values dropped in training.
    """

    def __init__(
        self,
        spatial: Block,
        temporal: Block,
        residual: Residual,
        *,
        join: Join = "after",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.spatial = spatial
        self.temporal = temporal
        self.residual = residual
        self.join = join
        self.dropout = nn.Dropout(dropout)
        self.lookahead = spatial.lookahead + temporal.lookahead
        self.stride = temporal.stride

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        y, later = self.spatial(x, now, tape)
        y, later = self.temporal(y, later, tape)
        if self.join != "after":
            y = F.relu(y)
        y, later = self.residual(x, now, self.dropout(y), later, tape)
        return (y if self.join == "before" else F.relu(y)), later
