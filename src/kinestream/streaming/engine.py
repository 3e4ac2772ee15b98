"""The engine: a bundle's step graph, stepped for one or many streams at once.

Legend: N people, C channels, V joints, M people of a scene, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import BundleError
from kinestream.memory import Memory
from kinestream.streaming.runners import Runner
from kinestream.streaming.runners.ort import short
from kinestream.streaming.seats import OPEN, Block, Pool

Array = NDArray[np.float32]


class StreamMemory:
    """All that the engine remembers of one stream.

    Attributes:
        frames: Input frames seen.
        answer: (K,) logits of the newest answer of a graph with a stride, ``None`` before the first.
    """

    def __init__(self, pool: Pool) -> None:
        self.frames = 0
        self.answer: Array | None = None
        self.block, self.seat = pool.seat(self)

    @property
    def length(self) -> int:
        """Frames in the recording, ``OPEN`` until its end is known."""
        return int(self.block.length[self.seat])

    @length.setter
    def length(self, frames: int) -> None:
        self.block.length[self.seat] = frames

    def kept(self) -> list[Array]:
        """What the graph will read of the past: views, in the order of memories."""
        return self.block.kept(self.seat)


class Engine:
    """Weights, shared by all streams and never changed, and the streams' memories.

    Args:
        runner: Has loaded the step graph.
        memories: What the graph reads and makes.
        frame_shape: Of the features of one frame: (C, V) or (C, V, M).
        classes: K.
        delay: Frames between the arrival of a frame and its answer.
        stride: The graph answers for one frame in ``stride``; the frames up to the next share it.

    Raises:
        BundleError: The graph does not take or make what the other arguments say.
    """

    def __init__(
        self,
        runner: Runner,
        memories: Sequence[Memory],
        frame_shape: tuple[int, ...],
        classes: int,
        *,
        delay: int = 0,
        stride: int = 1,
    ) -> None:
        self.memories = tuple(memories)
        self.delay = delay
        self.stride = stride
        self._runner = runner
        self._sizes = frame_shape, classes
        self._pool = Pool(runner, self.memories, frame_shape, classes)
        self._check()

    def start(self) -> StreamMemory:
        """The memory of a stream that has seen nothing."""
        return StreamMemory(self._pool)

    def step(self, streams: Sequence[StreamMemory], frames: Array) -> Array:
        """Take one frame of each stream.

        Streams that sit side by side and have seen as many frames are stepped in one call of the
        graph.

        Args:
            streams: N memories; each moves on by one frame.
            frames: (N, C, V) or, for scenes, (N, C, V, M): features of the newest frame.

        Returns:
            (N, K) logits of the frame that lies ``delay`` behind each stream's newest.
        """
        logits = np.empty((len(streams), self._sizes[1]), np.float32)
        for rows in _in_step(streams):
            first, count = streams[rows.start], rows.stop - rows.start
            block, seats = first.block, slice(first.seat, first.seat + count)
            block.frame[seats] = frames[rows]
            block.index[seats] = first.frames
            block.step(first.frames, first.seat, count)
            logits[rows] = block.logits[seats]
            for stream in streams[rows]:
                stream.frames += 1
        return logits if self.stride == 1 else self._held(streams, logits)

    def _held(self, streams: Sequence[StreamMemory], logits: Array) -> Array:
        """(N, K): of each stream the newest answer, which stands for the frames up to the next."""
        held = []
        for stream, row in zip(streams, logits, strict=True):
            if stream.answer is None or (stream.frames - 1 - self.delay) % self.stride == 0:
                stream.answer = row
            held.append(stream.answer)
        return np.stack(held)

    def _check(self) -> None:
        """Step once on zeros, so that a graph that does not fit is refused before it is relied on."""
        known = {"frame", "index", "length", *(name for m in self.memories for name in m.inputs)}
        wanted = {"logits", *(memory.output for memory in self.memories)}
        if not self._runner.inputs <= known or not wanted <= self._runner.outputs:
            raise BundleError("the step graph does not take and make what bundle.json says.")
        try:
            Block(self._runner, self.memories, *self._sizes, 1).step(0, 0, 1)
        except Exception as error:  # runners' own exceptions share no public base
            raise BundleError(
                f"the step graph does not take and make what bundle.json says: {short(error)}."
            ) from None


def _in_step(streams: Sequence[StreamMemory]) -> Iterator[slice]:
    """Runs of streams that one call of the graph can take: side by side, and equally far."""
    start = 0
    for row in range(1, len(streams) + 1):
        if row < len(streams):
            one, next_one = streams[row - 1], streams[row]
            if (
                next_one.block is one.block
                and next_one.seat == one.seat + 1
                and next_one.frames == one.frames
            ):
                continue
        yield slice(start, row)
        start = row


__all__ = ["OPEN", "Engine", "StreamMemory"]
