"""A stream as bytes, and back: to move it to another process, or to go on tomorrow.

Damage is found by the checksum, in ``kept.py``. What somebody changed on purpose is found here, where
it disagrees with the bundle or with itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.features.pipeline import Past
from kinestream.streaming.clock import Clock
from kinestream.streaming.kept import Arrays, Kept, Rest, seal
from kinestream.timeline import FrameLabel

if TYPE_CHECKING:
    from kinestream.streaming.stream import Stream

SPARE_BYTES = 1 << 22
"""What features, times and the header may take beside the network's memory."""


def snapshot(stream: Stream) -> bytes:
    """All that a stream remembers.

    Raises:
        DataError: It holds numbers that are not finite.
    """
    memory, grid = stream.memory, stream.resampler
    arrays: Arrays = {f"memory.{i}": kept for i, kept in enumerate(memory.kept())}
    arrays |= _past(stream)
    if memory.answer is not None:
        arrays["answer"] = memory.answer
    if grid is not None and grid.last is not None:
        arrays["grid"] = grid.last[1]
    if not (_are_finite(stream, arrays) and np.isfinite(stream.label.score)):
        raise DataError("this stream holds numbers that are not finite; begin anew with reset().")
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return seal(_rest_of(stream), whole)


def restore(stream: Stream, kept: Kept) -> None:
    """Put a new stream where another one stood.

    Args:
        stream: Of the same bundle, rate and person, that has seen nothing.
        kept: Of :func:`read`.

    Raises:
        DataError: The snapshot does not fit the bundle or itself; the stream is as it was.
    """
    rest, places = kept.rest, stream.memory.kept()
    if len(kept.body) > sum(place.nbytes for place in places) + SPARE_BYTES:
        raise DataError(f"{len(kept.body)} bytes are too many for a stream of this bundle.")
    arrays = kept.arrays()
    if not _are_finite(stream, arrays):
        raise DataError("this snapshot is damaged: it holds numbers that are not finite.")
    if not (_counts_agree(stream, rest) and _times_agree(stream, rest)):
        raise DataError("this snapshot is damaged: its frames and times contradict one another.")
    found = [arrays.pop(f"memory.{i}", None) for i in range(len(places))]
    past, grid = _take_past(stream, arrays), arrays.pop("grid", None)
    answer = arrays.pop("answer", None)
    scores = np.zeros(len(stream.recogniser.classes), np.float32)
    holds_back = stream.recogniser.engine.stride > 1
    if not (
        all(_alike(old, new) for old, new in zip(found, places, strict=True))
        and _wanted(answer, scores, when=holds_back and rest.frames > 0)
        and _wanted(grid, _raw(stream), when=stream.resampler is not None and rest.pushed > 0)
        and not arrays
    ):
        raise DataError("this snapshot does not fit the bundle: it holds other arrays.")
    for old, new in zip(found, places, strict=True):
        new[...] = old
    stream.past = past
    stream.label = _label(stream, rest)
    stream.decoder.label = rest.label
    stream.memory.frames, stream.memory.length = rest.frames, rest.length
    stream.memory.answer = answer
    told = rest.told_s, rest.told_number
    stream.clock = Clock(rest.pushed, rest.start_s, rest.last_s, told, rest.waiting_s)
    if stream.resampler is not None and rest.last_s is not None and grid is not None:
        stream.resampler.start_s, stream.resampler.made = rest.start_s, rest.seen
        stream.resampler.last = rest.last_s, grid


def _rest_of(stream: Stream) -> Rest:
    memory, clock, label = stream.memory, stream.clock, stream.label
    return Rest(
        identity=stream.recogniser.identity,
        precision=stream.recogniser.precision,
        fps=float(stream.fps),
        person=stream.person,
        frames=memory.frames,
        length=memory.length,
        label=stream.decoder.label,
        label_s=label.time_s,
        score=label.score,
        pushed=clock.pushed,
        start_s=clock.start_s,
        last_s=clock.last_s,
        told_s=clock.told[0],
        told_number=clock.told[1],
        waiting_s=list(clock.waiting_s),
    )


def _label(stream: Stream, rest: Rest) -> FrameLabel:
    if rest.label is None:
        return stream.label
    recogniser = stream.recogniser
    return FrameLabel(
        index=rest.answered(recogniser.delay_frames) - 1,
        time_s=rest.label_s,
        person=stream.person,
        label=rest.label,
        name=recogniser.classes[rest.label],
        score=rest.score,
        delay_s=stream.delay_s,
    )


def _counts_agree(stream: Stream, rest: Rest) -> bool:
    """Whether as many frames were pushed, seen, answered and wait as in a stream."""
    delay = stream.recogniser.delay_frames
    answered = rest.answered(delay)
    return (
        (rest.is_open or rest.frames == rest.length + delay)
        and (rest.pushed == rest.seen or stream.resampler is not None)
        and (rest.pushed > 0) == (rest.seen > 0) == (rest.last_s is not None)
        and len(rest.waiting_s) == rest.seen - answered
        and (rest.label is not None) == (answered > 0)
        and (rest.label or 0) < len(stream.recogniser.classes)
        and rest.told_number <= rest.pushed
    )


def _times_agree(stream: Stream, rest: Rest) -> bool:
    """Whether times follow one another, and the grid has come as far as the frames."""
    if rest.waiting_s != sorted(rest.waiting_s):
        return False
    if stream.resampler is None or rest.last_s is None:
        return True
    fps = stream.recogniser.fps
    ahead = (rest.start_s - rest.last_s) * fps + rest.seen  # frames from the last to the next point
    return -0.5 <= ahead <= 1.5  # 0 to 1, as exactly as large times are kept


def _are_finite(stream: Stream, arrays: Arrays) -> bool:
    """Whether arrays hold numbers only; of joints that the features take so NaN, if missing."""
    missing = stream.recogniser.pipeline.takes_missing
    return not any(
        (
            np.isinf(array)
            if missing and name.startswith(("past.", "grid"))
            else ~np.isfinite(array)
        ).any()
        for name, array in arrays.items()
    )


def _past(stream: Stream) -> Arrays:
    return {
        f"past.{m}.{i}": np.asarray(kept)
        for m, past in enumerate(stream.past)
        for i, kept in enumerate(past)
        if kept is not None
    }


def _take_past(stream: Stream, arrays: Arrays) -> list[Past]:
    """What the features remember, taken out of the arrays.

    Raises:
        DataError: It is not what the bundle's features would remember.
    """
    pipeline, frame = stream.recogniser.pipeline, _raw(stream)
    person = frame if frame.ndim == 2 else frame[..., 0]
    _, wanted = pipeline.frame(person, pipeline.start())
    pasts = []
    for m in range(len(stream.past)):
        past = [arrays.pop(f"past.{m}.{i}", None) for i in range(len(wanted))]
        for old, new in zip(past, wanted, strict=True):
            if old is not None and (new is None or not _alike(old, np.asarray(new))):
                raise DataError("this snapshot does not fit the features of the bundle.")
        pasts.append(past)
    return pasts


def _raw(stream: Stream) -> NDArray[np.float32]:
    """A frame as the stream takes it; no joint at the origin, which would count as missing."""
    pipeline, people = stream.recogniser.pipeline, stream.recogniser.people
    scene = (people,) if people > 1 else ()
    shape = len(pipeline.raw_channels), pipeline.num_joints, *scene
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _alike(old: NDArray[Any] | None, new: NDArray[Any]) -> bool:
    return old is not None and (old.shape, old.dtype) == (new.shape, new.dtype)


def _wanted(old: NDArray[Any] | None, new: NDArray[Any], *, when: bool) -> bool:
    """Whether an array is there when it is wanted, and only then."""
    return _alike(old, new) if when else old is None
