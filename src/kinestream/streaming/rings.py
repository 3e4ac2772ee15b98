"""The memory of one stream, held in numpy.

Legend: L entries of a ring.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinestream.memory import Memory

Array = NDArray[np.float32]


class Rings:
    """Rings of the last entries of every memory, for one stream.

    A ring of L entries keeps entry n in place ``n % L`` until entry ``n + L`` replaces it, so
    nothing is ever moved. All start as zeros, which is what operators read before the first entry.
    """

    def __init__(self, memories: Sequence[Memory]) -> None:
        self.memories = tuple(memories)
        self._rings = [np.zeros((m.length, *m.shape), np.float32) for m in memories]
        self._gathered = {
            place: np.zeros((1, *memory.window), np.float32)
            for place, memory in enumerate(memories)
            if len(memory.taps) > 1 and memory.stride > 1
        }

    def windows(self, frame: int) -> list[Array]:
        """For each memory (1, *window): what the step of input frame ``frame`` reads."""
        windows = []
        for place, (memory, ring) in enumerate(zip(self.memories, self._rings, strict=True)):
            if place in self._gathered:
                # Where several entries are read for nothing, those read last will do.
                if memory.entry(frame) is not None:
                    self._gathered[place] = _window(memory, ring, memory.next_entry(frame))
                windows.append(self._gathered[place])
            else:
                windows.append(_window(memory, ring, memory.next_entry(frame)))
        return windows

    def record(self, frame: int, entries: Sequence[Array]) -> None:
        """Keep the entries (*shape) that the step of input frame ``frame`` made."""
        for memory, ring, entry in zip(self.memories, self._rings, entries, strict=True):
            number = memory.entry(frame)
            if number is not None:
                ring[number % len(ring)] = entry


def _window(memory: Memory, ring: Array, entry: int) -> Array:
    lags = memory.lags(entry)
    if len(lags) > 1:
        return ring[None, [(entry - lag) % len(ring) for lag in lags]]
    place = (entry - lags[0]) % len(ring)
    window = ring[place : place + 1]  # a view: an entry is not copied
    if memory.renewed and memory.turn(entry) == 0:
        return _renew(window, memory.renewed)
    return window


def _renew(window: Array, renewed: tuple[int, ...]) -> Array:
    parts = np.split(window, len(renewed), axis=1)
    return np.concatenate(
        [parts[i] if i >= 0 else np.zeros_like(parts[0]) for i in renewed], axis=1
    )
