"""Label files of array files: ``SPLIT_label.pkl``, ``.npy`` or ``.csv``.

The pickle is a pair of lists, names and class indices, as the field writes it. The array holds a
class index for each recording, (N,), or for each frame, (N, T). The table has the columns ``name``
and ``label``, a class name or index.
"""

from __future__ import annotations

import csv
import io
import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import UNLABELLED
from kinestream.errors import DataError, MissingFileError
from kinestream.formats.parsing.npy import read_header
from kinestream.formats.parsing.textfile import read_lines
from kinestream.formats.parsing.unpickling import read_pickle

Kind = Literal["pkl", "npy", "csv"]
KINDS: tuple[Kind, ...] = ("pkl", "npy", "csv")
_HEADER = ["name", "label"]


class FileLabels(NamedTuple):
    """Labels of the recordings of a split.

    Attributes:
        names: Their names, or None where the file has none.
        labels: Class indices: (N,) one for each, or (N, T) one for each frame.
    """

    names: tuple[str, ...] | None
    labels: NDArray[np.int64]


def read_file_labels(root: Path, split: str, classes: Sequence[str], count: int) -> FileLabels:
    """Read the label file of a split.

    Args:
        root: The folder.
        split: Name of the split.
        classes: The names that labels index.
        count: Number of recordings N.

    Raises:
        MissingFileError: There is none.
        DataError: It is damaged, has not a label for each recording, or one outside the classes.
    """
    found = next((p for kind in KINDS if (p := root / f"{split}_label.{kind}").is_file()), None)
    if found is None:
        raise MissingFileError(
            f"there is no label file {split}_label.pkl, .npy or .csv in {root}; the arrays need one."
        )
    read = {".pkl": _from_pickle, ".npy": _from_array, ".csv": _from_table}[found.suffix]
    names, labels = read(found, classes)
    if len(labels) != count or (names is not None and len(names) != count):
        raise DataError(f"{found} holds {len(labels)} labels, the array has {count} recordings.")
    if names is not None and len(set(names)) != count:
        raise DataError(f"{found} names a recording twice; names must differ.")
    if labels.min() < UNLABELLED or labels.max() >= len(classes):
        wrong = labels.max() if labels.max() >= len(classes) else labels.min()
        raise DataError(
            f"{found}: label {wrong} is outside the list of {len(classes)} classes in actions.txt."
        )
    return FileLabels(names, labels)


def labels_bytes(
    kind: Kind, names: Sequence[str], labels: NDArray[np.int64], classes: Sequence[str]
) -> bytes:
    """The content of a label file.

    Raises:
        DataError: A pickle or table cannot hold a label for each frame.
    """
    if kind == "npy":
        array = io.BytesIO()
        np.save(array, labels, allow_pickle=False)
        return array.getvalue()
    if labels.ndim != 1:
        raise DataError(f"a {kind} file holds one label for each recording: use npy for frames.")
    if kind == "pkl":
        return pickle.dumps((list(names), labels.tolist()), protocol=4)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(
        (name, classes[k] if k >= 0 else k) for name, k in zip(names, labels, strict=True)
    )
    return text.getvalue().encode()


def _from_pickle(path: Path, classes: Sequence[str]) -> FileLabels:
    value = read_pickle(path, "a pickle of recording names and class indices")
    if isinstance(value, tuple | list) and len(value) == 2:
        names, labels = value
        whole = np.asarray(labels) if _is_list_of(labels, int) else labels
        if _is_list_of(names, str) and isinstance(whole, np.ndarray):
            return FileLabels(tuple(names), _whole(whole, 1, path))
    raise DataError(f"{path} must hold two lists, recording names and class indices.")


def _from_array(path: Path, classes: Sequence[str]) -> FileLabels:
    shape, dtype, start, order = read_header(path)
    if dtype.kind not in "iu" or len(shape) not in (1, 2):
        raise DataError(
            f"{path} holds {dtype} of shape {shape}, labels are integers (N,) or (N, T)."
        )
    if path.stat().st_size != start + math.prod(shape) * dtype.itemsize or not math.prod(shape):
        raise DataError(f"{path} is damaged: its header states the shape {shape}.")
    return FileLabels(
        None, _whole(np.memmap(path, dtype, "r", start, shape, order), len(shape), path)
    )


def _from_table(path: Path, classes: Sequence[str]) -> FileLabels:
    lines = read_lines(path, "a table with the columns name and label")
    try:
        rows = [row for row in csv.reader(lines) if row]
    except csv.Error as error:
        raise DataError(f"{path} is no table with the columns name and label: {error}.") from None
    if rows[0] != _HEADER or len(rows) < 2:
        raise DataError(f"{path} must begin with the line name,label and hold recordings.")
    index = {name: k for k, name in enumerate(classes)}
    index |= {str(k): k for k in range(UNLABELLED, len(classes)) if str(k) not in index}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != 2 or row[1] not in index:
            raise DataError(
                f"{path} row {number}: {','.join(row)[:60]!r} is no name and label; a label is a "
                f"class of actions.txt or its index."
            )
    return FileLabels(
        tuple(row[0] for row in rows[1:]), np.array([index[row[1]] for row in rows[1:]])
    )


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and {type(one) for one in value} == {kind}


def _whole(labels: NDArray[np.generic], axes: int, path: Path) -> NDArray[np.int64]:
    if labels.dtype.kind not in "iu" or labels.ndim != axes or not labels.size:
        raise DataError(f"{path} holds labels that are no class indices.")
    if int(labels.max()) > np.iinfo(np.int32).max:
        raise DataError(f"{path} holds the label {labels.max()}, which is no class index.")
    return labels.astype(np.int64)
