"""A stream as bytes, and back: to move it to another process, or to go on tomorrow.

Safetensors: nothing in it is executed. The arrays are what features and network remember, the
metadata all that is no array.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from kinestream.errors import DataError
from kinestream.features.pipeline import Past
from kinestream.streaming.clock import Clock
from kinestream.timeline import FrameLabel

if TYPE_CHECKING:
    from kinestream.streaming.stream import Stream

Arrays = dict[str, NDArray[Any]]

MAX_HEADER_BYTES = 1 << 20
SPARE_BYTES = 1 << 22
"""What features, times and the header may take beside the network's memory."""

Number = Annotated[int, Field(ge=0, le=1 << 62)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Rest(BaseModel):
    """What a stream remembers that is no array."""

    model_config = ConfigDict(extra="forbid", strict=True)

    identity: str
    fps: Finite
    person: int
    frames: Number
    length: Number
    decided: Number | None
    label: dict[str, Any]
    pushed: Number
    start_s: Finite
    last_s: Finite | None
    told_s: Finite
    told_number: Number
    waiting_s: list[Finite]
    grid_start_s: Finite
    grid_made: Number
    grid_last_s: Finite | None


def snapshot(stream: Stream) -> bytes:
    """All that a stream remembers."""
    memory, clock, grid = stream.memory, stream.clock, stream.resampler
    last_s, last = (grid.last if grid else None) or (None, None)
    arrays: Arrays = {f"memory.{i}": kept for i, kept in enumerate(memory.kept())}
    arrays |= _past(stream)
    if memory.answer is not None:
        arrays["answer"] = memory.answer
    if last is not None:
        arrays["grid"] = last
    rest = Rest(
        identity=stream.recogniser.identity,
        fps=float(stream.fps),
        person=stream.person,
        frames=memory.frames,
        length=memory.length,
        decided=stream.decoder.label,
        label=asdict(stream.label),
        pushed=clock.pushed,
        start_s=clock.start_s,
        last_s=clock.last_s,
        told_s=clock.told[0],
        told_number=clock.told[1],
        waiting_s=list(clock.waiting_s),
        grid_start_s=grid.start_s if grid else 0.0,
        grid_made=grid.made if grid else 0,
        grid_last_s=last_s,
    )
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(whole, {"stream": rest.model_dump_json()})


def restore(stream: Stream, data: bytes) -> None:
    """Put a new stream where another one stood.

    Args:
        stream: Of the same bundle, that has seen nothing.
        data: Of :func:`snapshot`.

    Raises:
        DataError: It is no snapshot, or one of another bundle; the stream is as it was.
    """
    kept = stream.memory.kept()
    if len(data) > sum(array.nbytes for array in kept) + SPARE_BYTES:
        raise DataError(f"{len(data)} bytes are too many for a stream of this bundle.")
    rest, arrays = _rest(data), _arrays(data)
    if rest.identity != stream.recogniser.identity:
        raise DataError("this is the snapshot of a stream of another bundle.")
    found = [arrays.pop(f"memory.{i}", None) for i in range(len(kept))]
    past, grid = _take_past(stream, arrays), arrays.pop("grid", None)
    answer = arrays.pop("answer", None)
    classes = len(stream.recogniser.classes)
    if not (
        all(_alike(old, new) for old, new in zip(found, kept, strict=True))
        and (answer is None or _alike(answer, np.zeros(classes, np.float32)))
        and (grid is None or _alike(grid, _raw(stream)))
        and (rest.decided or 0) < classes
        and len(rest.waiting_s) <= stream.recogniser.delay_frames + 1
        and not arrays
    ):
        raise DataError("this snapshot does not fit the bundle: it holds other arrays.")
    try:
        label = FrameLabel(**rest.label)
    except TypeError:
        raise DataError("this snapshot is damaged: its label is none.") from None
    for old, new in zip(found, kept, strict=True):
        new[...] = old
    stream.label = label
    stream.decoder.label = rest.decided
    stream.memory.frames, stream.memory.length = rest.frames, rest.length
    stream.memory.answer = answer
    told = rest.told_s, rest.told_number
    stream.clock = Clock(rest.pushed, rest.start_s, rest.last_s, told, rest.waiting_s)
    stream.past = past
    if stream.resampler is not None:
        stream.resampler.start_s, stream.resampler.made = rest.grid_start_s, rest.grid_made
        if rest.grid_last_s is not None and grid is not None:
            stream.resampler.last = rest.grid_last_s, grid


def rate_and_person(data: bytes) -> tuple[float, int]:
    """With which rate and number the stream was started.

    Raises:
        DataError: It is no snapshot.
    """
    rest = _rest(data)
    return rest.fps, rest.person


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


def _rest(data: bytes) -> Rest:
    size = int.from_bytes(data[:8], "little")
    try:
        if not 0 < size <= MAX_HEADER_BYTES:
            raise ValueError("no header")
        header = json.loads(data[8 : 8 + size])
        return Rest.model_validate_json(header["__metadata__"]["stream"])
    except (ValueError, ValidationError, KeyError, TypeError, RecursionError):
        raise DataError("these bytes are not the snapshot of a stream.") from None


def _arrays(data: bytes) -> Arrays:
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, TypeError):
        raise DataError("this snapshot is damaged: its arrays cannot be read.") from None
