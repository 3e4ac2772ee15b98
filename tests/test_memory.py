"""What a memory declares, and rings that serve it, against a plain list of all entries."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.manifest import MemoryEntry
from kinestream.memory import Memory, Reading
from kinestream.streaming.rings import Ring

Array = NDArray[np.float32]
ALL = slice(0, 2)


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    """Any declaration that an operator could make: windows, blocks read back, sums of blocks."""
    taps = draw(st.integers(0, 4))
    back: list[tuple[Reading, ...]] = [("back",), ("run",), ("back", "run"), ("run", "whole")]
    return Memory(
        name="m",
        shape=tuple(draw(st.lists(st.integers(1, 3), max_size=2))),
        taps=taps,
        block=0 if taps else draw(st.integers(1, 4)),
        reads=("window",) if taps else draw(st.sampled_from(back)),
        dilation=draw(st.integers(1, 3)),
        delay=draw(st.integers(0, 4)),
        stride=draw(st.integers(1, 3)),
    )


def read(memory: Memory, reading: Reading, kept: list[Array], entry: int) -> Array:
    """What a reading gives of all entries made so far, by the words of the declaration."""
    nothing = np.zeros((2, *memory.shape), np.float32)
    back = memory.dilation
    if reading == "window":
        places = [entry - back * tap for tap in range(memory.taps, 0, -1)]
    else:
        place, phase = divmod(entry, back)
        start = place // memory.block * memory.block  # of the block being filled
        if reading == "run" and place == start:
            return nothing
        of_block = {"back": start - 1 - (place - start), "run": place - 1, "whole": start - 1}
        places = [of_block[reading] * back + phase]
    values = [kept[place] if 0 <= place < len(kept) else nothing for place in places]
    return np.stack(values, 1) if len(values) > 1 else values[0]


@given(memories())
def test_entries_are_made_every_stride_frames_after_the_delay(memory: Memory) -> None:
    made = [memory.delay + n * memory.stride for n in range(20)]
    for frame in range(20):
        assert memory.entry(frame) == (made.index(frame) if frame in made else None)


@given(memories(), st.integers(0, 40))
def test_rings_hand_over_what_a_list_of_all_entries_holds(memory: Memory, frames: int) -> None:
    ring = Ring(memory, 2)
    kept: list[Array] = []
    rng = np.random.default_rng(frames)
    for frame in range(frames):
        entry, next_entry = memory.entry(frame), memory.next_entry(frame)
        if entry is None and frame >= memory.delay:
            continue  # nobody asks
        for reading in memory.reads:
            found = ring.read(reading, next_entry, ALL)
            assert found.shape == (2, *memory.window)
            assert np.array_equal(found, read(memory, reading, kept, next_entry))
        if entry is not None:
            kept.append(rng.normal(size=(2, *memory.shape)).astype(np.float32))
            ring.keep(entry, kept[-1], ALL)


@given(memories(), st.integers(0, 60))
def test_what_is_read_and_what_is_made_never_overlap(memory: Memory, entry: int) -> None:
    ring = Ring(memory, 2)
    places = [ring.place(entry, ALL), ring.twin(entry, ALL)]
    for reading in memory.reads:
        window = ring.read(reading, entry, ALL)
        assert not any(np.shares_memory(window, place) for place in places if place is not None)


@given(memories(), st.integers(0, 60))
def test_a_reading_lies_where_its_entry_was_kept(memory: Memory, entry: int) -> None:
    """So that a host needs no more than slots and lags."""
    assert memory.slot(entry) == memory.slot(entry + memory.period) < memory.slots
    for reading in memory.reads:
        lags = memory.lags(reading, entry)
        assert all(1 <= lag <= memory.length for lag in lags)
        alive = {memory.slot(entry - lag) for lag in lags if entry >= lag}
        assert memory.slot(entry) not in alive


def test_a_host_that_reads_the_slot_it_writes_is_seen() -> None:
    """The scheme needs its spare place: one place fewer, and a frame would overwrite what it reads."""
    memory = Memory("m", (1,), block=3, reads=("back",))
    tight = [0, 1, 2, 2, 1, 0] * 2  # bounces over three places instead of four
    assert all(tight[n] == tight[n - memory.lags("back", n)[0]] for n in range(3, 12))


@pytest.mark.parametrize("seat", [0, 1])
def test_seats_are_apart(seat: int) -> None:
    for memory in (Memory("m", (2,), taps=1), Memory("m", (2,), taps=3)):
        ring = Ring(memory, 2)
        ring.keep(0, np.ones((1, 2), np.float32), slice(seat, seat + 1))
        window = ring.read("window", 1, ALL)
        assert (window[seat] == 1).any() and not window[1 - seat].any()
        assert (ring.seat(seat) == 1).any() and not ring.seat(1 - seat).any()


def test_a_window_is_of_one_piece() -> None:
    ring = Ring(Memory("m", (3, 5), taps=4, dilation=2), 2)
    for entry in range(40):
        assert ring.read("window", entry, slice(1, 2)).flags.c_contiguous


def test_sizes() -> None:
    window = Memory("m", (3, 5), taps=3, dilation=2)
    assert (window.length, window.window, window.slots, window.words) == (6, (3, 3, 5), 8, 90)
    bounce = Memory("m", (2,), block=4, reads=("back", "run"), dilation=3)
    assert (bounce.length, bounce.window, bounce.slots, bounce.words) == (21, (2,), 15, 24)
    sums = Memory("m", (2,), block=4, reads=("run", "whole"), dilation=3)
    assert (sums.length, sums.slots, sums.words) == (12, 12, 12)
    assert bounce.inputs == ("m.back", "m.run") and window.inputs == ("m",)


@given(memories())
def test_a_declaration_survives_json(memory: Memory) -> None:
    entry = MemoryEntry.model_validate(json.loads(json.dumps(memory.to_dict())))
    assert entry.memory() == memory
