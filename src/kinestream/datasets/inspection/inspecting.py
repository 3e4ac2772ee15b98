"""Walk through whatever a path holds, recording by recording, and survey it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from kinestream.clips import Clip
from kinestream.datasets.inspection.facts import facts_of
from kinestream.datasets.inspection.survey import Survey
from kinestream.datasets.layouts.dataset import Dataset
from kinestream.datasets.layouts.opening import is_dataset, open_splits
from kinestream.errors import InputError
from kinestream.formats import Named, Repairs, Stated, find_recordings, read_recordings

EXAMPLES = 6

Progress = Callable[[int, int, str], None]


class _Item(NamedTuple):
    """Something to read: one recording, or a file of several."""

    split: str
    name: str
    read: Callable[[], Iterator[Named]]


@dataclass
class Inspection:
    """A survey, and a few recordings to look at.

    Attributes:
        survey: What was measured.
        examples: Recordings spread over what was found, with the names they go by.
        units: Unit of positions, where the source tells it.
    """

    survey: Survey
    examples: list[tuple[str, Clip]] = field(default_factory=list)
    units: str = ""
    _stride: int = 1

    def add(self, split: str, named: Named) -> None:
        """Measure one more recording."""
        name, clip, repairs = named
        number = len(self.survey.recordings)
        self.survey.recordings.append(facts_of(clip, repairs, split=split, name=name))
        if number % self._stride:
            return
        self.examples.append((f"{split}/{name}" if split else name, clip))
        if len(self.examples) == 2 * EXAMPLES:  # thinned out, so that they stay spread
            self.examples = self.examples[::2]
            self._stride *= 2


def inspect(
    path: str | Path,
    stated: Stated | None = None,
    *,
    protocol: str | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """Measure every recording behind a path.

    Args:
        path: A data set in any layout, a recording of any known format, a folder of them, or a
            pattern.
        stated: What files do not tell themselves.
        protocol: How a store is divided into splits.
        progress: Called with files done, files in all and the current one's name.

    Raises:
        MissingFileError: There is nothing there.
        ConfigError: There is no such protocol.
        DataError: There is no recording in it.
    """
    path = Path(path)
    stated = stated or Stated()
    inspection = Inspection(Survey(str(path)))
    if is_dataset(path):
        splits = open_splits(path, protocol, stated.fps)
        items = [item for split, dataset in splits.items() for item in _members(split, dataset)]
        inspection.survey.classes = next(iter(splits.values())).classes
        inspection.units = next(iter(splits.values())).units
    else:
        items = list(_files(path, stated))
    for number, item in enumerate(items):
        if progress is not None:
            progress(number, len(items), item.name)
        try:
            for named in item.read():
                inspection.add(item.split, named)
        except InputError as error:
            name = f"{item.split}/{item.name}" if item.split else item.name
            inspection.survey.unreadable[name] = str(error)
    _finish(inspection)
    return inspection


def _members(split: str, dataset: Dataset) -> Iterator[_Item]:
    for index, name in enumerate(dataset.names):

        def read(index: int = index, name: str = name) -> Iterator[Named]:
            yield Named(name, dataset[index], Repairs())

        yield _Item(split, name, read)


def _files(path: Path, stated: Stated) -> Iterator[_Item]:
    for file in find_recordings(path):
        name = file.relative_to(path).as_posix() if path in file.parents else file.name

        def read(file: Path = file, name: str = name) -> Iterator[Named]:
            for inside, clip, repairs in read_recordings(file, stated):
                whole = name if inside == file.stem else f"{name}:{inside}"
                yield Named(whole, clip, repairs)

        yield _Item("", name, read)


def _finish(inspection: Inspection) -> None:
    survey = inspection.survey
    inspection.examples = inspection.examples[:: -(-len(inspection.examples) // EXAMPLES) or 1]
    if not survey.classes:
        named: dict[str, None] = {}
        for one in survey.recordings:
            named.update(dict.fromkeys(name for name in one.label_frames if name))
        survey.classes = tuple(named)
    if not inspection.units and inspection.examples:
        inspection.units = inspection.examples[0][1].skeleton.units
