"""A data-set folder, read one recording at a time."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path

from kinestream.clips import Clip
from kinestream.datasets.layouts.dataset import Dataset
from kinestream.datasets.layouts.writing import folder_files
from kinestream.errors import DataError, MissingFileError
from kinestream.files import file_sha256
from kinestream.formats.folder import Layout
from kinestream.formats.parsing.npy import channels_for, read_header
from kinestream.skeletons import Skeleton


class FolderDataset(Dataset):
    """The recordings of one split of a data-set folder.

    Args:
        root: The folder with ``actions.txt``, ``skeleton.json`` and a folder per split.
        split: Which of them, for example ``train``.
        fps: Frames per second, for data sets without a ``dataset.json``.

    Attributes:
        layout: What holds for every recording.
        split: The split's name.

    Raises:
        MissingFileError: The folder or the split does not exist.
        DataError: The split has no recordings, or nothing tells the frame rate.
    """

    def __init__(self, root: str | Path, split: str, fps: float | None = None) -> None:
        self.layout = Layout.read(root)
        self.split = split
        self._fps = self.layout.rate(fps)
        folder = self.layout.root / split / "features"
        if not folder.is_dir():
            raise MissingFileError(
                f"the data set {root} has no split {split!r}: there is no folder {folder}. It has "
                f"{', '.join(split_names(self.layout.root)) or 'none'}."
            )
        self._names = tuple(sorted(path.stem for path in folder.glob("*.npy")))
        if not self._names:
            raise DataError(f"{folder} holds no recordings (NAME.npy).")
        info = self.layout.info
        first = folder / f"{self._names[0]}.npy"
        self._channels = info.channels if info else channels_for(read_header(first).shape[0])

    @property
    def title(self) -> str:
        """The split and the folder."""
        return f"split {self.split!r} of {self.layout.root}"

    @property
    def names(self) -> tuple[str, ...]:
        """Recording names, sorted."""
        return self._names

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self._fps

    @property
    def channels(self) -> tuple[str, ...]:
        """What the C axis means; without ``dataset.json``, what the first recording suggests."""
        return self._channels

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of their indices."""
        return self.layout.classes

    @property
    def skeleton(self) -> Skeleton:
        """What the V axis means."""
        return self.layout.skeleton

    @property
    def subjects(self) -> tuple[str, ...]:
        """Subject of each recording, empty where it is not known."""
        info = self.layout.info
        known = {} if info is None else info.subjects
        return tuple(known.get(f"{self.split}/{name}", "") for name in self.names)

    @property
    def units(self) -> str:
        """Units of the channels, empty where nothing tells."""
        return "" if self.layout.info is None else self.layout.info.units

    def __getitem__(self, index: int) -> Clip:
        """Read one recording.

        Raises:
            DataError: A file is damaged, or does not fit the rest of the data set.
            SkeletonError: It has another number of joints than the skeleton.
        """
        clip = self.layout.recording(self.split, self.names[index], self.fps)
        if clip.channels != self.channels:
            raise DataError(
                f"{clip.source} has {len(clip.channels)} channels, the split's first recording has "
                f"{len(self.channels)}: one data set has the same channels throughout."
            )
        return clip

    def take(self, positions: Sequence[int]) -> FolderDataset:
        """The recordings at some positions, in this order."""
        part = copy(self)
        part._names = tuple(self._names[k] for k in positions)
        return part

    def verify(self) -> None:
        """Compare this split's files with the checksums in ``dataset.json``.

        Raises:
            DataError: A file changed or is missing, or there are no checksums.
        """
        sums = {} if self.layout.info is None else self.layout.info.sha256
        for name in self.names:
            for part in folder_files(self.split, name):
                path = self.layout.root / part
                if part not in sums or not path.is_file() or file_sha256(path) != sums[part]:
                    raise DataError(
                        f"{path} is not the file that dataset.json describes: its checksum does "
                        f"not match. Prepare the data set again."
                    )


def split_names(root: Path) -> list[str]:
    """Names of the splits of a data-set folder."""
    return sorted(path.parent.name for path in root.glob("*/features"))
