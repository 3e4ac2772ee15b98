"""What every data set is, however it lies on disk: recordings by number, read one at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Self

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.skeletons import Skeleton


class Dataset(ABC):
    """Some recordings that share skeleton, rate, channels, classes and number of people."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is, for messages, for example ``split 'train' of data/utkinect``."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the recordings."""

    @property
    @abstractmethod
    def subjects(self) -> tuple[str, ...]:
        """Subject of each recording, empty where it is not known."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of their indices."""

    @property
    @abstractmethod
    def skeleton(self) -> Skeleton:
        """What the V axis means."""

    @property
    @abstractmethod
    def fps(self) -> float:
        """Frames per second."""

    @property
    @abstractmethod
    def channels(self) -> tuple[str, ...]:
        """What the C axis means."""

    @property
    @abstractmethod
    def units(self) -> str:
        """Units of the channels, empty where nothing tells."""

    @abstractmethod
    def __getitem__(self, index: int) -> Clip:
        """Read one recording.

        Raises:
            DataError: A file is damaged, or does not fit the rest of the data set.
            SkeletonError: It has another number of joints than the skeleton.
        """

    @abstractmethod
    def take(self, positions: Sequence[int]) -> Self:
        """The recordings at some positions, in this order."""

    @abstractmethod
    def verify(self) -> None:
        """Compare the files with their checksums.

        Raises:
            DataError: A file changed or is missing, or there are no checksums.
        """

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Clip]:
        return (self[index] for index in range(len(self)))

    def subset(self, subjects: Sequence[str]) -> Self:
        """The recordings of some subjects, for example to validate on people left out of training.

        Raises:
            DataError: A subject has no recording here.
        """
        known = self.subjects
        unknown = sorted(set(subjects) - set(known) | (set(subjects) & {""}))
        if unknown or not subjects:
            raise DataError(
                f"{self.title} has no recordings of subject "
                f"{', '.join(map(repr, unknown)) or 'none'}; it has "
                f"{', '.join(sorted(set(known) - {''})) or 'no subjects by name'}."
            )
        return self.take([k for k, who in enumerate(known) if who in subjects])
