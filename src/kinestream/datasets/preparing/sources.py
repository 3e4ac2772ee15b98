"""The recordings of a data set below a folder, wherever it was unpacked."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kinestream.datasets.known import KnownSet, SplitFile
from kinestream.datasets.preparing.inner_splits import inner_protocols
from kinestream.datasets.protocols import Protocol
from kinestream.errors import DataError, MissingFileError
from kinestream.formats import read_recordings
from kinestream.formats.format import Stated
from kinestream.formats.parsing.textfile import read_lines
from kinestream.formats.pyskl import pyskl_splits

MAX_DEPTH = 8
MAX_FILES = 4_000_000
MAX_SPLIT_FILE = 1 << 24
NOTHING = Stated()


@dataclass(frozen=True)
class Recording:
    """One recording of a source.

    Attributes:
        name: What it is called in the prepared data set.
        path: The file it lies in; one of them where it has several.
        inside: Its name inside that file, where the file holds several recordings.
        attributes: What is known of it: subject, camera, action ...
    """

    name: str
    path: Path
    inside: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """Who is seen, empty where nothing tells."""
        return self.attributes.get("subject", "")


@dataclass(frozen=True)
class Source:
    """What was found below a folder.

    Attributes:
        root: The folder.
        recordings: In the order of their names.
        files: Everything that lies there, as labels and splits may lie in files of their own.
        doubles: Files that stand for a recording which another file was taken for.
        closed: Folders that cannot be opened, and why.
        protocols: Those of the data set, and those that its files list themselves.
    """

    root: Path
    recordings: tuple[Recording, ...]
    files: tuple[Path, ...]
    doubles: tuple[Path, ...]
    closed: Mapping[Path, str]
    protocols: Mapping[str, Protocol]

    def state(self) -> str:
        """A checksum over names, sizes and times of all files, which tells whether any changed."""
        digest = hashlib.sha256(str(self.root.absolute()).encode())
        for file in self.files:
            about = file.stat()
            digest.update(f"\0{file}\0{about.st_size}\0{about.st_mtime_ns}".encode())
        return digest.hexdigest()


def find_source(
    known: KnownSet, root: str | Path, stated: Stated = NOTHING, ignore: Path | None = None
) -> Source:
    """Find a data set's recordings in a folder and the folders below it.

    Args:
        known: The data set.
        root: The folder.
        stated: What the caller says about recordings that do not tell it themselves.
        ignore: A folder that is not looked into, as it is to be written.

    Raises:
        MissingFileError: There is no such folder.
        DataError: It is a file, it does not hold the data set, or a split file cannot be read.
    """
    root = Path(root)
    if root.is_file():
        raise DataError(
            f"{root} is a file; name the folder that holds {known.name}, such as {root.parent}."
        )
    if not root.is_dir():
        raise MissingFileError(f"there is no folder {root}; unpack {known.name} there first.")
    closed: dict[Path, str] = {}
    files = sorted(_files(root, ignore, closed), key=lambda file: (len(file.parts), file))
    found: dict[str, Recording] = {}
    doubles = []
    for one in _recordings(known, root, files, stated):
        first = found.setdefault(one.name, one)
        if first.path.parent != one.path.parent:
            doubles.append(one.path)
    if not found:
        raise DataError(
            f"{root} does not hold {known.name} ({known.title}): none of its {len(files)} files "
            f"is named like its recordings (regular expression {known.recording})."
            + "".join(f" {folder} cannot be opened: {why}." for folder, why in closed.items())
        )
    recordings = [found[name] for name in sorted(found)]
    for attribute, split_file in known.split_files.items():
        lists = next((file for file in files if file.name in split_file.files), None)
        if lists is not None:
            split_of = read_split_file(lists, split_file)
            recordings = [
                _with(one, {attribute: split_of[one.name]} if one.name in split_of else {})
                for one in recordings
            ]
    protocols = dict(known.protocols)
    if known.splits_inside:
        listed: dict[str, dict[str, str]] = {}
        for path in {one.path for one in recordings}:
            inner, attributes = inner_protocols(pyskl_splits(path), "splits listed in the file")
            protocols |= inner
            listed |= attributes
        recordings = [_with(one, listed.get(one.inside or "", {})) for one in recordings]
    return Source(root, tuple(recordings), tuple(files), tuple(doubles), closed, protocols)


def read_split_file(path: Path, form: SplitFile) -> dict[str, str]:
    """The attribute's value for each recording that a split file lists.

    Raises:
        DataError: A list comes before the first heading, or there is no list.
    """
    values: dict[str, str] = {}
    value: str | None = None
    for number, line in enumerate(read_lines(path, "a split file", MAX_SPLIT_FILE), start=1):
        begins = line.strip().lower()
        heading = [one for one, word in form.headings.items() if begins.startswith(word.lower())]
        if heading:
            value = heading[0]
            continue
        names = re.split(r"[,\s]+", line.strip(" ,\t"))
        if value is None and names != [""]:
            raise DataError(
                f"{path} line {number} comes before a heading; a split file begins with "
                f"{' or '.join(repr(word) for word in form.headings.values())}."
            )
        values |= dict.fromkeys((name for name in names if name), value or "")
    if not values:
        raise DataError(f"{path} lists no recordings.")
    return values


def _files(root: Path, ignore: Path | None, closed: dict[Path, str]) -> Iterator[Path]:
    base = len(root.parts)
    count = 0

    def note(error: OSError) -> None:
        closed[Path(error.filename)] = error.strerror or str(error)

    for folder, below, names in os.walk(root, onerror=note):
        place = Path(folder)
        below[:] = [
            name
            for name in sorted(below)
            if not name.startswith(".") and (place / name).absolute() != ignore
        ]
        if len(place.parts) - base >= MAX_DEPTH:
            below.clear()
        count += len(names)
        if count > MAX_FILES:
            raise DataError(f"{root} holds over {MAX_FILES} files: name the data set's own folder.")
        yield from (file for name in names if (file := place / name).is_file())


def _recordings(
    known: KnownSet, root: Path, files: list[Path], stated: Stated
) -> Iterator[Recording]:
    wanted = re.compile(rf"(?:^|/){known.recording}$")
    for file in files:
        found = wanted.search(file.absolute().as_posix())
        below = f"/{file.relative_to(root).as_posix()}"
        if found is None or (known.skip and re.search(known.skip, below)):
            continue
        if known.several:
            yield from _inside(known, file, stated)
        else:
            attributes = {key: value for key, value in found.groupdict().items() if value}
            yield Recording(known.naming.format_map(attributes), file, None, attributes)


def _inside(known: KnownSet, file: Path, stated: Stated) -> Iterator[Recording]:
    for named in read_recordings(file, stated, known.format):
        found = re.fullmatch(known.several, named.name)
        if found is not None:
            attributes = found.groupdict()
            yield Recording(known.naming.format_map(attributes), file, named.name, attributes)


def _with(recording: Recording, more: Mapping[str, str]) -> Recording:
    return replace(recording, attributes={**recording.attributes, **more})
