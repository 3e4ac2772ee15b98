"""Lists of class names: as many as the data set's authors say, each name once."""

from __future__ import annotations

import pytest

from kinestream.formats.parsing.class_lists import class_list


@pytest.mark.parametrize(
    ("name", "count"),
    [("nw_ucla", 10), ("utd_mhad", 27), ("sbu", 8), ("msr_action3d", 20), ("florence3d", 9)],
)
def test_a_list_has_every_name_once(name: str, count: int) -> None:
    names = class_list(name)
    assert len(names) == len(set(names)) == count
    assert all(each == each.strip() for each in names)
