"""The tables of `docs/formats.md`, from the formats themselves.

    python docs/make_format_table.py

What stands between the lines `<!-- recordings -->` or `<!-- labels -->` and `<!-- end -->` is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from kinestream.formats import FORMATS, LABEL_FORMATS

PAGE = Path(__file__).parent / "formats.md"


def recordings() -> str:
    """The table of formats of recordings."""
    head = ("format", "what", "files", "written too", "tells")
    rows = (
        (
            f"`{each.name}`",
            each.title,
            ", ".join(f"`{ending}`" for ending in each.endings) or "a folder",
            "yes" if each.write else "",
            each.tells,
        )
        for each in FORMATS.values()
    )
    return table(head, rows)


def labels() -> str:
    """The table of formats of labels."""
    rows = (
        (f"`{each.name}`", each.title, ", ".join(f"`{ending}`" for ending in each.endings))
        for each in LABEL_FORMATS.values()
    )
    return table(("labels", "what", "files"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *sorted(rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def updated(page: str) -> str:
    """The page with its tables made anew."""
    for name, made in (("recordings", recordings()), ("labels", labels())):
        begin, end = f"<!-- {name} -->", "<!-- end -->"
        found = re.search(f"{begin}\n.*?{end}", page, re.DOTALL)
        assert found, f"{PAGE} has no place for the table of {name}"
        page = page[: found.start()] + f"{begin}\n\n{made}\n{end}" + page[found.end() :]
    return page


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
