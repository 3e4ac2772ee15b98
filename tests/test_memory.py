"""What a memory declares, and rings that serve it, against a plain list of all entries."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.manifest import MemoryEntry
from kinestream.memory import Memory
from kinestream.streaming.rings import Rings

Array = NDArray[np.float32]


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    """Any declaration that an operator could make: taps, a block read backwards, renewed parts."""
    kind = draw(st.sampled_from(["taps", "block", "renewed"]))
    shape = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    some = st.sets(st.integers(1, 9), min_size=1, max_size=4)
    taps = tuple(sorted(draw(some), reverse=True))
    parts = draw(st.integers(1, 3))
    return Memory(
        name="m",
        shape=(2 * parts, *shape) if kind == "renewed" else shape,
        taps={"taps": taps, "block": (), "renewed": taps[:1]}[kind],
        block=0 if kind == "taps" else draw(st.integers(1, 4)),
        dilation=1 if kind == "taps" else draw(st.integers(1, 3)),
        renewed=tuple(draw(st.integers(-1, parts - 1)) for _ in range(parts))
        if kind == "renewed"
        else (),
        delay=draw(st.integers(0, 4)),
        stride=draw(st.integers(1, 3)),
    )


def read(memory: Memory, kept: list[Array], entry: int) -> list[Array]:
    """What the step that makes an entry reads of all entries made so far, oldest first."""
    values = []
    for lag in memory.lags(entry):
        made = 0 <= entry - lag < len(kept)
        values.append(kept[entry - lag] if made else np.zeros(memory.shape, np.float32))
    if memory.renewed and entry // memory.dilation % memory.block == 0:
        (value,), size = values, memory.shape[0] // len(memory.renewed)
        fresh = np.zeros_like(value)
        for i, source in enumerate(memory.renewed):
            for row in range(size):
                if source >= 0:
                    fresh[i * size + row] = value[source * size + row]
        return [fresh]
    return values


@given(memories())
def test_entries_are_made_every_stride_frames_after_the_delay(memory: Memory) -> None:
    made = [memory.delay + n * memory.stride for n in range(20)]
    for frame in range(20):
        assert memory.entry(frame) == (made.index(frame) if frame in made else None)


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("block", [1, 2, 5])
def test_a_block_is_read_backwards_while_the_next_is_filled(block: int, dilation: int) -> None:
    memory = Memory("m", (1,), block=block, dilation=dilation)
    for n in range(6 * block * dilation):
        phase, place = n % dilation, n // dilation
        start = place // block * block  # of the block being filled; the one before is read
        backwards = start - 1 - (place - start)
        (lag,) = memory.lags(n)
        assert n - lag == backwards * dilation + phase
        assert 1 <= lag <= memory.length


@given(memories(), st.integers(0, 40))
def test_rings_hand_over_what_a_list_of_all_entries_holds(memory: Memory, frames: int) -> None:
    rings = Rings([memory])
    kept: list[Array] = []
    rng = np.random.default_rng(frames)
    for frame in range(frames):
        (window,) = rings.windows(frame)
        assert window.shape == (1, *memory.window)
        if memory.entry(frame) is not None or frame < memory.delay:  # else nobody asks
            expected = read(memory, kept, (frame - memory.delay) // memory.stride)
            assert (window.reshape(-1, *memory.shape) == np.stack(expected)).all()
        new = rng.normal(size=memory.shape).astype(np.float32)
        rings.record(frame, [new])
        if memory.entry(frame) is not None:
            kept.append(new)


def test_rings_of_two_streams_are_apart() -> None:
    memory = Memory("m", (2,), taps=(1,))
    one, other = Rings([memory]), Rings([memory])
    one.record(0, [np.ones(2, np.float32)])
    assert one.windows(1)[0].tolist() == [[1, 1]]
    assert other.windows(1)[0].tolist() == [[0, 0]]


def test_a_ring_keeps_a_copy() -> None:
    rings = Rings([Memory("m", (2,), taps=(1,))])
    entry = np.ones(2, np.float32)
    rings.record(0, [entry])
    entry[:] = 7
    assert rings.windows(1)[0].tolist() == [[1, 1]]


def test_sizes() -> None:
    taps = Memory("m", (3, 5), taps=(8, 4, 1))
    assert (taps.length, taps.window, taps.words) == (8, (3, 3, 5), 120)
    block = Memory("m", (2,), block=4, dilation=3)
    assert (block.length, block.window, block.words) == (21, (2,), 42)
    renewed = Memory("m", (6, 2), taps=(3,), block=5, dilation=3, renewed=(-1, 0, 1))
    assert (renewed.length, renewed.window, renewed.words) == (3, (6, 2), 36)


@given(memories())
def test_a_declaration_survives_json(memory: Memory) -> None:
    entry = MemoryEntry.model_validate(json.loads(json.dumps(memory.to_dict())))
    assert entry.memory() == memory
