"""The tables of the page on skeletons are what its script makes of the layouts."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from kinestream.skeletons import Conversion, layout_names, skeleton

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "skeletons.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "make_skeleton_table.py"))


def test_the_page_is_what_the_script_writes(script: dict[str, Any]) -> None:
    assert script["filled"](PAGE) == PAGE, "run python docs/make_skeleton_table.py"


def test_a_stale_table_is_noticed(script: dict[str, Any]) -> None:
    assert script["filled"](PAGE.replace("| `coco17` | 17 |", "| `coco17` | 18 |")) == PAGE
    marks = re.findall(r"<!-- table: (\w+) -->\n\|", PAGE)
    assert marks == ["layouts", "pairs", "derived", "points"]


def rows(name: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    body = PAGE.split(f"<!-- table: {name} -->\n")[1].split("<!-- end -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()][2:]


def test_every_layout_is_listed() -> None:
    assert [row[0].strip("`") for row in rows("layouts")] == list(layout_names())


def test_counts_are_those_of_the_conversions() -> None:
    table = rows("pairs")
    names = [row[0].strip("`") for row in table]
    assert len(names) == 12
    for row in table:
        for name, cell in zip(names, row[1:], strict=True):
            way = Conversion(skeleton(row[0].strip("`")), skeleton(name))
            had, _, missing = cell.partition(", -")
            exact, _, derived = had.partition(" + ")
            if cell == "=":
                assert way.exact == way.target.joints
            else:
                said = int(exact), int(derived or 0), int(missing or 0)
                assert said == (len(way.exact), len(way.derived), len(way.missing))


def test_all_derived_joints_are_listed() -> None:
    shown = set()
    for joints, mean, sources, _ in rows("derived"):
        for part in joints.split(";"):
            joint, *layouts = re.findall(r"`(\w+)`", part)
            shown |= {
                (source, layout, joint, mean)
                for source in re.findall(r"`(\w+)`", sources)
                for layout in layouts
            }
    names = [row[0].strip("`") for row in rows("pairs")]
    ways = [Conversion(skeleton(one), skeleton(other)) for one in names for other in names]
    assert shown == {
        (
            way.source.name,
            way.target.name,
            origin.joint,
            " + ".join(f"{weight:g} `{joint}`" for joint, weight in origin.weights),
        )
        for way in ways
        for origin in way.joints
        if origin.how == "derived"
    }
