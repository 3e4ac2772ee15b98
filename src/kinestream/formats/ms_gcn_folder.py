"""The folder that MS-TCN and MS-GCN train from: where labels lie, and what classes they name.

mapping.txt                  ``index name``, a class on every line
features*/NAME.npy           one array for each recording
groundTruth*/NAME.csv        a label per frame, a class name or its index; also .txt
splits*/train.split1.bundle  lists of label files; not read here

A recording may be called ``NAME_input`` and its labels ``NAME_output``.

Legend: T frames.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import UNLABELLED
from kinestream.errors import DataError
from kinestream.formats.labels import MAX_CLASSES
from kinestream.formats.parsing.textfile import read_lines

MAPPING = "mapping.txt"
MAX_MAPPING_BYTES = 1 << 20
MAX_LABEL_BYTES = 1 << 24

_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?")


def in_ms_gcn_folder(recording: Path) -> bool:
    """Whether a file lies where such a folder keeps its recordings."""
    features = recording.absolute().parent
    return (
        recording.suffix.lower() == ".npy"
        and features.name.startswith("features")
        and (features.parent / MAPPING).is_file()
        and bool(_label_folders(features.parent))
    )


def find_labels(recording: Path) -> Path | None:
    """The label file of a recording; None where there is none.

    Raises:
        DataError: There are several.
    """
    base = recording.stem.removesuffix("_input")
    names = [f"{stem}{end}" for stem in (base, f"{base}_output") for end in (".csv", ".txt")]
    folders = _label_folders(recording.absolute().parent.parent)
    found = [folder / name for folder in folders for name in names if (folder / name).is_file()]
    if len(found) > 1:
        raise DataError(
            f"{recording} has several label files: {found[0]} and {found[1]}. Keep the one that holds."
        )
    return found[0] if found else None


def read_mapping(path: Path) -> dict[int, str]:
    """Class names by index, in the order of the indices.

    Raises:
        MissingFileError: There is no such file.
        DataError: A line is not ``index name``, an index or name repeats, or a name is the index
            of another class.
    """
    names: dict[int, str] = {}
    what = "a class on every line, as 'index name'"
    for number, line in enumerate(read_lines(path, what, MAX_MAPPING_BYTES), start=1):
        pair = re.fullmatch(r"([0-9]{1,9})\s+(\S.*)", line.strip())
        if pair is None and line.strip():
            raise DataError(f"{path} line {number} is {line[:60]!r}; expected {what}.")
        if pair is None:
            continue
        if int(pair[1]) in names:
            raise DataError(f"{path} line {number} gives index {int(pair[1])} a second time.")
        names[int(pair[1])] = pair[2]
    if len(names) > MAX_CLASSES:
        raise DataError(f"{path} names {len(names)} classes, {MAX_CLASSES} are allowed.")
    _check_names(path, names)
    return dict(sorted(names.items()))


def read_frame_labels(path: Path, classes: dict[int, str], frames: int) -> NDArray[np.int64]:
    """Position among the classes for every frame.

    Args:
        path: A file with a label on every line: a class name, its index as any text of a whole
            number (``1``, ``1.0e+00``), or -1 for a frame that is not labelled.
        classes: Names by index, in order, from :func:`read_mapping`.
        frames: Number of frames of the recording.

    Returns:
        (T,) int64.

    Raises:
        MissingFileError: There is no such file.
        DataError: There is not one label for every frame, or a label is no class.
    """
    lines = [line.strip() for line in read_lines(path, "a label on every line", MAX_LABEL_BYTES)]
    while not lines[-1]:
        lines.pop()
    if len(lines) != frames:
        raise DataError(
            f"{path} holds {len(lines)} labels, its recording {frames} frames; there must be one for "
            f"each frame: bring both to the same rate and length."
        )
    by_name = {name: place for place, name in enumerate(classes.values())}
    by_index = {index: place for place, index in enumerate(classes)} | {-1: UNLABELLED}
    labels: dict[str, int] = {}
    for text in set(lines):
        number = _whole(text)
        place = by_name.get(text, None if number is None else by_index.get(number))
        if place is None:
            raise DataError(
                f"{path} line {lines.index(text) + 1}: label {text[:60]!r} is neither a name nor an "
                f"index in {MAPPING}."
            )
        labels[text] = place
    return np.array([labels[text] for text in lines], dtype=np.int64)


def _label_folders(root: Path) -> list[Path]:
    try:
        places = sorted(root.iterdir())
    except OSError:
        return []
    return [one for one in places if one.name.lower().startswith("groundtruth") and one.is_dir()]


def _check_names(path: Path, names: dict[int, str]) -> None:
    """Refuse classes that a label could not tell from each other."""
    seen: set[str] = set()
    for index, name in names.items():
        if name in seen:
            raise DataError(f"{path} names the class {name[:60]!r} twice.")
        seen.add(name)
        number = _whole(name)
        if number != index and number in names:
            raise DataError(
                f"{path} names class {index} {name[:60]!r}, which is the index of another class, so "
                f"labels may mean either: name the classes in words."
            )


def _whole(text: str) -> int | None:
    """The whole number that a text stands for, or None."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1e9 else None
