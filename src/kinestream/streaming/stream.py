"""A stream: the state of one person seen through one bundle.

Legend: C channels, V joints, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError, InputError
from kinestream.features import Pipeline
from kinestream.streaming.arguments import LARGEST_NUMBER, check_kind, whole
from kinestream.streaming.clock import Clock, seconds
from kinestream.streaming.decode import Decoder
from kinestream.streaming.engine import OPEN, Engine
from kinestream.streaming.frames import checked_frame
from kinestream.streaming.resample import LARGEST_FACTOR, Resampler, check_rate, same_rate
from kinestream.streaming.snapshot import snapshot
from kinestream.timeline import FrameLabel

Array = NDArray[np.float32]

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
        identity: Of the step graph; streams of others cannot be restored here.
        precision: Of the products in a step.
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
        precision: str = "float32",
    ) -> None:
        self.engine = engine
        self.pipeline = pipeline
        self.classes = tuple(classes)
        self.fps = fps
        self.delay_frames = delay_frames
        self.margin = margin
        self.people = people
        self.identity = identity
        self.precision = precision

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
        person: Number that the labels carry, 0 or more.

    Raises:
        ConfigError: The rate is no number, or the person no whole number.
        DataError: The rate is too far off.
    """

    def __init__(self, recogniser: Recogniser, fps: float | None = None, person: int = 0) -> None:
        self.fps = recogniser.fps if fps is None else fps
        check_rate(self.fps, recogniser.fps)
        self.recogniser = recogniser
        self.person = whole(person, 0, LARGEST_NUMBER, "person")
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
        time_s = seconds(self.clock.expected_s(self.fps) if time_s is None else time_s)
        if last_s is not None and time_s <= last_s:
            raise DataError(f"frame times must grow, got {time_s} s after {last_s} s.")
        pause_s = 0.0 if last_s is None else time_s - last_s
        if self.resampler and pause_s > LARGEST_PAUSE_S:
            raise DataError(
                f"no frame came for {pause_s:g} s, too long to fill in: flush this stream and "
                f"start a new one."
            )
        recogniser = self.recogniser
        return checked_frame(joints, recogniser.pipeline, recogniser.people), time_s

    def __repr__(self) -> str:
        rate = "" if self.resampler is None else f" at {self.recogniser.fps:g}"
        return (
            f"Stream(person {self.person}, {self.fps:g} fps{rate}, {self.clock.pushed} frames, "
            f"label {self.label.name or None!r})"
        )


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
    _check_together(streams, frames, times_s)
    times_s = [None] * len(streams) if times_s is None else times_s
    # All are checked before any moves, so that a bad frame leaves every stream as it was.
    given = enumerate(zip(frames, times_s, strict=True))
    checked = [_checked(streams, place, frame, time_s) for place, (frame, time_s) in given]
    grids = [s.grid(f, t) for s, (f, t) in zip(streams, checked, strict=True)]
    for turn in range(max(map(len, grids), default=0)):
        ready = [
            (s, grid[turn]) for s, grid in zip(streams, grids, strict=True) if turn < len(grid)
        ]
        features = np.stack([stream.features(frame) for stream, frame in ready])
        ready[0][0].recogniser.step([stream for stream, _ in ready], features)
    return [stream.label for stream in streams]


def check_owner(streams: Sequence[Stream], recogniser: Recogniser) -> None:
    """Refuse streams that another bundle opened.

    Raises:
        DataError: One of them is no stream, or not of this recogniser.
    """
    for stream in streams:
        check_kind(stream, Stream, "streams must be made by bundle.stream()", DataError)
        if stream.recogniser is not recogniser:
            raise DataError(
                "only streams of one opened bundle can be pushed together: make them all from what "
                "one load() returned."
            )


def _check_together(
    streams: Sequence[Stream], frames: Sequence[ArrayLike], times_s: Sequence[float | None] | None
) -> None:
    check_kind(streams, Sequence, "streams must be a list", DataError)
    check_kind(frames, Sized, "frames must be a list, one for each stream", DataError)
    if times_s is not None:
        check_kind(times_s, Sized, "times_s must be a list, one for each stream", DataError)
    found = {len(frames), len(streams if times_s is None else times_s)}
    if found != {len(streams)}:
        times = "" if times_s is None else f" and {len(times_s)} times"
        raise DataError(
            f"{len(streams)} streams need as many frames and times, got {len(frames)} frames{times}."
        )
    if len({id(stream) for stream in streams}) < len(streams):
        raise DataError("a stream can take one frame at a time; one of them was given twice.")
    if streams:
        check_kind(streams[0], Stream, "streams must be made by bundle.stream()", DataError)
        check_owner(streams, streams[0].recogniser)


def _checked(
    streams: Sequence[Stream], place: int, frame: ArrayLike, time_s: float | None
) -> tuple[Array, float]:
    """What one of the streams is to take; says which of them cannot."""
    try:
        return streams[place].check(frame, time_s)
    except InputError as error:
        if len(streams) == 1:
            raise
        who = f"stream {place} (person {streams[place].person})"
        raise type(error)(f"{who}: {error}") from None


def softmax(logits: Array) -> Array:
    """Probabilities along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)
