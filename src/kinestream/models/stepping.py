"""How a network steps: tapes that serve operators their memory and keep what they make.

Legend: N people, V joints, C channels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinestream.memory import Memory
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
        past = tuple(self.recall(memory) for memory in memories)
        y, entries = operator.step(x, past, now)
        for memory, entry in zip(memories, entries, strict=True):
            self.record(memory, entry)
        return y, later

    @abstractmethod
    def recall(self, memory: Memory) -> Tensor:
        """(N, *memory.window): the entries that this step reads, oldest first."""

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

    def recall(self, memory: Memory) -> Tensor:
        ring = self._state.rings[memory.name]  # (N, L, *shape)
        entries = [memory.next_entry(int(frame)) for frame in self.now.index]
        lags = torch.tensor([memory.lags(n) for n in entries], device=ring.device)  # (N, R)
        people = torch.arange(len(ring), device=ring.device)[:, None]
        window = ring[people, memory.length - lags].reshape(-1, *memory.window)
        if memory.renewed:
            parts = window.chunk(len(memory.renewed), dim=1)
            zeros = torch.zeros_like(parts[0])
            begun = torch.cat([parts[i] if i >= 0 else zeros for i in memory.renewed], dim=1)
            first = torch.tensor([memory.turn(n) == 0 for n in entries], device=ring.device)
            window = torch.where(first.reshape(-1, *[1] * (window.dim() - 1)), begun, window)
        return window

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


class ListingTape(StepTape):
    """Finds out which memories a step uses, by running it once on zeros."""

    def __init__(self, network: nn.Module, like: Tensor) -> None:
        now = torch.zeros(1, dtype=torch.int64, device=like.device)
        super().__init__(network, Tick(now, now + OPEN))
        self._like = like
        self.memories: list[Memory] = []

    def recall(self, memory: Memory) -> Tensor:
        self.memories.append(memory)
        return self._like.new_zeros(1, *memory.window)

    def record(self, memory: Memory, entry: Tensor) -> None:
        assert entry.shape[1:] == memory.shape, f"{memory.name}: entry {tuple(entry.shape)}"


class WindowTape(StepTape):
    """Takes the windows that a host hands over and collects the new entries: the exported step.

    What follows a stride is exported as a branch that a runtime enters only for frames that somebody
    is due an answer for; off the beat it makes entries of zeros, which no host keeps.
    """

    def __init__(
        self, network: nn.Module, now: Tick, memories: Sequence[Memory], windows: Sequence[Tensor]
    ) -> None:
        super().__init__(network, now)
        self._network = network
        self._memories = tuple(memories)
        self._windows = {m.name: window for m, window in zip(memories, windows, strict=True)}
        self.entries: dict[str, Tensor] = {}

    def recall(self, memory: Memory) -> Tensor:
        return self._windows[memory.name]

    def record(self, memory: Memory, entry: Tensor) -> None:
        self.entries[memory.name] = entry

    def when_due(
        self, section: Section, x: Tensor, now: Tick, classes: int
    ) -> tuple[list[Tensor], Tick]:
        left = [memory for memory in self._memories if memory.name not in self.entries]

        def enter(x: Tensor, index: Tensor, length: Tensor, *windows: Tensor) -> tuple[Tensor, ...]:
            tape = WindowTape(self._network, self.now, left, windows)
            outputs, _ = section(x, replace(now, index=index, length=length), tape)
            # A branch may give nothing twice, nor what it was given.
            return outputs[-1], *(tape.entries[memory.name].contiguous().clone() for memory in left)

        def leave_out(
            x: Tensor, index: Tensor, length: Tensor, *windows: Tensor
        ) -> tuple[Tensor, ...]:
            shapes = [(classes,), *(memory.shape for memory in left)]
            return tuple(x.new_zeros(x.shape[0], *shape) for shape in shapes)

        behind = self.now.index - now.delay
        due = ((behind >= 0) & (behind % now.stride == 0)).any()
        operands = (x, now.index, now.length, *(self._windows[memory.name] for memory in left))
        logits, *entries = torch.cond(due, enter, leave_out, operands)
        self.entries |= {memory.name: entry for memory, entry in zip(left, entries, strict=True)}
        return [logits], now
