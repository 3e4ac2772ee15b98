"""The bytes of a snapshot.

    mark      says that it is a snapshot, and of which format
    sha256    of the mark and all that follows
    body      safetensors: the arrays; its metadata is what is no array

Nothing in it is executed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from kinestream.errors import DataError
from kinestream.streaming.arguments import LARGEST_NUMBER, check_kind
from kinestream.streaming.clock import LARGEST_TIME_S
from kinestream.streaming.seats import OPEN

if TYPE_CHECKING:
    from kinestream.streaming.stream import Recogniser

Arrays = dict[str, NDArray[Any]]

MARK = b"kinestream stream 2\n"
START = len(MARK) + hashlib.sha256().digest_size
MAX_HEADER_BYTES = 1 << 20

Number = Annotated[int, Field(ge=0, le=OPEN)]
Time = Annotated[float, Field(ge=-LARGEST_TIME_S, le=LARGEST_TIME_S, allow_inf_nan=False)]


class Rest(BaseModel):
    """What a stream remembers that is no array."""

    model_config = ConfigDict(extra="forbid", strict=True)

    identity: str
    precision: Annotated[str, Field(pattern="^[a-z0-9]{1,16}$")]
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    person: Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
    frames: Number
    length: Number
    label: Number | None
    label_s: Time
    score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    pushed: Number
    start_s: Time
    last_s: Time | None
    told_s: Time
    told_number: Number
    waiting_s: list[Time]

    @property
    def is_open(self) -> bool:
        """Whether the stream takes more frames; if not, it was flushed."""
        return self.length == OPEN

    @property
    def seen(self) -> int:
        """Frames of the bundle's rate that were seen."""
        return self.frames if self.is_open else self.length

    def answered(self, delay: int) -> int:
        """Frames that have their label, of a network that waits for ``delay`` more."""
        return max(self.seen - delay, 0) if self.is_open else self.seen


class Kept(NamedTuple):
    """A snapshot whose checksum is right."""

    rest: Rest
    body: bytes

    def arrays(self) -> Arrays:
        """The arrays, copied.

        Raises:
            DataError: They cannot be read.
        """
        try:
            return load(self.body)
        except (SafetensorError, ValueError, KeyError, TypeError):
            raise DataError("this snapshot is damaged: its arrays cannot be read.") from None


def seal(rest: Rest, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of a snapshot."""
    body = save(dict(arrays), {"stream": rest.model_dump_json()})
    return MARK + _checksum(body) + body


def read(data: bytes | bytearray | memoryview, recogniser: Recogniser) -> Kept:
    """The bytes of a snapshot of one of a bundle's streams.

    Raises:
        DataError: They are no snapshot, a damaged one, or one of another bundle or precision.
    """
    check_kind(data, bytes | bytearray | memoryview, "a snapshot must be bytes", DataError)
    data = bytes(data)
    if not data.startswith(MARK) or len(data) <= START:
        raise DataError("these bytes are not the snapshot of a stream.")
    body = data[START:]
    if data[len(MARK) : START] != _checksum(body):
        raise DataError("this snapshot is damaged: its checksum does not match.")
    rest = _rest(body)
    if rest.precision != recogniser.precision:
        raise DataError(
            f"this is the snapshot of a stream of precision {rest.precision}, the bundle was opened "
            f"with {recogniser.precision}: open it with load(..., precision={rest.precision!r})."
        )
    if rest.identity != recogniser.identity:
        raise DataError("this is the snapshot of a stream of another bundle.")
    return Kept(rest, body)


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(MARK + body).digest()


def _rest(body: bytes) -> Rest:
    size = int.from_bytes(body[:8], "little")
    try:
        if not 0 < size <= MAX_HEADER_BYTES:
            raise ValueError("no header")
        header = json.loads(body[8 : 8 + size])
        return Rest.model_validate_json(header["__metadata__"]["stream"])
    except (ValueError, ValidationError, KeyError, TypeError, RecursionError):
        raise DataError("these bytes are not the snapshot of a stream.") from None
