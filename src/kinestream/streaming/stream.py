"""A stream: the state of one person seen through one bundle.

Legend: C channels, V joints, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError, SkeletonError
from kinestream.features import Pipeline
from kinestream.streaming.clock import Clock
from kinestream.streaming.decode import Decoder
from kinestream.streaming.engine import OPEN, Engine
from kinestream.streaming.resample import LARGEST_FACTOR, Resampler, check_rate, same_rate
from kinestream.streaming.snapshot import snapshot
from kinestream.timeline import FrameLabel

Array = NDArray[np.float32]

# Above this a coordinate is a broken sensor or a wrong unit, in metres, pixels or millimetres alike.
LARGEST_VALUE = 1e6
# Across a longer pause a resampled stream would label frames that it invented.
LARGEST_PAUSE_S = 10.0
# Where joints may be missing they are so across a shorter pause: a body moves on in half a second.
LARGEST_GAP_S = 0.5


class Recogniser:
    """What the streams of a bundle share: engine, features, class names.

    Args:
        engine: Steps the network.
        pipeline: Features, as in training.
        classes: Names of the K outputs.
        fps: Rate the network was trained at.
        delay_frames: Frames between a frame's arrival and its label.
        margin: How much more likely another class must be before the label changes.
        people: How many are labelled together; 1 labels each alone.
        identity: Of the weights; streams of others cannot be restored here.
    """

    def __init__(
        self,
        engine: Engine,
        pipeline: Pipeline,
        classes: Sequence[str],
        fps: float,
        delay_frames: int,
        margin: float = 0.0,
        people: int = 1,
        identity: str = "",
    ) -> None:
        self.engine = engine
        self.pipeline = pipeline
        self.classes = tuple(classes)
        self.fps = fps
        self.delay_frames = delay_frames
        self.margin = margin
        self.people = people
        self.identity = identity

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Shape of the features of a frame: (C', V), or (C', V, M) for scenes."""
        scene = (self.people,) if self.people > 1 else ()
        return (len(self.pipeline.channels), self.pipeline.num_joints, *scene)

    def resampler(self) -> Resampler:
        """Brings frames to the bundle's rate; long gaps are missing joints where it takes them."""
        slowest_s = LARGEST_FACTOR / self.fps
        gap_s = max(LARGEST_GAP_S, 1.01 * slowest_s) if self.pipeline.takes_missing else None
        return Resampler(self.fps, gap_s)

    def step(self, streams: Sequence[Stream], frames: Array) -> None:
        """One call of the graph: each stream takes its row of the features and answers."""
        logits = self.engine.step([stream.memory for stream in streams], frames)
        for stream, scores in zip(streams, softmax(logits), strict=True):
            stream.answer(scores)


class Stream:
    """One person, frame by frame. Made by :meth:`kinestream.bundle.Bundle.stream`.

    Args:
        recogniser: Shared by all streams of a bundle.
        fps: Rate at which frames will be pushed; resampled when it is not the bundle's own.
        person: Number that the labels carry.
    """

    def __init__(self, recogniser: Recogniser, fps: float | None = None, person: int = 0) -> None:
        self.fps = recogniser.fps if fps is None else fps
        check_rate(self.fps, recogniser.fps)
        self.recogniser = recogniser
        self.person = person
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next frame is the first one, of a flushed stream as well."""
        recogniser = self.recogniser
        self.memory = recogniser.engine.start()
        self.label = FrameLabel(-1, 0.0, self.person, -1, "", 0.0, self.delay_s)
        """The newest label; ``index`` is -1 while the look-ahead fills."""
        self.answers: list[tuple[FrameLabel, Array]] = []
        """What the last push or flush answered, oldest first: labels and their (K,) probabilities.
        One at the bundle's own rate; none or several where frames are resampled."""
        self.past = [recogniser.pipeline.start() for _ in range(recogniser.people)]
        self.decoder = Decoder(recogniser.margin)
        self.clock = Clock()
        self.resampler = None if same_rate(self.fps, recogniser.fps) else recogniser.resampler()

    @property
    def delay_s(self) -> float:
        """How long a label waits for the frames after its own."""
        return self.recogniser.delay_frames / self.recogniser.fps

    def push(self, joints: ArrayLike, time_s: float | None = None) -> FrameLabel:
        """Take the newest frame and return the newest label.

        Args:
            joints: (C, V) raw joints, channels and units as the bundle says; of a bundle that labels
                scenes (C, V, M), fewer people than it takes being filled up with absent ones. NaN
                marks a missing joint where the bundle's features take it.
            time_s: When it was taken; by default frames follow each other at the stream's rate.

        Returns:
            The label of the frame ``delay_s`` ago; its ``index`` is -1 while the look-ahead fills.

        Raises:
            SkeletonError: The shape is not the bundle's.
            DataError: A value is infinite or absurd, or NaN though the features take no missing
                joints; the time does not grow, or the stream was flushed.
        """
        return push_many([self], [joints], None if time_s is None else [time_s])[0]

    def flush(self) -> list[FrameLabel]:
        """End the stream and return the labels of the frames that still waited.

        They are those that the whole recording, seen at once, would get. A flushed stream takes no
        more frames.
        """
        if self.memory.length != OPEN:
            return []
        self.memory.length = self.memory.frames
        self.answers = []
        nothing = np.zeros((1, *self.recogniser.frame_shape), np.float32)
        for _ in range(self.recogniser.delay_frames):
            self.recogniser.step([self], nothing)
        return [label for label, _ in self.answers]

    def snapshot(self) -> bytes:
        """All that the stream remembers; ``bundle.restore`` goes on from it in another process."""
        return snapshot(self)

    def grid(self, frame: Array, time_s: float) -> list[Array]:
        """Take a checked frame; returns the frames (C, V) of the bundle's rate that it completes."""
        clock = self.clock
        clock.take(time_s, self.fps)
        self.answers = []
        if self.resampler is None:
            clock.waiting_s.append(time_s)
            return [frame]
        grid = self.resampler.push(frame, time_s)
        first, fps = self.memory.frames, self.recogniser.fps
        clock.waiting_s.extend(clock.start_s + (first + k) / fps for k in range(len(grid)))
        return grid

    def features(self, frame: Array) -> Array:
        """Features of a frame of the bundle's rate, as its network takes it; moves the pipeline on."""
        pipeline = self.recogniser.pipeline
        people = [frame] if frame.ndim == 2 else [frame[..., m] for m in range(frame.shape[2])]
        made = [pipeline.frame(x, past) for x, past in zip(people, self.past, strict=True)]
        self.past = [past for _, past in made]
        return made[0][0] if frame.ndim == 2 else np.stack([x for x, _ in made], axis=-1)

    def answer(self, scores: Array) -> None:
        """Take the network's probabilities (K,) for the frame it has just answered."""
        recogniser = self.recogniser
        index = self.memory.frames - 1 - recogniser.delay_frames
        if index < 0:
            return
        best = self.decoder.decide(scores)
        self.label = FrameLabel(
            index=index,
            time_s=self.clock.waiting_s.popleft(),
            person=self.person,
            label=best,
            name=recogniser.classes[best],
            score=float(scores[best]),
            delay_s=self.delay_s,
        )
        self.answers.append((self.label, scores))

    def check(self, joints: ArrayLike, time_s: float | None) -> tuple[Array, float]:
        """The frame and its time, if the stream can take them; changes nothing."""
        if self.memory.length != OPEN:
            raise DataError("this stream was flushed; start a new one with bundle.stream().")
        last_s = self.clock.last_s
        time_s = self.clock.expected_s(self.fps) if time_s is None else float(time_s)
        if not np.isfinite(time_s) or (last_s is not None and time_s <= last_s):
            raise DataError(f"frame times must grow, got {time_s:g} s after {last_s or 0:g} s.")
        pause_s = 0.0 if last_s is None else time_s - last_s
        if self.resampler and pause_s > LARGEST_PAUSE_S:
            raise DataError(
                f"no frame came for {pause_s:g} s, too long to fill in: flush this stream and "
                f"start a new one."
            )
        pipeline = self.recogniser.pipeline
        frame = self._scene(_numbers(joints))
        pipeline.check(frame.reshape(frame.shape[0], 1, frame.shape[1], -1))
        if (np.abs(frame) > LARGEST_VALUE).any():
            raise DataError(
                f"a joint lies at {np.nanmax(np.abs(frame)):g} {pipeline.skeleton.units}; values above "
                f"{LARGEST_VALUE:g} are taken for a broken sensor or a wrong unit."
            )
        return frame, time_s

    def _scene(self, frame: Array) -> Array:
        """The frame in the shape that the bundle takes, people who are not there filled in."""
        pipeline, people = self.recogniser.pipeline, self.recogniser.people
        expected: tuple[int, ...] = len(pipeline.raw_channels), pipeline.num_joints
        if people > 1 and frame.shape == expected:
            frame = frame[..., None]
        if people > 1 and frame.shape[:2] == expected and 0 < frame.shape[2] <= people:
            return fill_scene(frame, people, pipeline.absent)
        if people == 1 and frame.shape == expected:
            return frame
        wanted = expected if people == 1 else (*expected, people)
        raise SkeletonError(
            f"a frame must be {wanted} (channels {', '.join(pipeline.raw_channels)}; joints "
            f"of skeleton {pipeline.skeleton.name!r}{'; people' if people > 1 else ''}), got "
            f"{frame.shape}."
        )


def fill_scene(x: Array, people: int, absent: float = 0.0) -> Array:
    """(..., m) -> (..., M): fill in people who are not there, as networks of scenes are trained.

    Args:
        x: Raw joints.
        people: How many a scene holds.
        absent: What stands for the others; see :attr:`kinestream.features.Pipeline.absent`.

    Raises:
        DataError: There are more people than the scene holds.
    """
    if x.shape[-1] > people:
        raise DataError(f"{x.shape[-1]} people in a scene of {people}: choose which of them.")
    room = (*((0, 0),) * (x.ndim - 1), (0, people - x.shape[-1]))
    return np.pad(x, room, constant_values=absent)


def push_many(
    streams: Sequence[Stream],
    frames: Sequence[ArrayLike],
    times_s: Sequence[float | None] | None = None,
) -> list[FrameLabel]:
    """Push one frame to each of several streams of one bundle, in one call of the graph.

    Args:
        streams: All of the same bundle, none of them twice.
        frames: For each stream its raw joints, as :meth:`Stream.push` takes them.
        times_s: For each stream when the frame was taken; by default at the stream's rate.

    Returns:
        The newest label of each stream.

    Raises:
        DataError: The lists differ in length, a stream occurs twice or is of another bundle; no
            stream has moved then. And as :meth:`Stream.push`.
    """
    times_s = [None] * len(streams) if times_s is None else times_s
    if not len(streams) == len(frames) == len(times_s):
        raise DataError(f"{len(streams)} streams need as many frames and times, got {len(frames)}.")
    if len({id(stream) for stream in streams}) < len(streams):
        raise DataError("a stream can take one frame at a time; one of them was given twice.")
    if len({id(stream.recogniser) for stream in streams}) > 1:
        raise DataError("streams of different bundles cannot be pushed together.")
    # All are checked before any moves, so that a bad frame leaves every stream as it was.
    checked = [s.check(f, t) for s, f, t in zip(streams, frames, times_s, strict=True)]
    grids = [s.grid(f, t) for s, (f, t) in zip(streams, checked, strict=True)]
    for turn in range(max(map(len, grids), default=0)):
        ready = [
            (s, grid[turn]) for s, grid in zip(streams, grids, strict=True) if turn < len(grid)
        ]
        features = np.stack([stream.features(frame) for stream, frame in ready])
        ready[0][0].recogniser.step([stream for stream, _ in ready], features)
    return [stream.label for stream in streams]


def _numbers(joints: ArrayLike) -> Array:
    try:
        with np.errstate(over="ignore"):  # becomes infinite, and is refused as such
            return np.array(joints, np.float32)
    except (TypeError, ValueError):
        raise DataError("a frame must be numbers, as many for each joint.") from None


def softmax(logits: Array) -> Array:
    """Probabilities along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)
