"""Write a data-set folder: every file whole or not at all, ``dataset.json`` last."""

from __future__ import annotations

import io
import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.files import sha256, write_atomically
from kinestream.formats.folder import ABOUT, ACTIONS, SKELETON, DatasetInfo
from kinestream.formats.labels import HEADER, labels_text

REPORT = "report.json"
NAME = re.compile(r"\w[\w.+-]*")


@dataclass(frozen=True)
class Entry:
    """One recording to write: where it goes and what it is."""

    split: str
    name: str
    clip: Clip


@dataclass(frozen=True)
class Written:
    """A file that was written: its size in bytes and its sha256."""

    size: int
    sha256: str


class Writer(ABC):
    """Writes recordings below a folder, one at a time; used in a ``with`` block.

    Args:
        root: The data set's folder.

    Attributes:
        files: What was written, by its path in the folder; complete when the block has ended.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, Written] = {}

    @abstractmethod
    def add(self, entry: Entry) -> None:
        """Write one recording, whose clip has labels."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(self, *error: object) -> None:
        """Finish the files."""


class FolderWriter(Writer):
    """Writes recordings in the folder layout: an array and a label file for each."""

    def add(self, entry: Entry) -> None:
        """Write the two files of a recording."""
        array = io.BytesIO()
        np.save(array, entry.clip.data, allow_pickle=False)
        labels = entry.clip.labels
        assert labels is not None
        contents = array.getvalue(), labels_text(labels, entry.clip.classes).encode()
        for path, content in zip(folder_files(entry.split, entry.name), contents, strict=True):
            self.files[path] = write_whole(self.root / path, content)

    def __exit__(self, *error: object) -> None:
        """Every file is finished already."""


def folder_files(split: str, name: str) -> tuple[str, str]:
    """Paths of a recording's array and labels in the folder layout."""
    return f"{split}/features/{name}.npy", f"{split}/labels/{name}.csv"


def write_dataset(
    target: str | Path,
    entries: Iterable[Entry],
    *,
    name: str,
    units: str = "",
    licence: str = "",
    source: str = "",
    protocol: str = "",
) -> DatasetInfo:
    """Write clips as a data-set folder.

    Args:
        target: The folder; made when it does not exist.
        entries: The recordings; skeleton, rate, channels, classes and people must be the same in
            all of them, and every clip needs labels. They may come from a generator.
        name: What the data set is called.
        units: Units of the channels.
        licence: Under which terms the data may be used.
        source: Where it comes from.
        protocol: Which subjects are in which split, and how the clips were made.

    Returns:
        What ``dataset.json`` now holds.

    Raises:
        DataError: There are no recordings, they do not fit together, or a name cannot be used.
    """
    target = Path(target)
    first: Clip | None = None
    subjects: dict[str, str] = {}
    writer = FolderWriter(target)
    for entry in entries:
        first = first or entry.clip
        key = f"{entry.split}/{entry.name}"
        check_entry(entry, first, key in subjects)
        subjects[key] = entry.clip.subject
        writer.add(entry)
    if first is None:
        raise DataError(f"there are no recordings to write to {target}.")
    return write_about(
        target,
        DatasetInfo(
            name=name,
            fps=first.fps,
            channels=first.channels,
            units=units,
            people=first.num_people,
            licence=licence,
            source=source,
            protocol=protocol,
            subjects=subjects,
            sha256={path: one.sha256 for path, one in writer.files.items()},
        ),
        first.classes,
        first.skeleton.to_dict(),
    )


def write_about(
    root: Path, info: DatasetInfo, classes: Iterable[str], skeleton: Mapping[str, Any]
) -> DatasetInfo:
    """Write the files at the top of a data-set folder; returns what ``dataset.json`` holds."""
    top = {
        ACTIONS: "".join(f"{label}\n" for label in classes).encode(),
        SKELETON: json_bytes(skeleton),
    }
    sums = {path: write_file(root / path, content) for path, content in top.items()}
    info = info.model_copy(update={"sha256": {**info.sha256, **sums}})
    write_file(root / ABOUT, json_bytes(info.model_dump(mode="json")))
    return info


def write_file(path: Path, content: bytes) -> str:
    """Write a file whole or not at all; returns its sha256."""
    write_atomically(path, content)
    return sha256(content)


def write_whole(path: Path, content: bytes) -> Written:
    """Write a file whole or not at all, but for a power cut, which its checksum then tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = unfinished(path)
    part.write_bytes(content)
    os.replace(part, path)
    return Written(len(content), sha256(content))


def unfinished(path: Path) -> Path:
    """A name beside a file for what is still being written."""
    return path.with_name(f".{path.name}.{uuid4().hex[:12]}.part")


def json_bytes(values: object) -> bytes:
    """Readable JSON, ending in a line end."""
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()


def check_entry(entry: Entry, first: Clip, again: bool = False) -> None:
    """Refuse a recording that cannot be written, or does not fit the ones before it.

    Raises:
        DataError: Says which and why.
    """
    clip = entry.clip
    where = f"{entry.split}/{entry.name}"
    if again or not all(NAME.fullmatch(n) for n in (entry.split, entry.name)):
        raise DataError(
            f"recording {where!r} cannot be written: names must differ and hold letters, digits "
            f"and . + - _ only."
        )
    if clip.labels is None:
        raise DataError(f"recording {where} has no labels; a data set needs one for each frame.")
    for what in ("skeleton", "fps", "channels", "classes", "num_people"):
        if getattr(clip, what) != getattr(first, what):
            raise DataError(
                f"recording {where} has {what} {getattr(clip, what)}, the ones before it "
                f"{getattr(first, what)}: one data set has one of each."
            )
    for label in clip.classes:
        if label != label.strip() or not label.isprintable() or label in ("", HEADER, "-1"):
            raise DataError(f"class name {label!r} cannot be written to {ACTIONS}: rename it.")
