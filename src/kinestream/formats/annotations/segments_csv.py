"""A CSV file with a stretch of time in every row: ``start_s,end_s,label``.

Capitals do not matter, the unit does: a column ``start`` may be in anything and is not taken.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from kinestream.errors import DataError
from kinestream.files import write_atomically
from kinestream.formats.annotations.annotations import Annotations, Span
from kinestream.formats.annotations.label_format import LabelFormat, Terms
from kinestream.formats.format import Head
from kinestream.formats.parsing.textfile import finite_numbers, read_lines

HEADER = ("start_s", "end_s", "label")
_WHAT = f"a CSV file with the columns {', '.join(HEADER)}"
_SEPARATORS = (",", ";", "\t")


def _fits(head: Head) -> bool:
    return bool(head.lines) and _separator(head.lines[0]) is not None


def _read(path: Path, terms: Terms) -> Annotations:
    lines = read_lines(path, _WHAT)
    mark = _separator(lines[0])
    if mark is None:
        raise DataError(f"{path} begins with {lines[0][:40]!r}; expected {_WHAT}.")
    header = _cells(lines[0], mark)
    order = [header.index(name) for name in HEADER]
    spans = []
    try:
        for number, row in enumerate(csv.reader(lines[1:], delimiter=mark), start=2):
            if row:
                spans.append(_span(row, order, len(header), f"{path} line {number}"))
    except csv.Error as error:
        raise DataError(f"{path} is not {_WHAT}: {error}.") from None
    return Annotations(tuple(spans), str(path))


def _separator(line: str) -> str | None:
    return next((mark for mark in _SEPARATORS if _names_each(_cells(line, mark))), None)


def _names_each(cells: list[str]) -> bool:
    return all(cells.count(name) == 1 for name in HEADER)


def _cells(line: str, mark: str) -> list[str]:
    return [cell.strip().strip('"').lower() for cell in line.split(mark)]


def looks_like_segments(line: str) -> bool:
    """Whether a header begins columns as this format does, without being one.

    >>> looks_like_segments("Start;End;Label"), looks_like_segments("start_x,end_x")
    (True, False)
    """
    names = re.split("[,;\t]", line.lower())
    begins = [re.split("[^a-z]", name.strip(' "'))[0] for name in names]
    return {"start", "end"} <= set(begins) and bool({"label", "class", "action"} & set(begins))


def _span(row: list[str], order: list[int], width: int, where: str) -> Span:
    times = finite_numbers([row[c] for c in order[:2]]) if len(row) == width else None
    if times is None:
        raise DataError(f"{where}: expected {width} cells with start and end in seconds.")
    return Span(times[0], times[1], row[order[2]])


def _write(annotations: Annotations, path: Path, terms: Terms) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows((repr(s.start_s), repr(s.end_s), s.label) for s in annotations.spans)
    write_atomically(path, text.getvalue().encode())


FORMAT = LabelFormat(
    name="segments",
    title="CSV, start_s,end_s,label",
    endings=(".csv", ".tsv"),
    fits=_fits,
    read=_read,
    write=_write,
)
