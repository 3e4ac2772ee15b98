"""Cells of tables that people open in spreadsheets."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: such a one gets an apostrophe in front.

    >>> safe_cell("walk"), safe_cell("=1+1")
    ('walk', "'=1+1")
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
