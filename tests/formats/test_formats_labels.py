"""Class lists and label files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.labels import labels_text, read_classes, read_labels

CLASSES = ("rest", "walk fast", 'the "odd", one')


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "classes"),
    [
        ("rest\nwalk fast\n", ("rest", "walk fast")),
        ("\ufeffrest\r\n\r\nwalk\r\n", ("rest", "walk")),
        ("0 rest\n1 walk fast\n", ("rest", "walk fast")),
        ("1 walk\n0 rest\n", ("rest", "walk")),
        ("3 steps\n2 steps\n", ("3 steps", "2 steps")),
        ("0 rest\nwalk\n", ("0 rest", "walk")),
    ],
)
def test_classes_are_names_or_index_and_name(
    tmp_path: Path, content: str, classes: tuple[str, ...]
) -> None:
    assert read_classes(file(tmp_path, content)) == classes


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("walk\nrest\nwalk\n", "names the class 'walk' twice"),
        (b"\xff\xfe", "text"),
    ],
)
def test_a_wrong_class_list_is_refused(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_classes(file(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    [
        "label\nwalk fast\nrest\n-1\n",
        "walk fast\nrest\n-1\n",
        "1\n0\n-1\n",
        " label \r\n1\r\n rest \r\n-1",
        '"walk fast"\n\nrest\n-1\n',
    ],
)
def test_labels_are_names_or_indices_with_or_without_header(tmp_path: Path, content: str) -> None:
    assert read_labels(file(tmp_path, content), CLASSES, 3).tolist() == [1, 0, -1]


def test_a_number_that_is_a_name_is_the_name(tmp_path: Path) -> None:
    assert read_labels(file(tmp_path, "1\n0\n2\n"), ("2", "1", "0")).tolist() == [1, 2, 0]


def test_a_single_label_speaks_for_the_whole_recording(tmp_path: Path) -> None:
    assert read_labels(file(tmp_path, "label\nrest\n"), CLASSES, 4).tolist() == [0, 0, 0, 0]


@given(st.lists(st.integers(-1, 2), min_size=1))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, labels: list[int]
) -> None:
    content = labels_text(np.array(labels, dtype=np.int64), CLASSES)
    path = file(tmp_path_factory.mktemp("labels"), content)
    assert read_labels(path, CLASSES, len(labels)).tolist() == labels


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            "label\nrest\nrun\n",
            r"file.csv line 3: label 'run' is outside the list; allowed are rest",
        ),
        ("rest\n3\n", "line 2: label '3' is outside the list.* index from 0 to 2"),
        ("rest\n-2\n", "label '-2' is outside"),
        ("0,rest\n1,rest\n", "label '0,rest' is outside"),
        ("label\n", "holds 0 labels, the recording has 2 frames"),
        ("rest\nrest\nrest\n", "holds 3 labels, the recording has 2 frames"),
        ("", "is empty"),
        ("x" * 200_000 + "\nrest\n", "not a label file|outside the list"),
    ],
)
def test_a_wrong_label_is_named(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_labels(file(tmp_path, content), CLASSES, 2)
    assert len(str(caught.value)) < 600


def test_a_missing_label_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none.csv; expected one label per frame"):
        read_labels(tmp_path / "none.csv", CLASSES)
