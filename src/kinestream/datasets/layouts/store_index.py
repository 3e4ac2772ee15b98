"""What a store says about itself: ``store.json`` and ``index.json``, believed as far as files bear out.

store.json            what holds for all recordings, the protocols, a checksum of each other file
index.json            for each recording its name, place, size and attributes, as columns
shards/NNNNN.values   arrays (C, T, V, m), one behind the other, little-endian float32 or float16
shards/NNNNN.labels   class index of each of their frames, little-endian int16

A recording keeps its own number of frames T, and only the people m up to the last who is seen.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kinestream.clips import MAX_VALUES
from kinestream.datasets.protocols import Protocol
from kinestream.errors import DataError, MissingFileError
from kinestream.skeletons import Skeleton

STORE = "store.json"
INDEX = "index.json"
LABELS = np.dtype("<i2")
MAX_STORE_BYTES = 1 << 26
MAX_INDEX_BYTES = 1 << 28
MAX_CLASSES = 1 << 15
MAX_CHANNELS = 1 << 12
MAX_PEOPLE = 1 << 10

Whole = Annotated[int, Field(ge=0, lt=1 << 48)]
Integers = NDArray[np.int64]
Model = TypeVar("Model", bound=BaseModel)


class StoreInfo(BaseModel):
    """What ``store.json`` holds.

    Attributes:
        version: Of this layout.
        name: What the data set is called.
        dtype: Type of the values.
        fps: Frames per second of every recording.
        channels: What the C axis means.
        classes: Class names in the order of their indices.
        skeleton: What the V axis means, as :meth:`kinestream.skeletons.Skeleton.to_dict` gives it.
        people: Number of people M of every clip that is read.
        units: Units of the channels.
        licence: Under which terms the data may be used.
        source: Where it comes from.
        made: How its clips were made.
        protocol: The protocol used unless told otherwise.
        protocols: All that divide these recordings.
        sha256: Checksum of each other file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    name: str
    dtype: Literal["float32", "float16"] = "float32"
    fps: float = Field(gt=0, allow_inf_nan=False)
    channels: tuple[str, ...] = Field(min_length=1, max_length=MAX_CHANNELS)
    classes: tuple[str, ...] = Field(min_length=1, max_length=MAX_CLASSES)
    skeleton: dict[str, Any]
    people: int = Field(ge=1, le=MAX_PEOPLE)
    units: str = ""
    licence: str = ""
    source: str = ""
    made: str = ""
    protocol: str = ""
    protocols: dict[str, Protocol] = {}
    sha256: dict[str, str] = {}


class Index(BaseModel):
    """What ``index.json`` holds: one entry of each column for a recording.

    Attributes:
        names: Names, all different.
        shard: Number of the shard.
        start: Place of the first value in the shard.
        label_start: Place of the first label in the shard.
        frames: Number of frames T.
        people: Number of people m kept.
        attributes: What is known of each recording, empty where it is not; ``subject`` is one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    names: tuple[str, ...] = Field(min_length=1)
    shard: tuple[Whole, ...]
    start: tuple[Whole, ...]
    label_start: tuple[Whole, ...]
    frames: tuple[Annotated[int, Field(ge=1, le=MAX_VALUES)], ...]
    people: tuple[Annotated[int, Field(ge=1, le=MAX_PEOPLE)], ...]
    attributes: dict[str, tuple[str, ...]] = {}

    def columns(self) -> Mapping[str, Integers]:
        """The numbers as arrays."""
        names = ("shard", "start", "label_start", "frames", "people")
        return {name: np.array(getattr(self, name), dtype=np.int64) for name in names}

    def of(self, position: int) -> dict[str, str]:
        """The attributes of a recording."""
        return {key: column[position] for key, column in self.attributes.items()}


def value_file(shard: int) -> str:
    """Path of a shard's values in the store."""
    return f"shards/{shard:05d}.values"


def label_file(shard: int) -> str:
    """Path of a shard's labels in the store."""
    return f"shards/{shard:05d}.labels"


def read_store_info(root: Path) -> StoreInfo:
    """Read ``store.json``.

    Raises:
        MissingFileError: There is none.
        DataError: It is no description of a store.
    """
    return _read(root / STORE, StoreInfo, MAX_STORE_BYTES)


def read_index(root: Path, info: StoreInfo, skeleton: Skeleton) -> Index:
    """Read ``index.json`` and check every place in it against the size of its file.

    Raises:
        MissingFileError: There is none, or a shard is missing.
        DataError: It is no index, or points outside a shard.
    """
    path = root / INDEX
    index = _read(path, Index, MAX_INDEX_BYTES)
    columns = index.columns()
    lengths = {len(column) for column in columns.values()}
    lengths |= {len(column) for column in index.attributes.values()}
    if lengths != {len(index.names)} or len(set(index.names)) != len(index.names):
        raise DataError(
            f"{path} is damaged: its columns must be as long as its {len(index.names)} names, which "
            f"must differ. Prepare the data set again."
        )
    per_frame = len(info.channels) * skeleton.num_joints * columns["people"]
    values = columns["frames"] * per_frame
    wrong = (columns["people"] > info.people) | (values > MAX_VALUES)
    wrong |= _outside(root, columns, "start", values, value_file, np.dtype(info.dtype).itemsize)
    wrong |= _outside(root, columns, "label_start", columns["frames"], label_file, LABELS.itemsize)
    if wrong.any():
        raise DataError(
            f"{path} is damaged: recording {index.names[int(np.argmax(wrong))]!r} is larger than "
            f"its shard, or than a recording may be. Prepare the data set again."
        )
    return index


def _outside(
    root: Path,
    columns: Mapping[str, Integers],
    start: str,
    count: Integers,
    file_of: Callable[[int], str],
    itemsize: int,
) -> NDArray[np.bool_]:
    shards, place = np.unique(columns["shard"], return_inverse=True)
    sizes = np.array([_size(root / file_of(int(shard))) for shard in shards]) // itemsize
    return np.asarray(columns[start] + count > sizes[place])


def _size(path: Path) -> int:
    if not path.is_file():
        raise MissingFileError(f"the store lacks {path}: prepare the data set again.")
    return path.stat().st_size


def _read(path: Path, model: type[Model], most: int) -> Model:
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}; a store has one.")
    if path.stat().st_size > most:
        raise DataError(f"{path} has {path.stat().st_size} bytes, at most {most} are read.")
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise DataError(f"{path} is damaged: {where}: {first['msg']}.") from None
