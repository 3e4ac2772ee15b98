"""Numbers and fields cut out of text at once, against ``float`` and ``str.split``."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.parsing.decimals import Decimals, parse_decimals
from kinestream.formats.parsing.fields import read_fields

ODD = [
    "",
    "-",
    ".",
    "-.",
    "1.2.3",
    "--1",
    "1-",
    "+5",
    "1_0",
    "0x1",
    "abc",
    "1e5",
    "-5.62e-05",
    "nan",
]
ODD += [
    "inf",
    "-Infinity",
    "1e999",
    "-0",
    "-0.0",
    ".5",
    "5.",
    "-.5",
    "00012",
    "9" * 15,
    "9" * 17,
    "é",
]
ODD += ["0.123456789012345", "-0.12345678901234567", "1234567890123456", "1.#QNAN", "7" * 400, "٣"]


def parse(words: list[str]) -> Decimals:
    encoded = [word.encode() for word in words]
    ends = np.cumsum([len(word) + 1 for word in encoded]) - 1
    starts = ends - [len(word) for word in encoded]
    text = b" ".join(encoded) + b"\n"
    return parse_decimals(text, starts.astype(np.int32), ends.astype(np.int32))


def assert_as_float(words: list[str]) -> None:
    values, unreadable = parse(words)
    for index, (word, value) in enumerate(zip(words, values.tolist(), strict=True)):
        try:
            expected = float(word.encode())
        except ValueError:
            assert index in unreadable
            assert math.isnan(value)
        else:
            assert index not in unreadable
            assert np.array([value]).tobytes() == np.array([expected]).tobytes() or value != value


@pytest.mark.parametrize("word", ODD)
def test_an_odd_number_is_read_as_float_reads_it(word: str) -> None:
    assert_as_float([word])
    assert_as_float(["1.5", word, "-2"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.from_regex(r"-?[0-9]{0,9}(\.[0-9]{0,9})?", fullmatch=True), min_size=1))
def test_decimals_are_exactly_those_of_float(words: list[str]) -> None:
    assert_as_float(words)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1), st.sampled_from([".7g", ".9g", ".4f", ".17g"]))
def test_printed_floats_come_back(numbers: list[float], form: str) -> None:
    assert_as_float([format(number, form) for number in numbers])


def test_more_numbers_than_are_read_at_once() -> None:
    words = [f"{k / 7:.6f}" for k in range(10_000)]
    words[9_000] = "x"
    values, unreadable = parse(words)
    assert unreadable == [9_000]
    assert values[9_999] == float(words[9_999])


def test_no_numbers_are_no_trouble() -> None:
    nowhere = np.zeros(0, np.int32)
    assert parse_decimals(b"", nowhere, nowhere).values.shape == (0,)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"1 2 3\n4\n\n5 6 7 8",
        b"1 2 3\n4\n\n5 6 7 8\n\n \n",
        b"\xef\xbb\xbf1 2 3\r\n4\r\n\r\n5 6 7 8\r\n",
        b"1\t2  3\n4 \n\t\n 5 6\v7 8",
        b" 1 2 3\n4\n\n5 6 7 8",
        b"1 2 3\r4\r\r5 6 7 8\r",
    ],
)
def test_lines_and_fields_are_the_same_however_they_are_spaced(
    content: bytes, tmp_path: Path
) -> None:
    fields = read_fields(write(tmp_path, content), "numbers")
    assert [fields.line(line) for line in range(len(fields))] == [b"1 2 3", b"4", b"", b"5 6 7 8"]
    assert fields.counts.tolist() == [3, 1, 1, 4]
    assert fields.numbers(np.array([0, 3]), 3).tolist() == [[1, 2, 3], [5, 6, 7]]
    assert fields.numbers(np.array([3]), 4).tolist() == [[5, 6, 7, 8]]
    assert fields.numbers(np.array([1]), 1).tolist() == [[4]]


def test_a_file_of_many_blocks_is_cut_as_one_of_few(tmp_path: Path) -> None:
    table = np.arange(60_000).reshape(-1, 4)
    text = "\n".join(" ".join(map(str, row)) for row in table.tolist()).encode()
    assert len(text) > 5 * 2**16
    fields = read_fields(write(tmp_path, text), "numbers")
    np.testing.assert_array_equal(fields.numbers(np.arange(len(table)), 4), table)
    assert fields.line(14_999) == b"59996 59997 59998 59999"


def test_whole_numbers_of_single_lines(tmp_path: Path) -> None:
    fields = read_fields(write(tmp_path, b"3\n1 2\n-1\n1.5\n7\n1e400\nnan"), "numbers")
    assert fields.wholes() == [3, -1, -1, -1, 7, -1, -1]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; expected numbers"),
        (b" \r\n\t", "is empty"),
        (b"1\0 2", "not a text file"),
        ("1 ²".encode(), "not a text file"),
        (b"1 2 3\n1 x 3\n", r"line 2: field 2 must be a number, got 'x'"),
    ],
)
def test_what_is_no_text_of_numbers_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError, match=says):
        read_fields(path, "numbers").numbers(np.array([0, 1]), 3)


def test_a_file_too_large_or_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has 5 bytes, numbers may have 4"):
        read_fields(write(tmp_path, b"1 2 3"), "numbers", max_bytes=4)
    with pytest.raises(MissingFileError, match="there is no file"):
        read_fields(tmp_path / "nowhere", "numbers")
