"""Streams that never end: sums do not drift, nothing is left of the past, memory stays.

``make soak`` streams a day, 2,592,000 frames in each regime, and writes what it saw; by default it is
100,000 in all. ``sums`` are the sliding sums of the engine against those of the window in double
precision, over the sum of magnitudes in the window; ``wide`` ones lie in place in their rings and see
a tenth of the frames. ``stream`` is a small RT-ST-GCN: its last logits against those of a fresh
stream that saw only the last receptive field, over their peak; memory at the end over that after the
first of 24 parts; the median time of a frame over that of a stream that joined 5,000 frames before
the end, both taking turns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.benchmarking.machine import machine, write_result
from tests.streaming.soaking import (
    Step,
    Sums,
    endure,
    engine_step,
    regime,
    small_network,
    soak_sums,
    sum_only,
)

Array = NDArray[np.float32]
REGIMES = ("relu", "offset", "bursts", "silence")
KERNEL = 69
TOLERANCE = 1e-5


def hold(found: Sums) -> None:
    """The gate."""
    assert found.compared > 0
    assert found.error <= TOLERANCE
    assert found.left_of_nothing == 0, "something is left of what left the window"


def write(path: Path | None, name: str, figures: dict[str, object]) -> None:
    """Lay figures beside those that the file has already."""
    if path is None:
        return
    kept = json.loads(path.read_text())["rows"] if path.exists() else {}
    protocol = " ".join((__doc__ or "").split())
    write_result(path, {"protocol": protocol, "machine": machine(), "rows": kept | {name: figures}})


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", REGIMES)
def test_sums_do_not_drift(name: str, soak: int, soak_out: Path | None) -> None:
    for wide in (False, True):
        frames = soak if not wide else soak // 10
        engine, shape = sum_only(KERNEL, wide)
        found = soak_sums(engine_step(engine), regime(name, shape, frames, KERNEL), KERNEL)
        kind = "wide" if wide else "narrow"
        write(soak_out, f"sums, {name}, {kind}", {"frames": frames, **asdict(found)})
        hold(found)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", REGIMES)
def test_a_day_leaves_nothing_behind(name: str, soak: int, soak_out: Path | None) -> None:
    engine, shape, past = small_network(KERNEL)
    frames = max(soak, 2 * past)
    found = endure(engine, regime(name, shape, frames, KERNEL), frames, past)
    write(soak_out, f"stream, {name}", {"frames": frames, **asdict(found)})
    assert found.error <= TOLERANCE
    if frames > 100_000:  # what a test process itself still takes at first is small by then
        assert found.grown <= 1.02


def running_sum(kernel: int) -> Step:
    """What one would write first, and what drifts: ``S += new - old`` in single precision."""
    total: list[Array] = []
    window: list[Array] = []
    number = count()

    def step(frame: Array) -> Array:
        if not window:
            window.extend(np.zeros_like(frame) for _ in range(kernel))
            total.append(np.zeros_like(frame))
        place = next(number) % kernel
        total[0] = total[0] + frame - window[place]
        window[place] = frame
        return total[0].ravel()

    return step


@pytest.mark.parametrize("name", ["bursts", "silence"])
def test_a_running_sum_is_rejected(name: str) -> None:
    frames: Iterator[Array] = regime(name, (8, 4), 25_000, KERNEL)
    with pytest.raises(AssertionError):
        hold(soak_sums(running_sum(KERNEL), frames, KERNEL))
