"""A store: recordings of any length in a few large files, mapped into memory and read one by one.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.datasets.layouts.dataset import Dataset
from kinestream.datasets.layouts.store_index import (
    INDEX,
    LABELS,
    Index,
    StoreInfo,
    label_file,
    read_index,
    read_store_info,
    value_file,
)
from kinestream.datasets.protocols import SUBJECT, find_protocol
from kinestream.errors import DataError
from kinestream.files import file_sha256
from kinestream.skeletons import Skeleton


class Store(Dataset):
    """Recordings of a store: all of them, or those of a split.

    A store is divided when it is opened, so one serves every protocol:
    ``Store.open(path).split("xsub")["train"]``, ``store.split("loso:s03")["test"]``.

    Attributes:
        root: The store's folder.
        info: What holds for all recordings.
    """

    def __init__(self, root: Path, info: StoreInfo, skeleton: Skeleton, index: Index) -> None:
        self.root = root
        self.info = info
        self._skeleton = skeleton
        self._index = index
        self._places = index.columns()
        self._chosen: tuple[int, ...] = tuple(range(len(index.names)))
        self._part = ""

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Open a store; only its index is read.

        Raises:
            MissingFileError: There is no store, or a file of it is missing.
            DataError: It is damaged.
            SkeletonError: Its skeleton is malformed.
        """
        root = Path(path)
        info = read_store_info(root)
        skeleton = Skeleton.from_dict(info.skeleton)
        return cls(root, info, skeleton, read_index(root, info, skeleton))

    def split(self, protocol: str | None = None) -> dict[str, Store]:
        """The splits of a protocol; recordings it leaves out are in none.

        Args:
            protocol: A key of ``info.protocols``, ``loso:SUBJECT`` or ``all``; by default the
                store's usual one.

        Raises:
            ConfigError: There is no such protocol, or a recording would be in two splits.
        """
        attributes = [self._index.of(k) for k in self._chosen]
        name = protocol or self.info.protocol or "all"
        chosen = find_protocol(name, self.info.protocols, attributes, self.info.name)
        splits: dict[str, list[int]] = {}
        for position, one in enumerate(attributes):
            split = chosen.split_of(one)
            if split is not None:
                splits.setdefault(split, []).append(position)
        return {split: self._named(split, places) for split, places in sorted(splits.items())}

    @property
    def title(self) -> str:
        """The store's folder, and the split if it is one."""
        return f"split {self._part!r} of {self.root}" if self._part else str(self.root)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings, in the order of the index."""
        return tuple(self._index.names[k] for k in self._chosen)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Subject of each recording, empty where it is not known."""
        return tuple(one.get(SUBJECT, "") for one in self.attributes)

    @property
    def attributes(self) -> tuple[dict[str, str], ...]:
        """What is known of each recording: subject, camera, action ..."""
        return tuple(self._index.of(k) for k in self._chosen)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of their indices."""
        return self.info.classes

    @property
    def skeleton(self) -> Skeleton:
        """What the V axis means."""
        return self._skeleton

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.info.fps

    @property
    def channels(self) -> tuple[str, ...]:
        """What the C axis means."""
        return self.info.channels

    @property
    def units(self) -> str:
        """Units of the channels, empty where nothing tells."""
        return self.info.units

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> Clip:
        """Read one recording; people who are not kept are NaN.

        Raises:
            DataError: A label is outside the list of classes, or a file became shorter.
        """
        k = self._chosen[index]
        place = {name: int(column[k]) for name, column in self._places.items()}
        frames, people = place["frames"], place["people"]
        shape = (len(self.channels), frames, self.skeleton.num_joints, people)
        data = np.full((*shape[:3], self.info.people), np.nan, dtype=np.float32)
        dtype = np.dtype(self.info.dtype).newbyteorder("<")
        values = self._mapped(
            value_file(place["shard"]), dtype, place["start"], data[..., :people].size
        )
        data[..., :people] = values.reshape(shape)
        labels = self._mapped(label_file(place["shard"]), LABELS, place["label_start"], frames)
        return Clip(
            data=data,
            skeleton=self.skeleton,
            fps=self.fps,
            channels=self.channels,
            classes=self.classes,
            labels=labels.astype(np.int64),
            subject=self._index.of(k).get(SUBJECT, ""),
            source=f"{self.root}/{self._index.names[k]}",
        )

    def take(self, positions: Sequence[int]) -> Store:
        """The recordings at some positions, in this order."""
        part = copy(self)
        part._chosen = tuple(self._chosen[k] for k in positions)
        return part

    def verify(self) -> None:
        """Compare all files of the store with the checksums in ``store.json``.

        Raises:
            DataError: A file changed or is missing, or has no checksum.
        """
        shards = {int(shard) for shard in self._places["shard"]}
        files = [
            INDEX,
            *(name(shard) for shard in sorted(shards) for name in (value_file, label_file)),
        ]
        for name in files:
            path = self.root / name
            if not path.is_file() or file_sha256(path) != self.info.sha256.get(name):
                raise DataError(
                    f"{path} is not the file that store.json describes: its checksum does not "
                    f"match. Prepare the data set again."
                )

    def _named(self, split: str, positions: list[int]) -> Store:
        part = self.take(positions)
        part._part = split
        return part

    def _mapped(
        self, name: str, dtype: np.dtype[np.generic], start: int, count: int
    ) -> NDArray[np.generic]:
        path = self.root / name
        try:
            return np.memmap(path, dtype, "r", offset=start * dtype.itemsize, shape=(count,))
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read: {error}. Is the store whole?") from None
