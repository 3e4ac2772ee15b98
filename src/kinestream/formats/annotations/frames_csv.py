"""A label for every frame: a CSV file with a column ``label``.

``labels/NAME.csv`` of a data-set folder has this column alone; the ``labels.csv`` that a timeline
writes has others beside it. An empty cell or line, or -1, is a frame without a label.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from kinestream.clips import UNLABELLED
from kinestream.errors import DataError
from kinestream.files import write_atomically
from kinestream.formats.annotations.annotations import Annotations
from kinestream.formats.annotations.applying import within
from kinestream.formats.annotations.label_format import LabelFormat, Terms
from kinestream.formats.format import Head
from kinestream.formats.labels import HEADER, MAX_CLASSES, labels_text
from kinestream.formats.parsing.textfile import read_lines

_WHAT = "a CSV file with a label for every frame"
_BESIDE = {"index", "frame", "time_s", "person", "score"}
_UNLABELLED = ("", str(UNLABELLED))
MAX_FRAMES = 1 << 24


def _fits(head: Head) -> bool:
    header = head.columns(",")
    return (
        HEADER in header and set(header) - {HEADER} <= _BESIDE and len(set(header)) == len(header)
    )


def _read(path: Path, terms: Terms) -> Annotations:
    fps = terms.needed_fps(path)
    try:
        rows = [row or [""] for row in csv.reader(_lines(path))]
    except csv.Error as error:
        raise DataError(f"{path} is not {_WHAT}: {error}.") from None
    header = [cell.strip() for cell in rows[0]] if rows else []
    if HEADER not in header:
        raise DataError(f"{path} begins with {','.join(header)[:40]!r}; expected {_WHAT}.")
    if wrong := next((k for k, row in enumerate(rows) if len(row) != len(header)), None):
        raise DataError(
            f"{path}: the row of frame {wrong - 1} has {len(rows[wrong])} cells, the header "
            f"{len(header)}."
        )
    if "person" in header and len({row[header.index("person")] for row in rows[1:]}) > 1:
        raise DataError(f"{path} labels several people: cut it into one file for each.")
    if terms.num_frames not in (None, len(rows) - 1):
        raise DataError(
            f"{path} holds {len(rows) - 1} labels, the recording has {terms.num_frames} frames; "
            f"there must be one for each frame."
        )
    names = [row[header.index(HEADER)].strip() for row in rows[1:]]
    return _annotations(path, names, fps)


def _lines(path: Path) -> list[str]:
    """Lines without blank ones at the end; one in between is a frame without a label."""
    lines = read_lines(path, _WHAT)
    while not lines[-1].strip():
        lines.pop()
    return lines


def _annotations(path: Path, names: list[str], fps: float) -> Annotations:
    classes = tuple(dict.fromkeys(name for name in names if name not in _UNLABELLED))
    if not names or len(classes) > MAX_CLASSES:
        raise DataError(f"{path} names {len(classes)} classes for {len(names)} frames.")
    index = {name: k for k, name in enumerate(classes)}
    labels = np.array([index.get(name, UNLABELLED) for name in names], dtype=np.int64)
    return Annotations.from_frames(labels, classes, fps, str(path))


def _write(annotations: Annotations, path: Path, terms: Terms) -> None:
    fps = terms.needed_fps(path)
    frames = terms.frames_of(annotations)
    if frames > MAX_FRAMES:
        raise DataError(f"{path}: {frames} frames would be written, {MAX_FRAMES} are allowed.")
    if annotations.spans:
        found = within(annotations, frames, fps)
    else:
        found = annotations.to_frames(frames, fps)
    write_atomically(path, labels_text(found.labels, found.classes).encode())


FORMAT = LabelFormat(
    name="frames",
    title="CSV, a label for every frame",
    endings=(".csv",),
    fits=_fits,
    read=_read,
    write=_write,
)
