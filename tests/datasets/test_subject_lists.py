"""Lists of subjects."""

from __future__ import annotations

import pytest

from kinestream.datasets.subjects import parse_subjects
from kinestream.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("s01", ["s01"]),
        ("s09-s11", ["s09", "s10", "s11"]),
        ("s09-11, s02", ["s09", "s10", "s11", "s02"]),
        ("s01-s02,s02-s03", ["s01", "s02", "s03"]),
        ("7,8-10", ["7", "8", "9", "10"]),
        (["s03", "s05-s06"], ["s03", "s05", "s06"]),
    ],
)
def test_lists_and_ranges(text: str | list[str], subjects: list[str]) -> None:
    assert parse_subjects(text) == tuple(subjects)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no subjects"),
        ("s01,", "names no subjects"),
        ("everyone", "'everyone' names no subjects"),
        ("s01-t02", "names no subjects"),
        ("s05-s01", "must go up"),
        ("s1-s999999999", "must go up, by 10000 at most"),
        ([], "is empty"),
    ],
)
def test_what_is_no_list_is_an_error(text: str | list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_subjects(text)
