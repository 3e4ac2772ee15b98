"""Array files: one array for all recordings of a split, as the field keeps benchmark sets.

actions.txt              class names, one per line
skeleton.json            num_node, edge, center
dataset.json             what Kinestream writes beside it; other people's sets may lack it
SPLIT_data.npy           (N, C, T, V, M); also SPLIT_data_joint.npy
SPLIT_label.pkl          recording names and class indices; also .npy or .csv
SPLIT_frames.npy         (N,) frames of each recording, where they are known

Recordings are padded at their ends to the longest. Without ``SPLIT_frames.npy``, frames at the end
in which all is zero or NaN count as padding. Without ``dataset.json``, a person all of whose joints
are exactly zero in a frame is taken as absent, and becomes NaN.

Legend: N recordings, C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES, Clip
from kinestream.datasets.layouts.dataset import Dataset
from kinestream.datasets.layouts.file_labels import KINDS, read_file_labels
from kinestream.errors import DataError, MissingFileError
from kinestream.files import file_sha256
from kinestream.formats.folder import Layout
from kinestream.formats.parsing.npy import Header, channels_for, read_header
from kinestream.skeletons import Skeleton

DATA = ("data.npy", "data_joint.npy")


class FileDataset(Dataset):
    """The recordings of one split that lie in one array, which is mapped into memory.

    Args:
        root: The folder.
        split: Which split, for example ``train``.
        fps: Frames per second, for data sets without a ``dataset.json``.

    Attributes:
        layout: What holds for every recording.
        split: The split's name.

    Raises:
        MissingFileError: The folder or a file of the split does not exist.
        DataError: A file is damaged, files do not fit together, or nothing tells the frame rate.
    """

    def __init__(self, root: str | Path, split: str, fps: float | None = None) -> None:
        self.layout = Layout.read(root)
        self.split = split
        self._fps = self.layout.rate(fps)
        self._file = data_file(self.layout.root, split)
        self._header = _checked(self._file, self.layout.skeleton)
        count = self._header.shape[0]
        found = read_file_labels(self.layout.root, split, self.layout.classes, count)
        if found.labels.ndim == 2 and found.labels.shape[1] != self._header.shape[2]:
            raise DataError(
                f"{self._file} has {self._header.shape[2]} frames, its label file "
                f"{found.labels.shape[1]}."
            )
        self._labels = found.labels
        self._names = found.names or tuple(f"{split}_{k:06d}" for k in range(count))
        self._frames = _frames(self.layout.root / f"{split}_frames.npy", self._header)
        self._chosen: tuple[int, ...] = tuple(range(count))
        channels = self._header.shape[1]
        info = self.layout.info
        self._channels = channels_for(channels) if info is None else info.channels
        if len(self._channels) != channels or (info and info.people != self._header.shape[4]):
            raise DataError(
                f"{self._file} has the shape {self._header.shape}; dataset.json states "
                f"{len(self._channels)} channels and {info.people if info else 1} people."
            )

    @property
    def title(self) -> str:
        """The split and the folder."""
        return f"split {self.split!r} of {self.layout.root}"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings, in the order of the array."""
        return tuple(self._names[k] for k in self._chosen)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Subject of each recording, empty where it is not known."""
        return tuple(self._subject(k) for k in self._chosen)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of their indices."""
        return self.layout.classes

    @property
    def skeleton(self) -> Skeleton:
        """What the V axis means."""
        return self.layout.skeleton

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self._fps

    @property
    def channels(self) -> tuple[str, ...]:
        """What the C axis means."""
        return self._channels

    @property
    def units(self) -> str:
        """Units of the channels, empty where nothing tells."""
        return "" if self.layout.info is None else self.layout.info.units

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> Clip:
        """Read one recording, without its padding.

        Raises:
            DataError: It is empty, or a value is too large.
        """
        k = self._chosen[index]
        where = f"{self._file}[{k}]"
        shape, dtype, start, order = self._header
        whole = np.memmap(self._file, dtype, "r", start, shape, order)
        try:
            with np.errstate(over="raise"):
                data = np.array(whole[k], dtype=np.float32)  # (C, T, V, M)
        except FloatingPointError:
            raise DataError(f"{where} holds values that are too large for float32.") from None
        if self.layout.info is None:
            data = np.where((data == 0).all(axis=(0, 2), keepdims=True), np.float32(np.nan), data)
        frames = _seen_frames(data) if self._frames is None else int(self._frames[k])
        if frames == 0:
            raise DataError(f"{where} is empty: all its values are zero or missing.")
        labels = self._labels[k]
        return Clip(
            data=data[:, :frames],
            skeleton=self.skeleton,
            fps=self.fps,
            channels=self.channels,
            classes=self.classes,
            labels=labels[:frames] if labels.ndim else np.full(frames, labels),
            subject=self._subject(k),
            source=where,
        )

    def take(self, positions: Sequence[int]) -> FileDataset:
        """The recordings at some positions, in this order."""
        part = copy(self)
        part._chosen = tuple(self._chosen[k] for k in positions)
        return part

    def verify(self) -> None:
        """Compare this split's files with the checksums in ``dataset.json``.

        Raises:
            DataError: A file changed, or there are no checksums.
        """
        sums = {} if self.layout.info is None else self.layout.info.sha256
        names = [self._file.name, f"{self.split}_frames.npy"]
        names += [f"{self.split}_label.{kind}" for kind in KINDS]
        for path in (self.layout.root / name for name in names):
            if path.is_file() and file_sha256(path) != sums.get(path.name):
                raise DataError(
                    f"{path} is not the file that dataset.json describes: its checksum does not "
                    f"match. Write the data set again."
                )

    def _subject(self, position: int) -> str:
        info = self.layout.info
        key = f"{self.split}/{self._names[position]}"
        return "" if info is None else info.subjects.get(key, "")


def data_file(root: Path, split: str) -> Path:
    """The array of a split.

    Raises:
        MissingFileError: There is none.
    """
    paths = [root / f"{split}_{ending}" for ending in DATA]
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        raise MissingFileError(
            f"the data set {root} has no split {split!r}: there is no file {paths[0]}. It has "
            f"{', '.join(file_splits(root)) or 'none'}."
        )
    return found


def file_splits(root: Path) -> list[str]:
    """Names of the splits that have an array."""
    found = (path.name for ending in DATA for path in root.glob(f"*_{ending}"))
    return sorted({name.partition("_data")[0] for name in found} - {""})


def _checked(path: Path, skeleton: Skeleton) -> Header:
    header = read_header(path)
    shape, dtype, start, _ = header
    if len(shape) != 5 or dtype.kind not in "fiu" or shape[3] != skeleton.num_joints:
        raise DataError(
            f"{path} holds {dtype} of shape {shape}; it must be numbers (N, C, T, "
            f"{skeleton.num_joints}, M) for the skeleton in skeleton.json."
        )
    if min(shape) < 1 or math.prod(shape[1:]) > MAX_VALUES:
        raise DataError(f"{path} has the shape {shape}: one recording is empty or too large.")
    if path.stat().st_size != start + math.prod(shape) * dtype.itemsize:
        raise DataError(
            f"{path} is damaged: shape {shape} of {dtype} needs "
            f"{start + math.prod(shape) * dtype.itemsize} bytes, it has {path.stat().st_size}."
        )
    return header


def _frames(path: Path, header: Header) -> NDArray[np.int64] | None:
    if not path.is_file():
        return None
    shape, dtype, start, _ = read_header(path)
    count, most = header.shape[0], header.shape[2]
    fits = shape == (count,) and dtype.kind in "iu"
    if fits and path.stat().st_size == start + count * dtype.itemsize:
        frames = np.array(np.memmap(path, dtype, "r", start, shape))
        if frames.min() >= 1 and frames.max() <= most:
            return frames.astype(np.int64)
    raise DataError(f"{path} must hold {count} numbers of frames, 1 to {most}.")


def _seen_frames(data: NDArray[np.float32]) -> int:
    """Number of frames up to the last in which anything is seen."""
    seen = np.flatnonzero(~(np.isnan(data) | (data == 0)).all(axis=(0, 2, 3)))
    return int(seen[-1]) + 1 if len(seen) else 0
