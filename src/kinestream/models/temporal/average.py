"""Whatever averages over time: attention, learned topologies, pooling heads.

Legend: N people or clips, T frames, ... any axes of a frame, V joints, C channels, R frames between
refreshes, W frames averaged.

A published network averages some statistic over the whole clip, makes a context of the mean (a
topology, an attention) and uses it on every frame. A stream has no whole clip. Here the mean is
over the frames up to the last refresh, in the clip form and in the step form alike:

    frames     0 . . . r . . . r . . . r . .         refreshed every R = 4 frames
    averaged   <------- W frames ------>             by frame t; the context of the
                                       ^   t         frames from r on is made of them

    y_t = use(x_t, context(mean(statistic(x_s))))     s = r - W + 1 ... r,  r = R * (t // R)

At the start of a recording the mean is over the frames that there are. Sums are kept in blocks of R
frames and never subtracted from, so a value leaves exactly with its window.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.memory import Memory
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.temporal.sum import sliding_sum
from kinestream.models.tick import FOREVER, Tick


@dataclass(frozen=True)
class Averaging:
    """How means over time are taken.

    Attributes:
        over: ``past`` streams. ``clip`` averages over the whole clip, as published networks do in
            training; such a network runs on clips and windows only.
        window: Input frames averaged; ``None`` for all since the start of the recording.
        refresh: Input frames between two contexts.
    """

    over: Literal["past", "clip"] = "past"
    window: int | None = 256
    refresh: int = 8

    def __post_init__(self) -> None:
        if self.over not in ("past", "clip"):
            raise ConfigError(f"averaging.over must be 'past' or 'clip', got {self.over!r}.")
        if self.refresh < 1:
            raise ConfigError(f"averaging.refresh must be 1 or more frames, got {self.refresh}.")
        if self.window is not None and (self.window < 1 or self.window % self.refresh):
            raise ConfigError(
                f"averaging.window must be a multiple of averaging.refresh, {self.refresh} frames, "
                f"got {self.window}."
            )

    @classmethod
    def of(cls, options: Averaging | Mapping[str, Any] | None) -> Averaging:
        """From the section of a configuration.

        Raises:
            ConfigError: A key or value is wrong.
        """
        if isinstance(options, Averaging):
            return options
        try:
            return cls(**(options or {}))
        except TypeError:
            raise ConfigError(
                f"averaging takes over, window and refresh, got {', '.join(options or {})}."
            ) from None

    def at(self, rate: int) -> Averaging:
        """The same times for a layer that sees one frame in ``rate``."""
        refresh = max(1, self.refresh // rate)
        window = self.window
        if window is not None:
            window = max(1, window // rate // refresh) * refresh
        return Averaging(self.over, window, refresh)


class Average(TemporalOperator, ABC):
    """``y_t = use(x_t, context(mean of statistic(x)))``; subclasses say which three.

    Args:
        averaging: Window and refresh, in frames of this operator.
    """

    def __init__(self, averaging: Averaging) -> None:
        super().__init__(1)
        self.averaging = averaging
        self._known_shapes: dict[tuple[int, ...], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    @abstractmethod
    def statistic(self, x: Tensor) -> Tensor:
        """(*lead, ..., V, C) -> (*lead, *S): what is averaged, frame by frame."""

    @abstractmethod
    def context(self, mean: Tensor) -> Tensor:
        """(*lead, *S) -> (*lead, *S'): what the frames need to know of the mean."""

    def values(self, x: Tensor) -> Tensor:
        """(*lead, ..., V, C) -> (*lead, ..., V, C''): what the context is used on."""
        return x

    @abstractmethod
    def use(self, x: Tensor, context: Tensor) -> Tensor:
        """(*lead, ..., V, C'') and (*lead or ones, *S') -> (*lead, ..., V, C')."""

    @property
    def past(self) -> int:
        window = self.averaging.window
        return FOREVER if window is None else window + self.averaging.refresh - 2

    def extra_repr(self) -> str:
        return repr(self.averaging)

    def forward(self, x: Tensor) -> Tensor:
        frames, refresh = x.shape[1], self.averaging.refresh
        if self.averaging.over == "clip":
            mean = self.statistic(x).mean(1, keepdim=True)  # (N, 1, *S)
            return self.use(self.values(x), self.context(mean))
        context = self.context(self._means(self.statistic(x)))  # (N, G, *S')
        x = self.values(x)  # before the padding below, which a norm must not see
        if refresh == 1:
            return self.use(x, context)
        groups = context.shape[1]
        x = F.pad(x, (*(0, 0) * (x.dim() - 2), 0, groups * refresh - frames))
        x = torch.unflatten(x, 1, (-1, refresh))  # (N, G, R, ..., V, C)
        return self.use(x, context.unsqueeze(2)).flatten(1, 2)[:, :frames]

    def _means(self, z: Tensor) -> Tensor:
        """(N, T, *S) -> (N, G, *S): the mean at each refresh, G = ceil(T / R)."""
        refresh, window = self.averaging.refresh, self.averaging.window
        frames = z.shape[1]
        groups = (frames + refresh - 1) // refresh
        ones = (0, 0) * (z.dim() - 2)
        # Blocks end at refreshes, so the first holds one frame and what follows the last none.
        z = F.pad(z[:, : frames - (frames - 1) % refresh], (*ones, refresh - 1, 0))
        sums = torch.unflatten(z, 1, (-1, refresh)).sum(2)  # (N, G, *S)
        if window is None:
            sums = sums.cumsum(1)
        else:
            kernel = window // refresh
            sums = sliding_sum(F.pad(sums, (*ones, kernel - 1, 0)), kernel)
        return sums / self._count(torch.arange(groups, device=z.device) * refresh, sums, dim=1)

    def _count(self, index: Tensor, like: Tensor, dim: int) -> Tensor:
        """How many frames are averaged at frame ``index``, along axis ``dim`` of ``like``."""
        count = (index + 1).clamp(1, self.averaging.window or FOREVER).to(like.dtype)
        return count.reshape(-1, *[1] * (like.dim() - 1 - dim))

    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        if self.averaging.over == "clip":
            raise ConfigError(
                "this network averages over whole clips, so it cannot stream: set averaging.over to "
                "'past', or run it in windows."
            )
        refresh, window = self.averaging.refresh, self.averaging.window
        kept, made = self._shapes(shape)
        beat = now.stride * refresh
        memories = []
        if refresh > 1 or window is None:
            memories.append(Memory(f"{name}.sum", kept, 1, delay=now.delay, stride=now.stride))
        if window is not None and window > refresh:
            taps = window // refresh - 1
            memories.append(Memory(f"{name}.blocks", kept, taps, delay=now.delay, stride=beat))
        if refresh > 1:
            memories.append(Memory(f"{name}.context", made, 1, delay=now.delay, stride=beat))
        return tuple(memories)

    def _shapes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Of the statistic and of the context, for frames of ``shape``; found out once."""
        if shape not in self._known_shapes:
            like = next(self.parameters(), torch.zeros(()))
            with torch.no_grad():
                mean = self.statistic(like.new_zeros(1, *shape))
                context = self.context(mean)
            self._known_shapes[shape] = tuple(mean.shape[1:]), tuple(context.shape[1:])
        return self._known_shapes[shape]

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        refresh, window = self.averaging.refresh, self.averaging.window
        kept = list(past)
        entries = []
        z = self.statistic(x)  # (N, *S)
        each = (-1, *[1] * (z.dim() - 1))
        total = torch.where(now.inside.reshape(each), z, torch.zeros_like(z))
        if refresh > 1 or window is None:
            before = kept.pop(0)
            if window is not None:  # a block begins after a refresh
                begins = (now.index % refresh == 1).reshape(each)
                before = torch.where(begins, torch.zeros_like(before), before)
            total = total + before
            entries.append(total)
        if window is not None and window > refresh:
            blocks = kept.pop(0)
            entries.append(total)
            total = total + (blocks.sum(1) if window > 2 * refresh else blocks)
        mean = total / self._count(now.index, total, dim=0)
        if refresh == 1:
            return self.use(self.values(x), self.context(mean)), tuple(entries)
        context = self._refreshed(mean, kept.pop(0), now.index % refresh == 0)
        return self.use(self.values(x), context), (*entries, context)

    def _refreshed(self, mean: Tensor, held: Tensor, due: Tensor) -> Tensor:
        """The held context, made anew for those who are due; nothing is computed for no one."""

        def make(mean: Tensor, held: Tensor, due: Tensor) -> Tensor:
            whose = due.reshape(-1, *[1] * (held.dim() - 1))
            return torch.where(whose, self.context(mean), held).contiguous()

        def hold(mean: Tensor, held: Tensor, due: Tensor) -> Tensor:
            return held.contiguous().clone()

        if torch.compiler.is_exporting():
            made: Tensor = torch.cond(due.any(), make, hold, (mean, held, due))
            return made
        return make(mean, held, due) if bool(due.any()) else held
