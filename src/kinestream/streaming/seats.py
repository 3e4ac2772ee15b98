"""Streams side by side: their rings, and the arrays that one call of a graph reads and writes.

Legend: S seats, N of them that step together, C channels, V joints, M people, K classes.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinestream.memory import Memory
from kinestream.streaming.rings import Ring, common_period
from kinestream.streaming.runners import Call, Lent, Runner

Array = NDArray[np.float32]

OPEN = 1 << 62
"""The length of a recording whose end is not known."""

SEATS = 8
"""Streams in a block: more rows make better products, as long as all they touch stays in the cache."""

BLOCK_BYTES = 1 << 30
"""A block has fewer seats where all its memories would be larger than this."""

MOST_PLANS = 1024
"""Kept for the same seats: rings that take longer to come round have their plans made anew."""


class Plan(NamedTuple):
    """One call of the graph, and what it made that is kept twice: target and source."""

    call: Call
    twins: list[tuple[Array, Array]]


class Seated:
    """A ring, and arrays for what the graph reads of it and makes for it where it cannot lie there.

    Args:
        memory: What the ring keeps.
        seats: S.
    """

    def __init__(self, memory: Memory, seats: int) -> None:
        self.ring = Ring(memory, seats)
        self._seats = seats

    @cached_property
    def read(self) -> list[Array]:
        """For each reading (S, *window)."""
        memory = self.ring.memory
        return [np.zeros((self._seats, *memory.window), np.float32) for _ in memory.reads]

    @cached_property
    def made(self) -> Array:
        """(S, *shape)."""
        return np.zeros((self._seats, *self.ring.memory.shape), np.float32)


class Block:
    """Seats for S streams, any of which that sit next to one another may step together.

    Attributes:
        frame: (S, C, V) or (S, C, V, M): where the newest features go.
        index: (S,) which frame of each stream that is.
        length: (S,) frames in each recording.
        logits: (S, K): where the answers come.
    """

    def __init__(
        self,
        runner: Runner,
        memories: Sequence[Memory],
        frame_shape: tuple[int, ...],
        classes: int,
        seats: int,
    ) -> None:
        self.frame = np.zeros((seats, *frame_shape), np.float32)
        self.index = np.zeros(seats, np.int64)
        self.length = np.zeros(seats, np.int64)
        self.logits = np.zeros((seats, classes), np.float32)
        self._runner = runner
        self._rings = [Seated(memory, seats) for memory in memories]
        self._delay = max((memory.delay for memory in memories), default=0)
        self._groups: dict[bool, tuple[int, list[Seated]]] = {}
        self._plans: defaultdict[tuple[int, int], dict[int, Plan]] = defaultdict(dict)
        self._lent: dict[tuple[int, int], Lent] = {}
        self._free = list(range(seats))[::-1]

    def sit_down(self) -> int | None:
        """A free seat, as if nobody had ever sat there; ``None`` if all are taken."""
        if not self._free:
            return None
        seat = self._free.pop()
        for each in self._rings:
            each.ring.seat(seat)[...] = 0
        self.length[seat] = OPEN
        return seat

    def stand_up(self, seat: int) -> None:
        """Give a seat back."""
        self._free.append(seat)

    def kept(self, seat: int) -> list[Array]:
        """All that the stream on a seat remembers, a view for each memory."""
        return [each.ring.seat(seat) for each in self._rings]

    def step(self, frame: int, first: int, count: int) -> None:
        """Take frame number ``frame`` of ``count`` streams from seat ``first`` on.

        The features lie in ``frame`` already; the answers come in ``logits``.
        """
        seats = slice(first, first + count)
        period, copied = self._copied(count == 1)
        for each in copied:
            memory = each.ring.memory
            entry = memory.next_entry(frame)
            for buffer, reading in zip(each.read, memory.reads, strict=True):
                buffer[seats] = each.ring.read(reading, entry, seats)
        plan = self._plan_for(frame, period, seats)
        plan.call()
        for target, source in plan.twins:
            target[...] = source
        for each in copied:
            made = each.ring.memory.entry(frame)
            if made is not None:
                each.ring.keep(made, each.made[seats], seats)

    def _copied(self, alone: bool) -> tuple[int, list[Seated]]:
        """After how many frames calls repeat, and the rings that they read and write copies of."""
        if alone not in self._groups:
            one = slice(0, 1 if alone else 2)
            copied = [each for each in self._rings if not each.ring.in_place(one)]
            lent = [each.ring for each in self._rings if each.ring.in_place(one)]
            self._groups[alone] = common_period(lent), copied
        return self._groups[alone]

    def _plan_for(self, frame: int, period: int, seats: slice) -> Plan:
        if frame > self._delay:
            frame = self._delay + (frame - self._delay) % period
        plans = self._plans[seats.start, seats.stop]
        if frame not in plans:
            if len(plans) >= MOST_PLANS:
                plans.clear()
            plans[frame] = self._plan(frame, seats)
        return plans[frame]

    def _plan(self, frame: int, seats: slice) -> Plan:
        inputs = {
            "frame": self._lend(self.frame[seats]),
            "index": self._lend(self.index[seats]),
            "length": self._lend(self.length[seats]),
        }
        outputs = {"logits": self._lend(self.logits[seats])}
        twins = []
        for each in self._rings:
            ring, memory = each.ring, each.ring.memory
            next_entry, entry = memory.next_entry(frame), memory.entry(frame)
            if ring.in_place(seats):
                views = [ring.read(reading, next_entry, seats) for reading in memory.reads]
            else:
                views = [buffer[seats] for buffer in each.read]
            inputs |= zip(memory.inputs, map(self._lend, views), strict=True)
            if ring.in_place(seats) and entry is not None:
                place, twin = ring.place(entry, seats), ring.twin(entry, seats)
            else:
                place, twin = each.made[seats], None
            outputs[memory.output] = self._lend(place)
            if twin is not None:
                twins.append((twin, place))
        return Plan(self._runner.call(inputs, outputs), twins)

    def _lend(self, view: NDArray[Any]) -> Lent:
        """A view to hand over; the same object for all plans that hand it over."""
        address: int = view.__array_interface__["data"][0]
        return self._lent.setdefault((address, view.nbytes), Lent(view))


class Pool:
    """Blocks of seats, made as they are needed. A seat is free again when its stream is gone."""

    def __init__(
        self,
        runner: Runner,
        memories: Sequence[Memory],
        frame_shape: tuple[int, ...],
        classes: int,
    ) -> None:
        bytes_each = 4 * max(1, sum(memory.words for memory in memories))  # twice that in rings
        seats = min(SEATS, max(1, BLOCK_BYTES // bytes_each))
        self._make = runner, memories, frame_shape, classes, seats
        self._blocks: list[Block] = []

    def seat(self, stream: object) -> tuple[Block, int]:
        """A seat for a stream, for as long as the object lives."""
        for block in self._blocks:
            if (seat := block.sit_down()) is not None:
                break
        else:
            block = Block(*self._make)
            self._blocks.append(block)
            taken = block.sit_down()
            assert taken is not None
            seat = taken
        weakref.finalize(stream, block.stand_up, seat).atexit = False
        return block, seat
