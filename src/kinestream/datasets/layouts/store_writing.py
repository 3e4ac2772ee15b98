"""Write a store: shards of flat arrays, one for each batch, and the index over them.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.datasets.layouts.store_index import (
    INDEX,
    LABELS,
    STORE,
    Index,
    StoreInfo,
    label_file,
    value_file,
)
from kinestream.datasets.layouts.writing import (
    Entry,
    Writer,
    Written,
    check_entry,
    json_bytes,
    unfinished,
    write_file,
)
from kinestream.datasets.preparing.people import last_seen
from kinestream.datasets.protocols import SUBJECT, Protocol
from kinestream.errors import DataError

Dtype = Literal["float32", "float16"]
OWN = "own"
SPLIT = "split"


class ShardWriter(Writer):
    """Writes recordings one behind the other into two files: values and labels.

    Of each recording only the people up to the last who is seen are kept, (C, T, V, m).

    Args:
        root: The store's folder.
        number: The shard's number.
        dtype: Type of the values; ``float16`` halves the size and keeps 3 digits.
    """

    def __init__(self, root: Path, number: int, dtype: Dtype = "float32") -> None:
        super().__init__(root)
        self.dtype: np.dtype[np.floating] = np.dtype(dtype).newbyteorder("<")
        self.shard = [_Growing(root, path(number)) for path in (value_file, label_file)]

    def add(self, entry: Entry) -> None:
        """Append a recording.

        Raises:
            DataError: A value is too large for the type.
        """
        assert entry.clip.labels is not None
        values = entry.clip.data[..., : last_seen(entry.clip)]
        try:
            with np.errstate(over="raise"):
                kept = np.ascontiguousarray(values, dtype=self.dtype)
        except FloatingPointError:
            raise DataError(
                f"{entry.name} holds values that are too large for {self.dtype.name}."
            ) from None
        for growing, array in zip(
            self.shard, (kept, entry.clip.labels.astype(LABELS)), strict=True
        ):
            growing.append(array)

    def __exit__(self, *error: object) -> None:
        """Give the two files their names."""
        for growing in self.shard:
            self.files[growing.name] = growing.close(keep=error[0] is None)


class _Growing:
    """A file that is written piece by piece and gets its name at the end."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self._path = root / name
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._part = unfinished(self._path)
        self._file: IO[bytes] = open(self._part, "xb")  # noqa: SIM115, closed by close
        self._sum = hashlib.sha256()
        self.size = 0

    def append(self, array: NDArray[np.generic]) -> None:
        content = array.tobytes()
        self._file.write(content)
        self._sum.update(content)
        self.size += len(content)

    def close(self, keep: bool) -> Written:
        self._file.close()
        if keep:
            os.replace(self._part, self._path)
        else:
            self._part.unlink()
        return Written(self.size, self._sum.hexdigest())


def write_store(
    target: str | Path,
    entries: Iterable[Entry],
    *,
    name: str,
    units: str = "",
    licence: str = "",
    source: str = "",
    made: str = "",
    dtype: Dtype = "float32",
) -> StoreInfo:
    """Write clips as a store whose protocol ``own`` has their splits.

    Args:
        target: The folder; made when it does not exist.
        entries: The recordings; skeleton, rate, channels, classes and people must be the same in
            all of them, names must differ over all splits, and every clip needs labels.
        name: What the data set is called.
        units: Units of the channels.
        licence: Under which terms the data may be used.
        source: Where it comes from.
        made: How the clips were made.
        dtype: Type of the values; ``float16`` halves the size and keeps 3 digits.

    Raises:
        DataError: There are no recordings, they do not fit together, or a name cannot be used.
    """
    target = Path(target)
    first: Clip | None = None
    index = IndexBuilder()
    seen: set[str] = set()
    with ShardWriter(target, 0, dtype) as writer:
        for entry in entries:
            first = first or entry.clip
            check_entry(entry, first, entry.name in seen)
            seen.add(entry.name)
            writer.add(entry)
            attributes = {SUBJECT: entry.clip.subject, SPLIT: entry.split}
            index.add(entry.name, 0, entry.clip.data.shape, last_seen(entry.clip), attributes)
    if first is None:
        raise DataError(f"there are no recordings to write to {target}.")
    splits = sorted({row.attributes[SPLIT] for row in index.rows})
    info = StoreInfo(
        name=name,
        dtype=dtype,
        fps=first.fps,
        channels=first.channels,
        classes=first.classes,
        skeleton=first.skeleton.to_dict(),
        people=first.num_people,
        units=units,
        licence=licence,
        source=source,
        made=made,
        protocol=OWN,
        protocols={OWN: Protocol(splits={split: {SPLIT: (split,)} for split in splits})},
    )
    return write_store_about(target, info, index, writer.files)


@dataclass(frozen=True)
class _Row:
    name: str
    shard: int
    shape: tuple[int, ...]
    people: int
    attributes: Mapping[str, str]
    listed: bool


class IndexBuilder:
    """Collects recordings in the order in which they lie in their shards."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []

    def add(
        self,
        name: str,
        shard: int,
        shape: tuple[int, ...],
        people: int,
        attributes: Mapping[str, str],
        listed: bool = True,
    ) -> None:
        """Add the next recording of a shard.

        Args:
            name: Its name.
            shard: The shard's number.
            shape: (C, T, V, M) of its clip.
            people: How many of the people are kept.
            attributes: What is known of it.
            listed: Whether the index names it; otherwise it only takes its room.
        """
        self.rows.append(_Row(name, shard, shape, people, attributes, listed))

    def built(self) -> Index:
        """The index."""
        values: Counter[int] = Counter()
        labels: Counter[int] = Counter()
        rows, start, label_start = [], [], []
        for row in self.rows:
            if row.listed:
                rows.append(row)
                start.append(values[row.shard])
                label_start.append(labels[row.shard])
            values[row.shard] += math.prod(row.shape[:3]) * row.people
            labels[row.shard] += row.shape[1]
        keys = sorted({key for row in rows for key in row.attributes})
        return Index(
            names=tuple(row.name for row in rows),
            shard=tuple(row.shard for row in rows),
            start=tuple(start),
            label_start=tuple(label_start),
            frames=tuple(row.shape[1] for row in rows),
            people=tuple(row.people for row in rows),
            attributes={key: tuple(row.attributes.get(key, "") for row in rows) for key in keys},
        )


def write_store_about(
    root: Path, info: StoreInfo, index: IndexBuilder, files: Mapping[str, Written]
) -> StoreInfo:
    """Write ``index.json``, and ``store.json`` last; returns what that holds."""
    content = (index.built().model_dump_json() + "\n").encode()
    sums = {INDEX: write_file(root / INDEX, content)}
    sums |= {name: one.sha256 for name, one in files.items()}
    info = info.model_copy(update={"sha256": sums})
    write_file(root / STORE, json_bytes(info.model_dump(mode="json")))
    return info
