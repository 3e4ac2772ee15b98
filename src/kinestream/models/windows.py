"""Continuous recognition with clip networks: a window slides over the recording.

Legend: N people or clips, T frames, W frames of a window, S stride, ... any axes of a frame, V joints,
C channels, K classes.

    frames    |---------------------------------------------------------|
    windows             <------- W ------->
                              <------- W ------->            S = 3 frames further
    labels                             [ S ][ S ]            a window labels its newest S frames

Every answer costs a whole clip: this is what published clip networks do on long recordings, and what
the networks that stream are measured against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.memory import Memory
from kinestream.models.network import Network, classify_frames
from kinestream.models.tape import Tape
from kinestream.models.temporal import TemporalOperator
from kinestream.models.tick import Tick

FRAMES_AT_ONCE = 1 << 14
"""Frames, counted once per window that holds them, that are run together to bound memory."""


@dataclass(frozen=True)
class WindowOptions:
    """How windows are laid.

    Attributes:
        frames: W, frames in a window.
        stride: S, frames from one window to the next: 1 for every frame, W for windows that do not
            overlap.
        lookahead: Frames of a window after the first frame that it labels; by default S - 1, so that
            a window labels its newest S frames. With 0 no label waits.
    """

    frames: int
    stride: int = 1
    lookahead: int | None = None

    def __post_init__(self) -> None:
        numbers = self.frames, self.stride, self.lookahead or 0
        if not all(isinstance(number, int) for number in numbers) or self.frames < 1:
            raise ConfigError(
                f"window.frames, stride and lookahead are whole numbers of frames, got "
                f"{', '.join(map(repr, numbers))}."
            )
        ahead = self.stride - 1 if self.lookahead is None else self.lookahead
        if not (1 <= self.stride <= self.frames and 0 <= ahead < self.frames):
            raise ConfigError(
                f"a window of {self.frames} frames needs a stride of 1 to {self.frames} and a "
                f"lookahead of 0 to {self.frames - 1}, got {self.stride} and {ahead}."
            )

    @classmethod
    def of(cls, options: WindowOptions | Mapping[str, Any]) -> WindowOptions:
        """From the section of a configuration.

        Raises:
            ConfigError: A key or value is wrong.
        """
        if isinstance(options, WindowOptions):
            return options
        try:
            return cls(**options)
        except TypeError:
            raise ConfigError(
                f"window needs frames and takes stride and lookahead, got {options!r}."
            ) from None


class ClipWindow(TemporalOperator):
    """Answers with what a clip network makes of the last W frames, zeros before the first.

    Args:
        network: Labels clips.
        options: Length and stride.
    """

    def __init__(self, network: Network, options: WindowOptions) -> None:
        ahead = options.stride - 1 if options.lookahead is None else options.lookahead
        super().__init__(options.frames, stride=options.stride, lookahead=ahead)
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        windows = self.pad(x).unfold(1, self.kernel, self.stride)  # (N, J, ..., V, C, W)
        windows = windows.movedim(-1, 2)  # (N, J, W, ..., V, C), J = ceil(T / S)
        if torch.compiler.is_exporting():
            return torch.unflatten(self._answer(windows.flatten(0, 1)), 0, windows.shape[:2])
        at_once = max(1, FRAMES_AT_ONCE // self.kernel // len(x))
        parts = torch.split(windows, at_once, dim=1)
        answers = [torch.unflatten(self._answer(p.flatten(0, 1)), 0, p.shape[:2]) for p in parts]
        return torch.cat(answers, dim=1)  # (N, J, K)

    def memories(self, name: str, shape: tuple[int, ...], now: Tick) -> tuple[Memory, ...]:
        if self.kernel == 1:
            return ()
        return (Memory(name, shape, self.kernel - 1, delay=now.delay, stride=now.stride),)

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], now: Tick
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        if not past:
            return self._answer(x[:, None]), ()
        older = past[0] if self.kernel > 2 else past[0][:, None]
        window = torch.cat([older, x[:, None]], dim=1)  # (N, W, ..., V, C)
        due = ((now.index - self.lookahead) % self.stride == 0).any()
        return self._when(due, window), (x,)

    def _answer(self, windows: Tensor) -> Tensor:
        """(N, W, ..., V, C) -> (N, K)."""
        return classify_frames(self.network, windows)

    def _when(self, due: Tensor, window: Tensor) -> Tensor:
        """The answer, or off the beat zeros that no one reads."""

        def nothing(window: Tensor) -> Tensor:
            return window.new_zeros(window.shape[0], self.network.num_classes)

        if self.stride == 1:
            return self._answer(window)
        if torch.compiler.is_exporting():
            answer: Tensor = torch.cond(due, self._answer, nothing, (window,))
            return answer
        return self._answer(window) if bool(due) else nothing(window)


class Windowed(Network):
    """Any network, run over a recording in windows.

    Args:
        network: Labels clips; its means may be over whole clips.
        options: How windows are laid.
    """

    def __init__(self, network: Network, options: WindowOptions) -> None:
        super().__init__(
            network.in_channels, network.num_joints, network.num_classes, people=network.people
        )
        self.window = ClipWindow(network, options)

    @property
    def streams(self) -> bool:
        """Windows of any network stream."""
        return True

    def run(self, x: Tensor, now: Tick, tape: Tape) -> tuple[list[Tensor], Tick]:
        y, later = tape.run(self.window, x, now)
        return [y], later
