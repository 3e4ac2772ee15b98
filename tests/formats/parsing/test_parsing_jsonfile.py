"""JSON from outside: what is refused, and what numbers become."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.format import Head
from kinestream.formats.parsing.jsonfile import keys_in, numbers, read_json, whole


def test_a_file_is_read_with_bom_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf{"a":\r\n [1, 2.5, null]}\r\n')
    assert read_json(path, "a file") == {"a": [1, 2.5, None]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b'{"a": 1', "is not JSON .line 1 column 8"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "names the key 'c' twice"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"[NaN]", "is not JSON .it holds NaN"),
        (b"[-Infinity]", "is not JSON .it holds -Infinity"),
        (b"[" + b"9" * 10_000 + b"]", "is not JSON"),
        (b'"\xff"', "no UTF-8 text"),
        (b"\x89PNG\r\n\0", "is not JSON"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_json(path, "a file")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_size_and_absence_are_told_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[1, 2, 3]")
    with pytest.raises(DataError, match="has 9 bytes, a file may have 8"):
        read_json(path, "a file", max_bytes=8)
    with pytest.raises(MissingFileError, match=r"no file .*b\.json; expected a file"):
        read_json(tmp_path / "b.json", "a file")


def test_constants_become_missing_where_they_are_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[NaN, -Infinity, 1]")
    found = read_json(path, "a file", nan=True)
    assert isinstance(found, list)
    assert [value != value for value in found] == [True, True, False]


def test_numbers_are_checked_by_type() -> None:
    row = numbers([1, 2.5, None, 1e39, -(10**30), math.inf], "here")
    np.testing.assert_array_equal(row, [1, 2.5, math.nan, math.nan, -1e30, math.nan])
    assert numbers([], "here").shape == (0,)
    for wrong in (["1"], [True], [[1]], [{}], "12", None, {"a": 1}, 3):
        with pytest.raises(DataError, match="^here must be a list of numbers"):
            numbers(wrong, "here")
    with pytest.raises(DataError, match="too large"):
        numbers([10**400], "here")


def test_whole_numbers() -> None:
    given = [0, -3, 2.0, 2.5, math.nan, math.inf, 10**20, "1", None, True, [1]]
    assert [whole(value) for value in given] == [0, -3, 2, *[None] * 8]


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (b' {"a" : 1, "b": {"c": "d:e", "a": 2}}', ["a", "b", "c", "a"]),
        (b'\xef\xbb\xbf[{"x":1},{"x"', ["x"]),
        (b'"a": 1', []),
        (b"\xff{", []),
        (b"", []),
    ],
)
def test_keys_at_the_head(content: bytes, keys: list[str]) -> None:
    assert keys_in(Head(Path("a.json"), content, False)) == keys
