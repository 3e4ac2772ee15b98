"""Steps of several people in one call of the graph.

A person's work on a frame is a generator: it yields the steps it needs, one after the other, and
returns its record. Whoever runs several of them takes one step of each at a time.

Legend: C channels, V joints, M people of a scene.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinestream.streaming.live.record import Record
from kinestream.streaming.stream import Stream, push_many


@dataclass(frozen=True, eq=False)
class Step:
    """A frame (C, V[, M]) of the bundle's grid that a stream is to take."""

    stream: Stream
    frame: NDArray[np.float32]
    time_s: float


Work = Generator[Step, None, Record]


def run_together(works: Sequence[Work]) -> list[Record]:
    """The records of all works; each step of theirs is taken together with those of the others."""
    records: dict[int, Record] = {}
    while len(records) < len(works):
        steps = []
        for place, work in enumerate(works):
            if place in records:
                continue
            try:
                steps.append(next(work))
            except StopIteration as end:
                records[place] = end.value
        if steps:
            push_many(
                [step.stream for step in steps],
                [step.frame for step in steps],
                [step.time_s for step in steps],
            )
    return [records[place] for place in range(len(works))]
