"""What every network is: a clip form, a step form, and numbers about itself.

Legend: N clips or people, C channels, T frames, V joints, M people of a scene, K classes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import torch
from torch import Tensor, nn

from kinestream.errors import ConfigError, SkeletonError
from kinestream.memory import Memory
from kinestream.models.stepping import OPEN, ListingTape, Part, RingTape, State
from kinestream.models.tape import ClipTape, Tape
from kinestream.models.temporal import Average
from kinestream.models.tick import FOREVER, Tick


class Network(nn.Module, ABC):
    """A network that labels frames; subclasses write :meth:`run`, once for clips and steps.

    Inside, frames are (V, C), or (M, V, C) where a scene of several people is one input: joints
    first lets the matrix products run along channels, whose number suits the hardware better.

    Args:
        in_channels: C of the input.
        num_joints: V of the input.
        num_classes: K of the output.
        people: M that are labelled together; 1 labels each person alone.
    """

    def __init__(
        self, in_channels: int, num_joints: int, num_classes: int, *, people: int = 1
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.num_joints = num_joints
        self.num_classes = num_classes
        self.people = people

    @abstractmethod
    def run(self, x: Tensor, now: Tick, tape: Tape) -> tuple[list[Tensor], Tick]:
        """Frames and their moment -> logits (..., K) of every stage, the last one the answer."""

    @property
    def delay(self) -> int:
        """Frames between the arrival of a frame and its label."""
        return self._probe[0].delay

    @property
    def stride(self) -> int:
        """Input frames per label: frame 0 is labelled, then one in ``stride``."""
        return self._probe[0].stride

    @property
    def receptive_field(self) -> int:
        """Frames that one label depends on, ``delay`` of them after it; beyond ``FOREVER`` all."""
        tick = self._probe[0]
        return tick.past + tick.delay + 1

    @property
    def remembers_all(self) -> bool:
        """Whether a label depends on every frame since the start."""
        return self._probe[0].past >= FOREVER

    @property
    def period(self) -> int:
        """A recording cut at multiples of this many frames keeps the beat of strides and refreshes."""
        beats = [memory.stride for memory in self.memories()]
        return math.lcm(self.stride, *beats)

    @property
    def rates(self) -> tuple[int, ...]:
        """Input frames per frame, wherever in the network batch norms may stand."""
        return (1,)

    @property
    def streams(self) -> bool:
        """Whether the network can step: none of its means is over whole clips."""
        averages = (module for module in self.modules() if isinstance(module, Average))
        return all(average.averaging.over == "past" for average in averages)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Label whole clips.

        Args:
            x: (N, C, T, V) or (N, C, T, V, M). People of a network that labels each alone have
                their logits averaged.
            lengths: (N,) frames of each clip in a padded batch; what lies behind is not looked at.

        Returns:
            (N, K, ceil(T / stride)) logits.

        Raises:
            SkeletonError: C, V or M is not what the network was made for.
        """
        return self.stages(x, lengths)[-1]

    def stages(self, x: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """As :meth:`forward`, the logits of every stage."""
        if x.dim() not in (4, 5) or 0 in x.shape:
            raise SkeletonError(
                f"clips must be (N, C, T, V) or (N, C, T, V, M) and not empty, got {tuple(x.shape)}."
            )
        alone = x.dim() == 5 and self.people == 1
        people = x.shape[4] if alone else 1
        if alone:
            x = x.permute(0, 4, 1, 2, 3).flatten(0, 1)  # (N*M, C, T, V)
            lengths = None if lengths is None else lengths.repeat_interleave(people)
        frames = x.permute(0, 2, *range(4, x.dim()), 3, 1).contiguous()  # (N, T, [M,] V, C)
        self._check(frames)
        tape = ClipTape(lengths)
        outputs, _ = self.run(frames, tape.start(frames), tape)  # (N, T', K) each
        if people > 1:
            outputs = [torch.unflatten(y, 0, (-1, people)).mean(1) for y in outputs]
        return [y.transpose(1, 2) for y in outputs]

    def over_clip(self, logits: Tensor) -> Tensor:
        """(N, T', K) -> (N, K): one answer from those of all frames of a clip."""
        return logits.mean(1)

    def start(self, people: int) -> State:
        """The state of ``people`` streams (or scenes) that have seen nothing.

        Raises:
            ConfigError: The network is in training mode, or averages over whole clips.
        """
        if self.training:
            raise ConfigError("a network streams in evaluation mode: call .eval() first.")
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
            x: (N, C, V) or (N, C, V, M), the newest frame. After the end of a recording
                (``state.length`` set) its values do not matter: each operator sees its own zero
                padding.
            state: From :meth:`start` or the step before.

        Returns:
            (N, K) logits of frame ``state.frames - delay``, meaningless while that is negative and
            where it is no multiple of ``stride``, and the next state.
        """
        frame = self.frame(x)
        if len(frame) != len(state.frames):
            raise SkeletonError(
                f"{len(frame)} frames for a state of {len(state.frames)} streams: one for each."
            )
        tape = RingTape(self, state)
        outputs, _ = self.run(frame, tape.now, tape)
        return outputs[-1], tape.state()

    def frame(self, x: Tensor) -> Tensor:
        """(N, C, V) or (N, C, V, M) -> (N, [M,] V, C), checked."""
        if x.dim() != 1 + len(self.frame_shape):
            raise SkeletonError(
                f"frames must be (N, {', '.join(map(str, self.frame_shape))}), got "
                f"{tuple(x.shape)}."
            )
        frame = x.permute(0, *range(3, x.dim()), 2, 1)
        self._check(frame)
        return frame

    def memories(self) -> list[Memory]:
        """All that a step remembers, in the order it is used."""
        return self._probe[1]

    def parts(self) -> list[Part]:
        """What is known of the sections between strides, in order."""
        return self._probe[2]

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Shape of one input frame: (C, V), or (C, V, M) for a scene."""
        scene = (self.people,) if self.people > 1 else ()
        return (self.in_channels, self.num_joints, *scene)

    @cached_property
    def _probe(self) -> tuple[Tick, list[Memory], list[Part]]:
        """What one step on zeros tells: the moment of its answer, what it remembers, its sections."""
        like = self._like()
        tape = ListingTape(self, like)
        with torch.no_grad(), _evaluating(self):
            zeros = like.new_zeros(1, *self.frame_shape)
            _, tick = self.run(self.frame(zeros), tape.now, tape)
        return tick, tape.memories, tape.parts

    def _like(self) -> Tensor:
        return next(self.parameters())

    def _check(self, frames: Tensor) -> None:
        scene = (self.people,) if self.people > 1 else ()
        expected = (*scene, self.num_joints, self.in_channels)
        found = tuple(map(int, frames.shape[-len(expected) :]))
        if found != expected:
            raise SkeletonError(
                f"this network takes {self._shape_text(expected)}, got {self._shape_text(found)}."
            )

    @staticmethod
    def _shape_text(shape: tuple[int, ...]) -> str:
        text = f"{shape[-1]} channels of {shape[-2]} joints"
        return text if len(shape) == 2 else f"{text} of {shape[0]} people"


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode for a moment: a look at the network must not move its running statistics."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def stream(network: Network, x: Tensor) -> Tensor:
    """Feed a clip frame by frame, with the end flushed: the reference of all hosts.

    Args:
        network: Any network that streams.
        x: (N, C, T, V) or (N, C, T, V, M). People of a network that labels each alone are streamed
            each alone, and their logits averaged.

    Returns:
        (N, K, ceil(T / stride)) logits, equal to ``network(x)``.
    """
    if x.dim() == 5 and network.people == 1:
        alone = [stream(network, person) for person in x.unbind(-1)]
        return torch.stack(alone).mean(0)
    frames = x.shape[2]
    state = network.start(len(x))
    outputs = []
    for t in range(frames + network.delay):
        if t == frames:
            state = state._replace(length=torch.full_like(state.length, frames))
        y, state = network.step(x[:, :, min(t, frames - 1)], state)
        outputs.append(y)
    return torch.stack(outputs[network.delay :: network.stride], dim=2)


def classify(network: Network, x: Tensor) -> Tensor:
    """One answer for each whole clip.

    A head that averages over time has the whole clip in its last answer. Of a head that labels
    frames the answers are averaged, which is global pooling too, since heads are linear.

    Args:
        network: Any network.
        x: (N, C, T, V) or (N, C, T, V, M), as the network takes it.

    Returns:
        (N, K) logits.
    """
    return network.over_clip(network(x).transpose(1, 2))


def classify_frames(network: Network, frames: Tensor) -> Tensor:
    """As :func:`classify`, of frames (N, T, [M,] V, C) as they are inside networks."""
    tape = ClipTape()
    outputs, _ = network.run(frames, tape.start(frames), tape)
    return network.over_clip(outputs[-1])
