"""What the tests of live streams share: a shipped bundle, frames, and what its streams were given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from kinestream.bundle import Bundle, load
from kinestream.streaming import Stream, push_many
from kinestream.streaming.live import LiveCounters, Record, steps
from kinestream.timeline import FrameLabel

Array = NDArray[np.float32]
FPS = 25.0


@cache
def sensors() -> Bundle:
    """Two sensors of six channels, 25 fps, no look-ahead, features that take no NaN."""
    return load("sp_sw_har")


def walk(frames: int, seed: int = 0) -> Array:
    """(T, 6, 2): readings that change little from frame to frame and are never the same."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.5, (frames, 6, 2)).cumsum(axis=0) * 0.3 + rng.normal(0, 2, (6, 2))
    return x.astype(np.float32)


def clean(frames: Sequence[Array], bundle: Bundle | None = None) -> list[FrameLabel]:
    """Labels of a plain stream that takes these frames one after the other."""
    stream = (bundle or sensors()).stream()
    return [stream.push(frame) for frame in frames]


def names(records: Sequence[Record]) -> list[tuple[str, float]]:
    """Class and score of each record's label."""
    return [(r.label.name, r.label.score) if r.label else ("", 0.0) for r in records]


def same_labels(records: Sequence[Record], labels: Sequence[FrameLabel]) -> None:
    """Each record has the class and the score of its label."""
    found = [r.label for r in records]
    assert len(found) == len(labels) and None not in found
    assert [x.name for x in found if x] == [x.name for x in labels]
    np.testing.assert_allclose(
        [x.score for x in found if x], [x.score for x in labels], rtol=0, atol=1e-5
    )


def adds_up(counters: LiveCounters) -> None:
    """Every frame that was handed in is somewhere."""
    assert counters.received == counters.accepted + counters.waiting + sum(
        counters.dropped.values()
    ), counters


class Fed:
    """Frames and times that streams were given, in order."""

    def __init__(self) -> None:
        self.frames: list[Array] = []
        self.times_s: list[float] = []
        self.calls: list[int] = []

    def push_many(
        self,
        streams: Sequence[Stream],
        frames: Sequence[ArrayLike],
        times_s: Sequence[float | None] | None = None,
    ) -> list[FrameLabel]:
        """Take down what is given, and give it."""
        self.calls.append(len(streams))
        self.frames += [np.array(frame) for frame in frames]
        self.times_s += [float(t) for t in times_s or [] if t is not None]
        return push_many(streams, frames, times_s)


@contextmanager
def watched() -> Iterator[Fed]:
    """Takes down what the streams of live streams are given meanwhile."""
    fed = Fed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "push_many", fed.push_many)
        yield fed
