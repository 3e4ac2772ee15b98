"""Label files of a data-set folder: the list of classes, and one label per frame."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import UNLABELLED
from kinestream.errors import DataError
from kinestream.formats.parsing.textfile import read_lines

HEADER = "label"
MAX_CLASSES = 10_000


def read_classes(path: str | Path) -> tuple[str, ...]:
    """Class names of an ``actions.txt``: one name per line, or ``index name`` on every line.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is empty, or a name repeats.
    """
    path = Path(path)
    lines = [line.strip() for line in read_lines(path, "one class name per line", 1 << 20)]
    names = _in_order([line for line in lines if line])
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path} names the class {twice!r} twice.")
    if len(names) > MAX_CLASSES:
        raise DataError(f"{path} names {len(names)} classes, {MAX_CLASSES} are allowed.")
    return tuple(names)


def read_labels(
    path: str | Path, classes: Sequence[str], frames: int | None = None
) -> NDArray[np.int64]:
    """Class index per frame, from names or indices, with or without the header ``label``.

    Args:
        path: A file with one label per line; ``-1`` marks an unlabelled frame.
        classes: The names that are allowed.
        frames: Number of frames of the recording. A file with a single label then speaks for all
            of them, and any other number of labels is an error.

    Returns:
        (T,) int64.

    Raises:
        MissingFileError: There is no such file.
        DataError: A label is outside the list, or there is not one for each frame.
    """
    path = Path(path)
    lines = read_lines(path, "one label per frame")
    index = {name: k for k, name in enumerate(classes)}
    index |= {str(k): k for k in range(UNLABELLED, len(classes)) if str(k) not in index}
    rows = [(number, row) for number, row in enumerate(_cells(lines, path), start=1) if row]
    if rows and [cell.strip() for cell in rows[0][1]] == [HEADER] and HEADER not in index:
        rows = rows[1:]
    labels = [_index(row, index, classes, path, number) for number, row in rows]
    if frames is not None and len(labels) == 1:
        labels *= frames
    if not labels or (frames is not None and len(labels) != frames):
        raise DataError(
            f"{path} holds {len(labels)} labels, the recording has {frames or 'some'} frames; "
            f"there must be one for each frame, or a single one for all."
        )
    return np.array(labels, dtype=np.int64)


def labels_text(labels: NDArray[np.int64], classes: Sequence[str]) -> str:
    """The content of a label file: the header, then a name (or ``-1``) per frame."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([HEADER])
    writer.writerows([classes[k] if k != UNLABELLED else str(UNLABELLED)] for k in labels)
    return text.getvalue()


def _cells(lines: list[str], path: Path) -> list[list[str]]:
    try:
        return list(csv.reader(lines))
    except csv.Error as error:
        raise DataError(f"{path} is not a label file with one label per line: {error}.") from None


def _in_order(lines: list[str]) -> list[str]:
    pairs = [re.fullmatch(r"(\d{1,9})\s+(\S.*)", line) for line in lines]
    named = {int(pair[1]): pair[2] for pair in pairs if pair}
    if set(named) == set(range(len(lines))):
        return [named[k] for k in range(len(lines))]
    return lines


def _index(
    row: list[str], index: dict[str, int], classes: Sequence[str], path: Path, number: int
) -> int:
    label = row[0].strip()
    if len(row) == 1 and label in index:
        return index[label]
    names = ", ".join(classes[:20]) + (", ..." if len(classes) > 20 else "")
    raise DataError(
        f"{path} line {number}: label {','.join(row)[:60]!r} is outside the list; allowed are "
        f"{names} or an index from 0 to {len(classes) - 1}."
    )
