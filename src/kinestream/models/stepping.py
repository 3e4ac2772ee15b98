"""How a network steps: tapes that serve operators their memory and keep what they make.

Legend: N people, V joints, C channels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinestream.memory import Memory, Reading
from kinestream.models.tape import Section, Tape
from kinestream.models.temporal.operator import TemporalOperator
from kinestream.models.tick import Tick


class StepTape(Tape):
    """Serves operators their memory during one step and keeps what they make."""

    def __init__(self, network: nn.Module, now: Tick) -> None:
        self.now = now
        self._names = {module: name for name, module in network.named_modules()}

    def run(self, operator: TemporalOperator, x: Tensor, now: Tick) -> tuple[Tensor, Tick]:
        later = now.after(operator.lookahead, operator.stride, operator.past)
        if later.delay > 0:
            # What lies outside the recording is this operator's own zero padding.
            inside = now.inside.reshape(-1, *[1] * (x.dim() - 1))
            x = torch.where(inside, x, torch.zeros_like(x))
        name = self._names[operator]
        memories = operator.memories(name, tuple(map(int, x.shape[1:])), now)
        past = tuple(x for memory in memories for x in self.recall(memory))
        y, entries = operator.step(x, past, now)
        for memory, entry in zip(memories, entries, strict=True):
            self.record(memory, entry)
        return y, later

    @abstractmethod
    def recall(self, memory: Memory) -> Sequence[Tensor]:
        """For each reading (N, *memory.window): what this step reads, oldest first."""

    @abstractmethod
    def record(self, memory: Memory, entry: Tensor) -> None:
        """Keep the newest entry, (N, *shape)."""


class State(NamedTuple):
    """All that a stream of N people remembers; plain tensors, so it can be batched and saved.

    Attributes:
        frames: (N,) int64, input frames seen.
        length: (N,) int64, frames in the recording; ``OPEN`` until the end is known.
        rings: For each memory (N, length, *shape), newest last.
    """

    frames: Tensor
    length: Tensor
    rings: dict[str, Tensor]


OPEN = 1 << 62


class RingTape(StepTape):
    """Memory held in torch: short and plain, for training, tests and as the reference of hosts."""

    def __init__(self, network: nn.Module, state: State) -> None:
        super().__init__(network, Tick(state.frames, state.length))
        self._state = state
        self._rings = dict(state.rings)

    def recall(self, memory: Memory) -> Sequence[Tensor]:
        return [self._read(memory, reading) for reading in memory.reads]

    def _read(self, memory: Memory, reading: Reading) -> Tensor:
        ring = self._state.rings[memory.name]  # (N, L, *shape)
        windows = []
        for person, frame in zip(ring, self.now.index, strict=True):
            lags = memory.lags(reading, memory.next_entry(int(frame)))
            places = [memory.length - lag for lag in lags]
            window = person[places] if places else torch.zeros_like(person[:1])
            windows.append(window.reshape(memory.window))
        return torch.stack(windows)

    def record(self, memory: Memory, entry: Tensor) -> None:
        ring = self._state.rings[memory.name]
        moved = torch.cat([ring[:, 1:], entry[:, None]], dim=1)
        behind = self.now.index - memory.delay
        made = (behind >= 0) & (behind % memory.stride == 0)
        made = made.reshape(-1, *[1] * (ring.dim() - 1))
        self._rings[memory.name] = torch.where(made, moved, ring)

    def state(self) -> State:
        """The state after the step."""
        return State(self._state.frames + 1, self._state.length, self._rings)


class Part(NamedTuple):
    """What a step can be told of one section of a network before it is run.

    Attributes:
        memories: What its operators remember.
        shapes: Of its outputs, without N.
        delay: Input frames between a frame's arrival and the section's answer for it.
        stride: Input frames per answer.
        past: Input frames before its own that an answer depends on.
    """

    memories: tuple[Memory, ...]
    shapes: tuple[tuple[int, ...], ...]
    delay: int
    stride: int
    past: int


class ListingTape(StepTape):
    """Finds out which memories a step uses and of what sections it is, by running it on zeros."""

    def __init__(self, network: nn.Module, like: Tensor) -> None:
        now = torch.zeros(1, dtype=torch.int64, device=like.device)
        super().__init__(network, Tick(now, now + OPEN))
        self._like = like
        self.memories: list[Memory] = []
        self.parts: list[Part] = []

    def recall(self, memory: Memory) -> Sequence[Tensor]:
        self.memories.append(memory)
        return [self._like.new_zeros(1, *memory.window) for _ in memory.reads]

    def record(self, memory: Memory, entry: Tensor) -> None:
        assert entry.shape[1:] == memory.shape, f"{memory.name}: entry {tuple(entry.shape)}"

    def when_due(self, section: Section, x: Tensor, now: Tick) -> tuple[list[Tensor], Tick]:
        before = len(self.memories)
        outputs, later = section(x, now, self)
        shapes = tuple(tuple(map(int, y.shape[1:])) for y in outputs)
        made = tuple(self.memories[before:])
        self.parts.append(Part(made, shapes, later.delay, later.stride, later.past))
        return outputs, later


class WindowTape(StepTape):
    """Takes the windows that a host hands over and collects the new entries: the exported step.

    A section that follows a stride is exported as a branch that a runtime enters only for frames
    that somebody is due an answer for; off the beat it makes zeros, which no host keeps.

    Args:
        network: The network.
        now: The moment of the frame.
        parts: What is known of the network's sections, in order.
        windows: By the names of the memories' inputs.
    """

    def __init__(
        self,
        network: nn.Module,
        now: Tick,
        parts: Sequence[Part],
        windows: Mapping[str, Tensor],
    ) -> None:
        super().__init__(network, now)
        self._network = network
        self._parts = list(parts)
        self._windows = windows
        self.entries: dict[str, Tensor] = {}

    def recall(self, memory: Memory) -> Sequence[Tensor]:
        return [self._windows[name] for name in memory.inputs]

    def record(self, memory: Memory, entry: Tensor) -> None:
        self.entries[memory.name] = entry

    def when_due(self, section: Section, x: Tensor, now: Tick) -> tuple[list[Tensor], Tick]:
        part = self._parts.pop(0)
        if now.stride == 1:
            return section(x, now, self)
        names = [name for memory in part.memories for name in memory.inputs]

        def enter(x: Tensor, index: Tensor, length: Tensor, *windows: Tensor) -> tuple[Tensor, ...]:
            tape = WindowTape(self._network, self.now, (), dict(zip(names, windows, strict=True)))
            outputs, _ = section(x, replace(now, index=index, length=length), tape)
            # A branch may give nothing twice, nor what it was given.
            made = (tape.entries[memory.name].contiguous().clone() for memory in part.memories)
            return *outputs, *made

        def leave_out(
            x: Tensor, index: Tensor, length: Tensor, *windows: Tensor
        ) -> tuple[Tensor, ...]:
            shapes = *part.shapes, *(memory.shape for memory in part.memories)
            return tuple(x.new_zeros(x.shape[0], *shape) for shape in shapes)

        behind = self.now.index - now.delay
        due = ((behind >= 0) & (behind % now.stride == 0)).any()
        operands = (x, now.index, now.length, *(self._windows[name] for name in names))
        made = torch.cond(due, enter, leave_out, operands)
        outputs, entries = made[: len(part.shapes)], made[len(part.shapes) :]
        own = (memory.name for memory in part.memories)
        self.entries |= dict(zip(own, entries, strict=True))
        return list(outputs), self._moment(part)

    def _moment(self, part: Part) -> Tick:
        """The moment of what a section answers: floors of floors are the floor of the product."""
        index = (self.now.index - part.delay) // part.stride
        length = (self.now.length + (part.stride - 1)) // part.stride
        return Tick(index, length, part.delay, part.stride, part.past)
