"""Walk through whatever a path holds, recording by recording, and survey it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from kinestream.clips import Clip
from kinestream.datasets.folder import FolderDataset, split_names
from kinestream.datasets.inspection.facts import facts_of
from kinestream.datasets.inspection.survey import Survey
from kinestream.errors import InputError
from kinestream.formats import Reading, Repairs, Stated, find_recordings, read_recording
from kinestream.formats.folder import ACTIONS

EXAMPLES = 6

Progress = Callable[[int, int, str], None]


class _Item(NamedTuple):
    """Something to read."""

    split: str
    name: str
    read: Callable[[], Reading]


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


def inspect(
    path: str | Path, stated: Stated | None = None, progress: Progress | None = None
) -> Inspection:
    """Measure every recording behind a path.

    Args:
        path: A data set, a recording of any known format, a folder of them, or a pattern.
        stated: What files do not tell themselves.
        progress: Called with recordings done, recordings in all and the current one's name.

    Raises:
        MissingFileError: There is nothing there.
        DataError: There is no recording in it.
    """
    path = Path(path)
    stated = stated or Stated()
    inspection = Inspection(Survey(str(path)))
    items = list(_items(path, stated, inspection))
    chosen = {round(k * (len(items) - 1) / max(EXAMPLES - 1, 1)) for k in range(EXAMPLES)}
    for number, item in enumerate(items):
        if progress is not None:
            progress(number, len(items), item.name)
        name = f"{item.split}/{item.name}" if item.split else item.name
        try:
            clip, repairs = item.read()
        except InputError as error:
            inspection.survey.unreadable[name] = str(error)
            continue
        facts = facts_of(clip, repairs, split=item.split, name=item.name)
        inspection.survey.recordings.append(facts)
        if number in chosen:
            inspection.examples.append((name, clip))
    _finish(inspection)
    return inspection


def _items(path: Path, stated: Stated, inspection: Inspection) -> Iterator[_Item]:
    if not (path / ACTIONS).is_file():
        yield from _recordings(path, stated)
        return
    for split in split_names(path):
        dataset = FolderDataset(path, split, stated.fps)
        inspection.survey.classes = dataset.classes
        inspection.units = "" if dataset.layout.info is None else dataset.layout.info.units
        for index, name in enumerate(dataset.names):
            yield _Item(split, name, lambda d=dataset, i=index: Reading(d[i], Repairs()))  # type: ignore[misc]


def _recordings(path: Path, stated: Stated) -> Iterator[_Item]:
    for file in find_recordings(path):
        name = file.relative_to(path).as_posix() if path in file.parents else file.name
        yield _Item("", name, lambda file=file: read_recording(file, stated))  # type: ignore[misc]


def _finish(inspection: Inspection) -> None:
    survey = inspection.survey
    if not survey.classes:
        named: dict[str, None] = {}
        for _, clip in inspection.examples:
            named.update(dict.fromkeys(clip.classes))
        survey.classes = tuple(named)
    if not inspection.units and inspection.examples:
        inspection.units = inspection.examples[0][1].skeleton.units
