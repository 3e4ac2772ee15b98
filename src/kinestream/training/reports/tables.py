"""The tables of a report, for spreadsheets. A figure that does not exist is an empty cell."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from kinestream.cells import safe_cell
from kinestream.files import write_atomically
from kinestream.metrics import THRESHOLDS
from kinestream.training.reports.figures import Figures

Cell = str | int | float


def write_tables(figures: Figures, folder: Path) -> list[Path]:
    """Write ``per_class.csv``, ``per_trial.csv`` and ``confusion.csv``."""
    names = figures.tested.setup.classes
    confusion = [[name, *row] for name, row in zip(names, figures.confusion.tolist(), strict=True)]
    return [
        write_table(folder / "per_class.csv", *_per_class(figures)),
        write_table(folder / "per_trial.csv", *_per_trial(figures)),
        write_table(folder / "confusion.csv", ["true \\ predicted", *names], confusion),
    ]


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Path:
    """Write a table.

    A name that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows([_shown(cell) for cell in row] for row in (head, *rows))
    return write_atomically(path, text.getvalue().encode(errors="replace"))


def _shown(cell: Cell) -> str:
    if isinstance(cell, str):
        return safe_cell(cell)
    if isinstance(cell, float):
        return f"{cell:.4f}" if math.isfinite(cell) else ""
    return str(cell)


def _per_class(figures: Figures) -> tuple[list[str], list[list[Cell]]]:
    head = ["class", "support", "precision", "recall", "f1"]
    rows: list[list[Cell]] = [
        [row.name, row.support, row.precision, row.recall, row.f1] for row in figures.classes
    ]
    if figures.of_recordings:
        return head, rows
    head += ["segments", "missed", "median_delay_s", "false_alarms"]
    for label, row in enumerate(rows):
        seen = figures.online.classes.get(label)
        row += (
            [seen.segments, seen.missed, seen.median_delay_s, seen.false_alarms]
            if seen
            else [0, 0, math.nan, 0]
        )
    return head, rows


def _per_trial(figures: Figures) -> tuple[list[str], list[list[Cell]]]:
    segments = [] if figures.of_recordings else ["edit", *(f"f1@{t}" for t in THRESHOLDS)]
    whole = ["label", "predicted"] if figures.of_recordings else []
    head = ["number", "recording", "subject", "frames", "frame_accuracy", *segments, *whole]
    rows: list[list[Cell]] = []
    names = figures.tested.setup.classes
    for number, (answer, report) in enumerate(
        zip(figures.tested.answers, figures.trials, strict=True)
    ):
        row: list[Cell] = [number, answer.name, answer.subject]
        row += [report.frames, report.frame_accuracy] if report else [0, math.nan]
        if segments:
            row += [report.edit, *report.f1.values()] if report else [math.nan] * len(segments)
        if whole:
            label = figures.recording_labels[number]
            row += [names[label] if label >= 0 else "", names[int(answer.whole.argmax())]]
        rows.append(row)
    return head, rows
