"""Events as files: a table for spreadsheets, and JSON with the rules they were made by."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from kinestream.cells import safe_cell
from kinestream.files import write_atomically
from kinestream.streaming.events.event import Event
from kinestream.streaming.events.rules import EventRules

HEAD = ("kind", "person", "label", "start_s", "end_s", "known_s", "score", "peak")


def write_events(folder: str | Path, events: Sequence[Event], rules: EventRules) -> list[Path]:
    """Write ``events.csv`` and ``events.json`` into a folder.

    In the table the label is the name of the class; one that a spreadsheet would take for a formula
    gets an apostrophe in front. An end that is not known yet is an empty cell.

    Returns:
        The files that were written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEAD)
    table.writerows(_cells(event) for event in events)
    content = {"rules": rules.to_dict(), "events": [event.to_dict() for event in events]}
    as_json = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return [
        write_atomically(Path(folder) / name, made.encode(errors="replace"))
        for name, made in (("events.csv", text.getvalue()), ("events.json", as_json))
    ]


def _cells(event: Event) -> tuple[str | int, ...]:
    end = "" if event.end_s is None else f"{event.end_s:.6f}"
    times = f"{event.start_s:.6f}", end, f"{event.known_s:.6f}"
    return (
        event.kind,
        event.person,
        safe_cell(event.name),
        *times,
        f"{event.score:.6f}",
        f"{event.peak:.6f}",
    )
