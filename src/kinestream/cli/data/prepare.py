"""``kinestream data prepare``: data sets, from raw files to folders and stores that training reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from kinestream.datasets import PrepareReport

SHOWN = 10


def command(
    name: Annotated[str | None, typer.Argument(help="Which data set; --list shows them.")] = None,
    source: Annotated[Path | None, typer.Argument(help="The unpacked data set.")] = None,
    target: Annotated[Path | None, typer.Argument(help="The folder to write.")] = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="Which protocol divides it; also loso:SUBJECT, or all for one split."),
    ] = None,
    layout: Annotated[
        str,
        typer.Option(help="folder: a folder per split; store: a few files for any protocol."),
    ] = "folder",
    people: Annotated[
        str | None,
        typer.Option(help="How people are chosen among tracked bodies: published, energy or raw."),
    ] = None,
    dtype: Annotated[
        str, typer.Option(help="Values in a store: float32, or float16 for half the size.")
    ] = "float32",
    fps: Annotated[
        float | None, typer.Option(help="Frames per second, for recordings that do not tell it.")
    ] = None,
    train_subjects: Annotated[
        str | None, typer.Option(help="Subjects to train on, such as s01-s06,s09.")
    ] = None,
    test_subjects: Annotated[str | None, typer.Option(help="Subjects to test on.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes; 0 takes as many as there are cores.")] = 0,
    resume: Annotated[
        bool, typer.Option(help="Go on where the same command was interrupted.")
    ] = True,
    overwrite: Annotated[
        bool, typer.Option(help="Replace another data set in TARGET; the same one always goes.")
    ] = False,
    show_list: Annotated[
        bool, typer.Option("--list", help="List the data sets and their protocols.")
    ] = False,
) -> None:
    """Write a public data set as a folder per split, or as a store, that training reads.

    Interrupted at any moment, the same command goes on where it was.
    """
    if show_list:
        _print_sets()
        return
    if name is None or source is None or target is None:
        raise typer.BadParameter("give NAME SOURCE TARGET, or --list to see the data sets.")
    from kinestream.cli.showing import console
    from kinestream.datasets.preparing.prepare import prepare

    with _bar() as bar:
        task = bar.add_task(name, total=None)
        try:
            report = prepare(
                name,
                source,
                target,
                protocol,
                layout=cast(Any, layout),
                people=cast(Any, people),
                dtype=cast(Any, dtype),
                fps=fps,
                train_subjects=train_subjects,
                test_subjects=test_subjects,
                jobs=jobs or os.cpu_count() or 1,
                resume=resume,
                overwrite=overwrite,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
                tell=lambda line: bar.console.print(line, markup=False, highlight=False),
            )
        except KeyboardInterrupt:
            bar.console.print("Stopped. The same command goes on from here.")
            raise typer.Exit(130) from None
    _print_report(report, target, console)


def _bar() -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from kinestream.cli.showing import console

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _print_sets() -> None:
    from rich.table import Table

    from kinestream.cli.showing import console
    from kinestream.datasets.known import known_sets

    table = Table("name", "data set", "protocols (the first unless told otherwise)")
    for known in known_sets().values():
        others = (name for name in known.protocols if name != known.protocol)
        table.add_row(known.name, known.title, ", ".join([known.protocol, *others]))
    console.print(table)
    console.print(
        "Every set also has the protocols all, and loso:SUBJECT where recordings name subjects."
    )


def _print_report(report: PrepareReport, target: Path, console: Console) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("split", title=escape(f"{report.dataset} in {target}"))
    for column in ("subjects", "recordings", "frames", "minutes", "segments", "unlabelled"):
        table.add_column(column, justify="right")
    for split in report.splits:
        sums = report.totals(split)
        numbers = (sums[key] for key in ("subjects", "recordings", "frames"))
        table.add_row(
            split,
            *(str(number) for number in numbers),
            f"{sums['seconds'] / 60:.1f}",
            str(sums["segments"]),
            str(sums["unlabelled_frames"]),
        )
    console.print(table)
    repairs = report.totals()["repairs"]
    rows = repairs.pop("rows")
    mended = [f"{count} {key.replace('_', ' ')}" for key, count in repairs.items() if count]
    console.print(f"Read {rows} rows; mended: {', '.join(mended) or 'nothing'}.")
    lines = [f"Note: {note}." for note in report.notes]
    lines += [f"Left out: {what}: {why}" for what, why in report.left_out.items()]
    for line in lines[:SHOWN]:
        console.print(line, markup=False, highlight=False)
    if len(lines) > SHOWN:
        console.print(f"{len(lines) - SHOWN} more notes and left out recordings: see report.json.")
