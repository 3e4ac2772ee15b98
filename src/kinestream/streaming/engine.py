"""The engine: a bundle's step graph in ONNX Runtime, stepped for one or many streams at once.

Legend: N people, C channels, V joints, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from kinestream.errors import BundleError
from kinestream.memory import Memory
from kinestream.streaming.rings import Rings

Array = NDArray[np.float32]

OPEN = 1 << 62


class StreamMemory:
    """All that the engine remembers of one stream.

    Attributes:
        frames: Input frames seen.
        length: Frames in the recording, ``OPEN`` until its end is known.
        answer: (K,) logits of the newest answer of a graph with a stride, ``None`` before the first.
    """

    def __init__(self, memories: Sequence[Memory]) -> None:
        self.frames = 0
        self.length = OPEN
        self.rings = Rings(memories)
        self.answer: Array | None = None


class Engine:
    """Weights, shared by all streams and never changed.

    Args:
        graph: The serialised step graph.
        memories: What the graph reads and makes, in the order of its inputs.
        delay: Frames between the arrival of a frame and its answer.
        stride: The graph answers for one frame in ``stride``; the frames up to the next share it.

    Raises:
        BundleError: ONNX Runtime cannot load the graph, or it is not the graph of these memories.
    """

    def __init__(
        self, graph: bytes, memories: Sequence[Memory], *, delay: int = 0, stride: int = 1
    ) -> None:
        self.memories = tuple(memories)
        self.delay = delay
        self.stride = stride
        self._session = open_session(graph)
        self._inputs = {value.name for value in self._session.get_inputs()}
        self._outputs = ["logits", *(f"{memory.name}.new" for memory in memories)]
        known = {"frame", "index", "length", *(memory.name for memory in memories)}
        made = {value.name for value in self._session.get_outputs()}
        if not self._inputs <= known or not set(self._outputs) <= made:
            raise BundleError("the step graph does not take and make what bundle.json says.")

    def start(self) -> StreamMemory:
        """The memory of a stream that has seen nothing."""
        return StreamMemory(self.memories)

    def step(self, streams: Sequence[StreamMemory], frames: Array) -> Array:
        """Take one frame of each stream, in one call of the graph.

        Args:
            streams: N memories; each moves on by one frame.
            frames: (N, C, V) or, for scenes, (N, C, V, M): features of the newest frame.

        Returns:
            (N, K) logits of the frame that lies ``delay`` behind each stream's newest.
        """
        logits, entries = self._run(streams, frames)
        for row, stream in enumerate(streams):
            stream.rings.record(stream.frames, [entry[row] for entry in entries])
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

    def check(self, frame_shape: tuple[int, ...], classes: int) -> None:
        """Step once on zeros, so that a graph that does not fit is refused before it is relied on.

        Raises:
            BundleError: It does not take or make the shapes that ``bundle.json`` says.
        """
        frame = np.zeros((1, *frame_shape), np.float32)
        try:
            logits, entries = self._run([self.start()], frame)
        except Exception as error:  # onnxruntime's own exceptions share no public base
            raise BundleError(
                f"the step graph does not take what bundle.json says: {_short(error)}."
            ) from None
        made = [entry.shape for entry in entries]
        if logits.shape != (1, classes) or made != [(1, *m.shape) for m in self.memories]:
            raise BundleError("the step graph does not make the shapes that bundle.json says.")

    def _run(self, streams: Sequence[StreamMemory], frames: Array) -> tuple[Array, list[Array]]:
        feed: dict[str, NDArray[np.generic]] = {
            "frame": frames,
            "index": np.array([stream.frames for stream in streams], np.int64),
            "length": np.array([stream.length for stream in streams], np.int64),
        }
        windows = [stream.rings.windows(stream.frames) for stream in streams]
        for place, memory in enumerate(self.memories):
            if len(streams) == 1:
                feed[memory.name] = windows[0][place]
            else:
                feed[memory.name] = np.concatenate([window[place] for window in windows])
        feed = {name: value for name, value in feed.items() if name in self._inputs}
        logits, *entries = self._session.run(self._outputs, feed)
        return np.asarray(logits, np.float32), entries


def open_session(graph: bytes) -> ort.InferenceSession:
    """Load a serialised ONNX graph on one thread of the CPU.

    One thread: the matrices are small, and more threads only spoil the latency of the slowest
    frames.

    Raises:
        BundleError: It cannot be loaded.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is raised; its log would only repeat it
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no public base
        raise BundleError(f"ONNX Runtime cannot load the graph: {_short(error)}.") from None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160].rstrip(" .")
