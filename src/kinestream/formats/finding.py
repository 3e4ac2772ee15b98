"""Recordings behind a file name, a folder or a pattern."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path

from kinestream.errors import DataError, MissingFileError
from kinestream.formats import sp_sw_har
from kinestream.formats.annotations.table import LABEL_FORMATS, fitting_labels
from kinestream.formats.table import FORMATS, fitting


def find_recordings(source: str | Path) -> list[Path]:
    """Recordings that :func:`kinestream.formats.read_clip` can be given, in the order of their names.

    Args:
        source: A file; a folder, searched with its sub-folders for recordings of every known
            format; or a pattern with ``*``, ``?`` or ``**``. A folder that is one recording
            (OpenPose writes a file per frame) and the two device files of an execution count once.
            What cannot be opened is among them, so that reading it tells why.

    Raises:
        MissingFileError: There is no such file or folder.
        DataError: No recording was found.
    """
    path = Path(source)
    if path.is_file():
        return [_phone(path)]
    if path.is_dir():
        found = sorted(set(_inside(path)))
    elif glob.has_magic(str(source)):
        found = sorted(set(_known(Path(name) for name in glob.iglob(str(source), recursive=True))))
    else:
        raise MissingFileError(f"there is no file or folder {source}.")
    if not found:
        raise DataError(_nothing(source))
    return found


def _nothing(source: str | Path) -> str:
    labels = next((path for path in _files(source) if _holds_labels(path)), None)
    if labels is not None:
        return (
            f"no recordings in {source}, only labels such as {labels.name}: name one file of "
            f"labels, or keep labels with their recordings."
        )
    return f"no recordings in {source}: looked for files of the formats {', '.join(FORMATS)}."


def _files(source: str | Path) -> Iterator[Path]:
    path = Path(source)
    if path.is_dir():
        return path.rglob("*")
    return (Path(name) for name in glob.iglob(str(source), recursive=True))


def _holds_labels(path: Path) -> bool:
    endings = {ending for each in LABEL_FORMATS.values() for ending in each.endings}
    return path.suffix.lower() in endings and path.is_file() and fitting_labels(path) is not None


def _inside(folder: Path) -> Iterator[Path]:
    if fitting(folder) is not None:
        yield folder
        return
    try:
        children = [child for child in sorted(folder.iterdir()) if not child.name.startswith(".")]
        folders = {child for child in children if child.is_dir()}
    except OSError:
        yield folder
        return
    yield from _known(child for child in children if child not in folders)
    for child in sorted(folders):
        if not child.is_symlink():
            yield from _inside(child)


def _known(paths: Iterable[Path]) -> Iterator[Path]:
    endings = {ending for each in FORMATS.values() for ending in each.endings}
    for path in paths:
        if path.is_dir():
            if fitting(path) is not None:
                yield path
        elif path.suffix.lower() in endings and path.is_file() and _may_fit(path):
            yield _phone(path)


def _may_fit(path: Path) -> bool:
    try:
        return fitting(path) is not None
    except DataError:  # it cannot be opened
        return True


def _phone(path: Path) -> Path:
    return path if sp_sw_har.execution_name(path) is None else sp_sw_har.device_files(path)[0]
