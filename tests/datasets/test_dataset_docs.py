"""The page on data sets says what the code does."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_data_sets_is_current() -> None:
    made = runpy.run_path(str(DOCS / "make_dataset_table.py"))
    page = (DOCS / "datasets.md").read_text(encoding="utf-8")
    assert made["filled"](page) == page
    assert "`ntu120`" in page
