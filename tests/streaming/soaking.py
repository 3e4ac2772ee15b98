"""A stream that runs for a day: what it is fed, and what is measured of it.

Legend: C channels, V joints, K classes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kinestream.export.graphs import step_graph
from kinestream.models import Network
from kinestream.models.rtstgcn import RTSTGCN
from kinestream.models.tape import Tape
from kinestream.models.temporal import SlidingSum
from kinestream.models.tick import Tick
from kinestream.skeletons import adjacency, skeleton
from kinestream.streaming import Engine, make_runner

Array = NDArray[np.float32]
Step = Callable[[Array], Array]

EVERY = 997
"""Frames between two comparisons; a prime, so that no phase of a ring is left out."""

CHUNK = 1000

YOUNG = 5000
"""Frames before the end at which a stream joins whose speed the old one's is held against."""


def regime(name: str, shape: tuple[int, ...], frames: int, kernel: int) -> Iterator[Array]:
    """Frames (C, V) that are hard on sums.

    Args:
        name: ``relu`` noise cut off at zero; ``offset`` noise about 100; ``bursts`` noise of which
            one frame in 10,000 is 10,000 times as large; ``silence`` huge values, then zeros.
        shape: (C, V).
        frames: How many.
        kernel: Of the sum.
    """
    rng = np.random.default_rng(0)
    for start in range(0, frames, CHUNK):
        x = rng.normal(size=(CHUNK, *shape)).astype(np.float32)
        number = np.arange(start, start + CHUNK)
        if name == "relu":
            x = np.maximum(x, 0)
        elif name == "offset":
            x += 100
        elif name == "bursts":
            x[rng.random(CHUNK) < 1e-4] *= 1e4
        elif name == "silence":
            x *= 1e6
            x[number % (4 * kernel) >= 2 * kernel] = 0
        yield from x[: frames - start]


class SumOnly(Network):
    """Answers with the sliding sums themselves: K = C * V."""

    def __init__(self, channels: int, joints: int, kernel: int) -> None:
        super().__init__(channels, joints, channels * joints)
        self.sum = SlidingSum(kernel)
        self.unused = nn.Parameter(torch.zeros(1))  # tells the device

    def run(self, x: Tensor, now: Tick, tape: Tape) -> tuple[list[Tensor], Tick]:
        y, later = tape.run(self.sum, x, now)
        return [y.transpose(-2, -1).flatten(-2)], later


def sum_only(kernel: int, wide: bool) -> tuple[Engine, tuple[int, int]]:
    """Sums in the engine, of entries that it copies or of ``wide`` ones that it leaves in place."""
    shape = (64, 16) if wide else (8, 4)
    return _engine(SumOnly(*shape, kernel).eval()), shape


def small_network(kernel: int) -> tuple[Engine, tuple[int, int], int]:
    """RT-ST-GCN with small widths, the shape of its frames and its receptive field."""
    torch.manual_seed(0)
    graph = adjacency(skeleton("coco17"))
    network = RTSTGCN(graph, 3, 5, channels=[16, 16, 24], kernel=kernel, spacing=[1, 2])
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return _engine(network.eval()), (3, 17), network.receptive_field


def _engine(network: Network) -> Engine:
    runner = make_runner("onnxruntime", step_graph(network))
    return Engine(runner, network.memories(), network.frame_shape, network.num_classes)


@dataclass
class Sums:
    """How far sums are from those in double precision.

    Attributes:
        compared: How often.
        error: The largest difference, over the sum of magnitudes in the window.
        left_of_nothing: The largest sum of a window of zeros.
    """

    compared: int = 0
    error: float = 0.0
    left_of_nothing: float = 0.0


def soak_sums(step: Step, frames: Iterator[Array], kernel: int) -> Sums:
    """Stream frames and compare the sums with those of the window in double precision."""
    found, window = Sums(), deque[Array](maxlen=kernel)
    for number, frame in enumerate(frames):
        window.append(frame)
        y = step(frame)
        silent = not any(each.any() for each in window) if number % 7 == 0 else False
        if silent:
            found.left_of_nothing = max(found.left_of_nothing, float(np.abs(y).max()))
        if number % EVERY == 0:
            kept = np.stack(window).astype(np.float64)
            scale = np.abs(kept).sum(0).max() or 1.0
            off = float(np.abs(y - kept.sum(0).ravel()).max() / scale)
            found.error = max(found.error, off if np.isfinite(off) else np.inf)
            found.compared += 1
    return found


def engine_step(engine: Engine) -> Step:
    """One stream of an engine."""
    stream = engine.start()
    return lambda frame: engine.step([stream], frame[None])[0]


@dataclass
class Endurance:
    """What a long stream is like at its end.

    Attributes:
        error: Of its logits against a fresh stream that saw the last receptive field only, over
            their peak.
        slower: Median time of a frame at the end over that of a stream that began shortly before,
            both taking turns, so that a busy machine hits both.
        grown: Memory of the process at the end over that after the first part.
    """

    error: float
    slower: float
    grown: float
    parts_us: list[float] = field(default_factory=list)


def endure(
    engine: Engine, frames: Iterator[Array], count: int, past: int, parts: int = 24
) -> Endurance:
    """Stream frames; a fresh stream joins for the last receptive field.

    Args:
        engine: Steps both.
        frames: What they see.
        count: How many.
        past: The receptive field.
        parts: Into how many parts of equal length time and memory are divided.
    """
    stream, fresh, young = (engine_step(engine) for _ in range(3))
    part = max(1, count // parts)
    times = np.full(part, np.nan, np.float32)
    memory, medians = [], []
    side_by_side: list[tuple[float, float]] = []
    for number, frame in enumerate(frames):
        begun = time.perf_counter()
        y = stream(frame)
        took = times[number % part] = time.perf_counter() - begun
        if number >= count - past:
            z = fresh(frame)
        if number >= count - YOUNG:
            begun = time.perf_counter()
            young(frame)
            side_by_side.append((took, time.perf_counter() - begun))
        if number % part == part - 1:
            memory.append(_resident_bytes())
            medians.append(round(float(np.median(times)) * 1e6, 1))
    error = float(np.abs(y - z).max() / np.abs(z).max())
    old, new = np.median(side_by_side[len(side_by_side) // 2 :], axis=0)
    return Endurance(error, float(old / new), memory[-1] / memory[0], medians)


def _resident_bytes() -> int:
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * 4096 if statm.is_file() else 1
