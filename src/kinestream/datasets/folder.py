"""A data-set folder, read one recording at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from kinestream.clips import Clip
from kinestream.errors import DataError, MissingFileError
from kinestream.files import file_sha256
from kinestream.formats.folder import Layout
from kinestream.formats.npy import channels_for, read_header
from kinestream.skeletons import Skeleton


class FolderDataset:
    """The recordings of one split of a data-set folder.

    Args:
        root: The folder with ``actions.txt``, ``skeleton.json`` and a folder per split.
        split: Which of them, for example ``train``.
        fps: Frames per second, for data sets without a ``dataset.json``.

    Attributes:
        layout: What holds for every recording.
        split: The split's name.
        names: Recording names, sorted.
        fps: Frames per second.
        channels: What the C axis means; without ``dataset.json``, what the first recording's number
            of channels suggests.

    Raises:
        MissingFileError: The folder or the split does not exist.
        DataError: The split has no recordings, or nothing tells the frame rate.
    """

    def __init__(self, root: str | Path, split: str, fps: float | None = None) -> None:
        self.layout = Layout.read(root)
        self.split = split
        self.fps = self.layout.rate(fps)
        folder = self.layout.root / split / "features"
        if not folder.is_dir():
            raise MissingFileError(
                f"the data set {root} has no split {split!r}: there is no folder {folder}. It has "
                f"{', '.join(split_names(self.layout.root)) or 'none'}."
            )
        self.names = tuple(sorted(path.stem for path in folder.glob("*.npy")))
        if not self.names:
            raise DataError(f"{folder} holds no recordings (NAME.npy).")
        info = self.layout.info
        first = folder / f"{self.names[0]}.npy"
        self.channels = info.channels if info else channels_for(read_header(first).shape[0])

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

    def __len__(self) -> int:
        return len(self.names)

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

    def __iter__(self) -> Iterator[Clip]:
        return (self[index] for index in range(len(self)))

    def subset(self, subjects: Sequence[str]) -> FolderDataset:
        """The recordings of some subjects, for example to validate on people left out of training.

        Raises:
            DataError: A subject has no recording here.
        """
        known = self.subjects
        unknown = sorted(set(subjects) - set(known) | (set(subjects) & {""}))
        if unknown or not subjects:
            raise DataError(
                f"split {self.split!r} of {self.layout.root} has no recordings of subject "
                f"{', '.join(map(repr, unknown)) or 'none'}; it has "
                f"{', '.join(sorted(set(known) - {''})) or 'no subjects by name'}."
            )
        part = object.__new__(FolderDataset)
        part.__dict__.update(self.__dict__)
        part.names = tuple(
            name for name, who in zip(self.names, known, strict=True) if who in subjects
        )
        return part

    def verify(self) -> None:
        """Compare this split's files with the checksums in ``dataset.json``.

        Raises:
            DataError: A file changed or is missing, or there are no checksums.
        """
        sums = {} if self.layout.info is None else self.layout.info.sha256
        for name in self.names:
            for part in (f"{self.split}/features/{name}.npy", f"{self.split}/labels/{name}.csv"):
                path = self.layout.root / part
                if part not in sums or not path.is_file() or file_sha256(path) != sums[part]:
                    raise DataError(
                        f"{path} is not the file that dataset.json describes: its checksum does "
                        f"not match. Prepare the data set again."
                    )


def split_names(root: Path) -> list[str]:
    """Names of the splits of a data-set folder."""
    return sorted(path.parent.name for path in root.glob("*/features"))
