"""Write a data-set folder: every file whole or not at all, ``dataset.json`` last."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinestream.clips import Clip
from kinestream.errors import DataError, KinestreamError
from kinestream.files import replaced_folder, sha256, write_atomically
from kinestream.formats.folder import ABOUT, ACTIONS, SKELETON, DatasetInfo, read_info
from kinestream.formats.labels import HEADER, labels_text

REPORT = "report.json"


@dataclass(frozen=True)
class Entry:
    """One recording to write: where it goes and what it is."""

    split: str
    name: str
    clip: Clip


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
    sums: dict[str, str] = {}
    for entry in entries:
        first = first or entry.clip
        key = f"{entry.split}/{entry.name}"
        _check(entry, first, key in subjects)
        subjects[key] = entry.clip.subject
        for part, content in _files(entry).items():
            sums[part] = write_file(target / part, content)
    if first is None:
        raise DataError(f"there are no recordings to write to {target}.")
    top = {
        ACTIONS: "".join(f"{label}\n" for label in first.classes).encode(),
        SKELETON: json_bytes(first.skeleton.to_dict()),
    }
    sums |= {part: write_file(target / part, content) for part, content in top.items()}
    info = DatasetInfo(
        name=name,
        fps=first.fps,
        channels=first.channels,
        units=units,
        people=first.num_people,
        licence=licence,
        source=source,
        protocol=protocol,
        subjects=subjects,
        sha256=sums,
    )
    write_file(target / ABOUT, json_bytes(info.model_dump(mode="json")))
    return info


@contextmanager
def replaced(target: str | Path) -> Iterator[Path]:
    """A new folder that takes the place of ``target`` when the block ends well.

    Raises:
        DataError: ``target`` holds anything but a data set that Kinestream wrote.
    """
    _check_ours(Path(target))
    with replaced_folder(Path(target)) as fresh:
        yield fresh


def write_file(path: Path, content: bytes) -> str:
    """Write a file whole or not at all; returns its sha256."""
    write_atomically(path, content)
    return sha256(content)


def json_bytes(values: object) -> bytes:
    """Readable JSON, ending in a line end."""
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()


def _files(entry: Entry) -> dict[str, bytes]:
    array = io.BytesIO()
    np.save(array, entry.clip.data, allow_pickle=False)
    labels = entry.clip.labels
    assert labels is not None
    return {
        f"{entry.split}/features/{entry.name}.npy": array.getvalue(),
        f"{entry.split}/labels/{entry.name}.csv": labels_text(labels, entry.clip.classes).encode(),
    }


def _check(entry: Entry, first: Clip, again: bool) -> None:
    clip = entry.clip
    where = f"{entry.split}/{entry.name}"
    if again or not all(re.fullmatch(r"[\w][\w.+-]*", n) for n in (entry.split, entry.name)):
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


def _check_ours(target: Path) -> None:
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    try:
        known = set(read_info(target / ABOUT).sha256) | {ABOUT, REPORT}
    except (KinestreamError, OSError):
        raise DataError(
            f"{target} exists and is not a data set that Kinestream wrote: name another folder."
        ) from None
    for path in target.rglob("*"):
        part = path.relative_to(target).as_posix()
        if not path.is_dir() and part not in known:
            raise DataError(f"{target} also holds {part}, which would be lost: move it away first.")
