"""Where the memories of streams lie: arrays in numpy in which nothing is ever moved.

Legend: S seats (streams side by side), N of them that step together, R entries of a window.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kinestream.memory import Memory, Reading

Array = NDArray[np.float32]

SMALL_BYTES = 4096
"""Entries below this are quicker copied than handed over where they lie."""


class Ring:
    """One memory of several streams that sit side by side.

    A reading and a new entry are views: what a graph reads and where it writes never overlap, so
    both can be handed to it as they are. Windows of several entries are kept twice, half a ring
    apart, so that every window lies in one piece.

    Args:
        memory: What is remembered.
        seats: S.
    """

    def __init__(self, memory: Memory, seats: int) -> None:
        self.memory = memory
        self._wide = memory.taps > 1
        if self._wide:  # of each seat and phase a ring, twice
            shape = seats, memory.dilation, 2 * (memory.taps + 1), *memory.shape
        else:
            shape = memory.slots, seats, *memory.shape
        self._entries = np.zeros(shape, np.float32)
        self._nothing = np.zeros((seats, *memory.shape), np.float32)

    def in_place(self, seats: slice) -> bool:
        """Whether views are of one piece and worth handing over."""
        alone = seats.stop - seats.start == 1
        return self._nothing[0].nbytes >= SMALL_BYTES and (alone or not self._wide)

    def read(self, reading: Reading, entry: int, seats: slice) -> Array:
        """(N, *window): what the step that makes an entry reads."""
        if self._wide:
            place, phase = divmod(entry, self.memory.dilation)
            start = (place + 1) % (self.memory.taps + 1)
            window: Array = self._entries[seats, phase, start : start + self.memory.taps]
            return window
        lags = self.memory.lags(reading, entry)
        if not lags:
            return self._nothing[seats]
        kept: Array = self._entries[self._slot(entry - lags[0]), seats]
        return kept

    def place(self, entry: int, seats: slice) -> Array:
        """(N, *shape): where an entry is kept."""
        if self._wide:
            place, phase = divmod(entry, self.memory.dilation)
            kept: Array = self._entries[seats, phase, place % (self.memory.taps + 1)]
        else:
            kept = self._entries[self._slot(entry), seats]
        return kept

    def twin(self, entry: int, seats: slice) -> Array | None:
        """(N, *shape): where it is kept a second time, if it is."""
        if not self._wide:
            return None
        place, phase = divmod(entry, self.memory.dilation)
        places = self.memory.taps + 1
        return self._entries[seats, phase, place % places + places]

    def keep(self, entry: int, made: Array, seats: slice) -> None:
        """Copy new entries (N, *shape) to their places."""
        self.place(entry, seats)[...] = made
        if (twin := self.twin(entry, seats)) is not None:
            twin[...] = made

    def _slot(self, entry: int) -> int:
        """Entries before the first are zeros: their slots have not been written yet."""
        return self.memory.slot(entry % self.memory.period)

    def seat(self, seat: int) -> Array:
        """All that is kept for one seat, as it lies: a view."""
        return self._entries[seat] if self._wide else self._entries[:, seat]


def common_period(rings: list[Ring]) -> int:
    """Input frames after which all readings and places repeat."""
    return math.lcm(1, *(ring.memory.stride * ring.memory.period for ring in rings))
