"""The table of data sets in ``docs/datasets.md``, made from the files that describe them.

    python docs/make_dataset_table.py

Writes it anew between the marks in the page, ``<!-- table: sets -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
from pathlib import Path

from kinestream.datasets.known import KnownSet, known_sets

PAGE = Path(__file__).parent / "datasets.md"
MARKED = re.compile(r"(<!-- table: sets -->\n).*?(<!-- end -->)", re.DOTALL)
HEADER = "| name | data set | protocols, the usual one first | licence |\n| --- | --- | --- | --- |"


def main() -> None:
    """Write the table into the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def filled(page: str) -> str:
    """The page with its table as it is now."""
    made = "\n".join([HEADER, *(row(known) for known in known_sets().values())])
    return MARKED.sub(lambda found: f"{found[1]}{made}\n{found[2]}", page)


def row(known: KnownSet) -> str:
    """One data set."""
    names = sorted(known.protocols, key=lambda name: name != known.protocol)
    protocols = "; ".join(f"`{name}` ({known.protocols[name].rules()})" for name in names)
    if len(names) > 5:
        first = names[0]
        protocols = f"`{first}` ({known.protocols[first].rules()}) to `{names[-1]}`"
    if known.splits_inside:
        protocols = "those listed in the file"
    return f"| `{known.name}` | {known.title} | {protocols or '`all`'} | {known.licence} |"


if __name__ == "__main__":
    main()
