"""The page of formats lists what there is."""

from __future__ import annotations

import runpy
from pathlib import Path

from kinestream.formats import FORMATS, LABEL_FORMATS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tables_are_those_the_formats_make() -> None:
    made = runpy.run_path(str(DOCS / "make_format_table.py"))
    page = (DOCS / "formats.md").read_text(encoding="utf-8")
    assert page == made["updated"](page), "run python docs/make_format_table.py"


def test_every_format_is_listed_with_what_it_tells() -> None:
    page = (DOCS / "formats.md").read_text(encoding="utf-8")
    for name in (*FORMATS, *LABEL_FORMATS):
        assert f"\n| `{name}` | " in page
    assert all(each.tells for each in FORMATS.values())
