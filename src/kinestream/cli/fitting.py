"""Tables that fit a terminal: names are shortened in the middle, columns that are too many go below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from kinestream.benchmarking.names import shortened
from kinestream.cli.models import WIDTH
from kinestream.cli.showing import console, plain

GAP = 2
"""Cells between two columns."""

NARROWEST = 60
"""Cells; in a narrower terminal lines run on rather than lose what they say."""

NAME = 20
"""Cells that a name keeps while there are columns that could go into a table below instead."""


class Title(NamedTuple):
    """The first cell of a row: a name that may be shortened, and words that may not."""

    name: str
    words: str = ""


@dataclass(frozen=True)
class Column:
    """Numbers under a heading of one or two lines.

    Attributes:
        head: The heading.
        cells: A text for each row.
    """

    head: str
    cells: Sequence[str]

    @property
    def width(self) -> int:
        """Cells that it takes, with the gap before it."""
        return GAP + max(map(cell_len, [*self.head.split("\n"), *self.cells]))


def fitted(
    first: str, titles: Sequence[Title], columns: Sequence[Column], width: int
) -> list[Table]:
    """One table where all columns fit, or several, each with all rows; no number is ever cut.

    Args:
        first: Heading of the titles.
        titles: One for each row.
        columns: In the order of reading.
        width: Cells of a line, 60 or more.
    """
    words = max(cell_len(title.words) for title in titles)
    longest = max(cell_len(title.name) for title in titles)
    room = width - words - sum(column.width for column in columns)
    name = min(longest, max(room, NAME, cell_len(first) - words))
    parts = _parts(columns, width - words - name)
    widest = max(sum(column.width for column in part) for part in parts)
    names = shortened([title.name for title in titles], width - words - widest, cell_len)
    rows = [plain(name + title.words) for name, title in zip(names, titles, strict=True)]
    return [_table(first, rows, part) for part in parts]


def page() -> Console:
    """What tables are printed on; written to a file, they keep their lines whole."""
    least = NARROWEST if console.is_terminal else WIDTH
    return Console(width=max(console.width, least), highlight=False)


def _parts(columns: Iterable[Column], room: int) -> list[list[Column]]:
    """As many columns in each part as there is room for, one at least."""
    parts: list[list[Column]] = [[]]
    for column in columns:
        if parts[-1] and sum(each.width for each in parts[-1]) + column.width > room:
            parts.append([])
        parts[-1].append(column)
    return parts


def _table(first: str, rows: Sequence[str], columns: Sequence[Column]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(f"\n{first}", no_wrap=True)
    for column in columns:
        head = column.head if "\n" in column.head else f"\n{column.head}"
        table.add_column(head, justify="right", no_wrap=True)
    for number, row in enumerate(rows):
        table.add_row(row, *(column.cells[number] for column in columns))
    return table
