"""A network in torch, run again over a window of the newest frames for every frame.

This is what publications on clips do live: no state, and every frame is paid
as often as the window is long.

Legend: C channels, W frames of a window, V joints, M people of a scene.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kinestream.benchmarking.peers.subject import Subject
from kinestream.benchmarking.stepping import moving
from kinestream.benchmarking.timing import Contestant
from kinestream.errors import ConfigError
from kinestream.models import Network

LONGEST = 300
"""Frames of a window where none is asked for and the network looks back further."""

MOST = 4096


def window_peers(subject: Subject, windows: Sequence[int] = ()) -> list[Contestant]:
    """A contestant for every window; of one window, the receptive field, where none is asked for.

    Raises:
        ConfigError: A window has no frames, or more than 4,096.
    """
    lengths = list(windows) or [min(subject.network.receptive_field, LONGEST)]
    return [sliding(subject.network, length) for length in dict.fromkeys(lengths)]


def sliding(network: Network, frames: int, name: str | None = None) -> Contestant:
    """A network on its newest frames.

    Args:
        network: In evaluation mode; may average over the whole window.
        frames: W.
        name: Of the contestant; ``window W`` otherwise.

    Raises:
        ConfigError: W is below 1 or above 4,096.
    """
    if not 1 <= frames <= MOST:
        raise ConfigError(f"a window has 1 to {MOST:,} frames, got {frames}.")
    newest = SlidingWindow(network, frames)
    pictures = torch.from_numpy(moving(1, network.frame_shape))
    count = 0

    def step() -> object:
        nonlocal count
        count += 1
        return newest.push(pictures[count % len(pictures)])

    return Contestant(name or f"window {frames}", step, warm=3)


class SlidingWindow:
    """The last W frames, zeros before the first, and what a network makes of them.

    Args:
        network: In evaluation mode.
        frames: W.
    """

    def __init__(self, network: Network, frames: int) -> None:
        channels, *frame = network.frame_shape
        self._network = network
        self._window = torch.zeros(1, channels, frames, *frame)

    def push(self, frame: Tensor) -> Tensor:
        """(1, C, V[, M]) -> (1, K): the last answer of the window that ends with the frame."""
        with torch.inference_mode():
            self._window = torch.cat([self._window[:, :, 1:], frame[:, :, None]], dim=2)
            logits: Tensor = self._network(self._window)[:, :, -1]
            return logits
