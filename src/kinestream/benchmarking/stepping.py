"""Streams and engines as contestants.

Legend: N people, F frames that come round, C channels, V joints, M people of a scene.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from kinestream.benchmarking.timing import Contestant
from kinestream.bundle import Bundle
from kinestream.memory import Memory
from kinestream.streaming import Engine
from kinestream.streaming.rings import SMALL_BYTES
from kinestream.streaming.seats import MOST_PLANS

Array = NDArray[np.float32]

ROUND = 64
"""Different frames that contestants are given, again and again."""


def pushing(name: str, bundle: Bundle, people: int) -> Contestant:
    """Streams of a bundle, pushed together: checks, features, network, decoding.

    Args:
        name: Of the contestant.
        bundle: Opened for this contestant alone, so that its streams sit side by side.
        people: Streams; each of a scene where the bundle labels scenes.
    """
    streams = [bundle.stream(person=person) for person in range(people)]
    shape = len(bundle.channels), bundle.skeleton.num_joints
    scene = (bundle.people,) if bundle.people > 1 else ()
    frames = cycle([list(frame) for frame in moving(people, (*shape, *scene))])
    engine = streams[0].recogniser.engine

    def step() -> object:
        return bundle.push_many(streams, next(frames))

    return Contestant(name, step, warm_frames(engine.memories), people)


def stepping(
    name: str, engine: Engine, frame_shape: tuple[int, ...], people: int = 1
) -> Contestant:
    """An engine alone: features in, logits out.

    Args:
        name: Of the contestant.
        engine: Whose streams these are; where others step on it too, blocks of seats are shared.
        frame_shape: Of the features of a frame: (C, V) or (C, V, M).
        people: Streams.
    """
    memories = [engine.start() for _ in range(people)]
    frames = cycle(moving(people, frame_shape))

    def step() -> object:
        return engine.step(memories, next(frames))

    return Contestant(name, step, warm_frames(engine.memories), people)


def moving(people: int, frame_shape: tuple[int, ...]) -> Array:
    """(F, N, *frame_shape): made-up frames of people who sway, back where they began after F.

    Values are in -2 ... 2: time does not depend on them as long as they are ordinary numbers.
    """
    rng = np.random.default_rng(0)
    shape = people, *frame_shape
    phase = np.linspace(0, 2 * math.pi, ROUND, endpoint=False).reshape(-1, *[1] * len(shape))
    around = rng.uniform(-1, 1, shape)
    return (around + np.sin(phase + rng.uniform(0, 6, shape))).astype(np.float32)


def warm_frames(memories: Iterable[Memory]) -> int:
    """Frames until an engine has met every phase of its rings.

    Memories whose entries are copied have no phases. An engine keeps so many plans and no more: with a
    longer period it is never warmer than after that.
    """
    lent = [memory for memory in memories if 4 * math.prod(memory.shape) >= SMALL_BYTES]
    delay = max((memory.delay for memory in lent), default=0)
    period = math.lcm(1, *(memory.stride * memory.period for memory in lent))
    return delay + 2 + min(period, MOST_PLANS)
