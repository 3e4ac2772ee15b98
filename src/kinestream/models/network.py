"""What every frame-wise network is: a clip form, a step form, and numbers about itself.

Legend: N clips or people, C channels, T frames, V joints, M people of a clip, K classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from kinestream.errors import SkeletonError
from kinestream.memory import Memory
from kinestream.models.tape import OPEN, ListingTape, RingTape, State, Tape
from kinestream.models.tick import Tick


class Network(nn.Module, ABC):
    """A network that labels every frame; subclasses write :meth:`clip` and :meth:`tick`.

    Both forms work on frames of shape (V, C) inside: joints first lets the matrix products run
    along channels, whose number suits the hardware better than a number of joints does.

    Args:
        in_channels: C of the input.
        num_joints: V of the input.
        num_classes: K of the output.
        delay: Frames between the arrival of a frame and its label.
        receptive_field: Frames that one label depends on, ``delay`` of them after it.
    """

    def __init__(
        self,
        in_channels: int,
        num_joints: int,
        num_classes: int,
        *,
        delay: int,
        receptive_field: int,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.num_joints = num_joints
        self.num_classes = num_classes
        self.delay = delay
        self.receptive_field = receptive_field

    @property
    def stride(self) -> int:
        """Input frames per label."""
        return 1

    @abstractmethod
    def clip(self, x: Tensor) -> Tensor:
        """(N, T, V, C) -> (N, T, K) logits."""

    @abstractmethod
    def tick(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        """One frame (N, V, C) -> (N, K) logits of frame ``now.index - delay``, and its moment."""

    def forward(self, x: Tensor) -> Tensor:
        """Label every frame of whole clips.

        Args:
            x: (N, C, T, V) or (N, C, T, V, M). With people, their logits are averaged.

        Returns:
            (N, K, T) logits.

        Raises:
            SkeletonError: C or V is not what the network was made for.
        """
        people = x.shape[4] if x.dim() == 5 else 0
        if people:
            x = x.permute(0, 4, 1, 2, 3).flatten(0, 1)  # (N*M, C, T, V)
        self._check(x.shape[1], x.shape[3])
        y = self.clip(x.permute(0, 2, 3, 1).contiguous())  # (N, T, K)
        if people:
            y = torch.unflatten(y, 0, (-1, people)).mean(1)
        return y.transpose(1, 2)

    def start(self, people: int) -> State:
        """The state of ``people`` streams that have seen nothing."""
        like = self._like()
        rings = {
            memory.name: like.new_zeros(people, memory.length, *memory.shape)
            for memory in self.memories()
        }
        frames = torch.zeros(people, dtype=torch.int64, device=like.device)
        return State(frames, torch.full_like(frames, OPEN), rings)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Take one frame of each person; pure.

        Args:
            x: (N, C, V), the newest frame. After the end of a recording (``state.length`` set) its
                values do not matter: each operator sees its own zero padding.
            state: From :meth:`start` or the step before.

        Returns:
            (N, K) logits of frame ``state.frames - delay``, meaningless while that is negative, and
            the next state.
        """
        self._check(x.shape[1], x.shape[2])
        tape = RingTape(self, state)
        y, _ = self.tick(x.transpose(1, 2), tape.now, tape)
        return y, tape.state()

    def memories(self) -> list[Memory]:
        """All that a step remembers, in the order it is used."""
        like = self._like()
        tape = ListingTape(self, like)
        with torch.no_grad():
            self.tick(like.new_zeros(1, self.num_joints, self.in_channels), tape.now, tape)
        return tape.memories

    def _like(self) -> Tensor:
        return next(self.parameters())

    def _check(self, channels: int, joints: int) -> None:
        if (channels, joints) != (self.in_channels, self.num_joints):
            raise SkeletonError(
                f"this network takes {self.in_channels} channels of {self.num_joints} joints, got "
                f"{channels} channels of {joints} joints."
            )


def stream(network: Network, x: Tensor) -> Tensor:
    """Feed a clip frame by frame, with the end flushed: the reference of all hosts.

    Args:
        network: Any network whose ``stride`` is 1.
        x: (N, C, T, V).

    Returns:
        (N, K, T) logits, equal to ``network(x)``.
    """
    frames = x.shape[2]
    state = network.start(len(x))
    outputs = []
    for t in range(frames + network.delay):
        if t == frames:
            state = state._replace(length=torch.full_like(state.length, frames))
        y, state = network.step(x[:, :, min(t, frames - 1)], state)
        outputs.append(y)
    return torch.stack(outputs[network.delay :], dim=2)
