"""``kinestream data``: data sets, from raw files to folders that training reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.datasets.prepare import PrepareReport

SHOWN = 10

app = typer.Typer(no_args_is_help=True, help="Prepare data sets.")


@app.callback()
def data() -> None:
    """Prepare data sets."""


@app.command("prepare")
def prepare_command(
    name: Annotated[str, typer.Argument(help="Which data set: utkinect or sp_sw_har.")],
    source: Annotated[Path, typer.Argument(help="The unpacked data set.")],
    target: Annotated[Path, typer.Argument(help="The folder to write.")],
    train_subjects: Annotated[
        str | None, typer.Option(help="Subjects to train on, such as s01-s06,s09.")
    ] = None,
    test_subjects: Annotated[str | None, typer.Option(help="Subjects to test on.")] = None,
) -> None:
    """Write a public data set as a folder per split that training reads."""
    from rich.console import Console
    from rich.progress import Progress

    from kinestream.datasets.prepare import prepare

    console = Console()
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(name, total=None)

        def show(done: int, total: int, recording: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{name} {recording}")

        report = prepare(name, source, target, train_subjects, test_subjects, show)
    _print_report(report, target)


def _print_report(report: PrepareReport, target: Path) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table("split", title=escape(f"{report.dataset} in {target}"))
    for column in ("subjects", "recordings", "frames", "minutes", "segments", "unlabelled"):
        table.add_column(column, justify="right")
    for split in ("train", "test"):
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
    for what, why in list(report.left_out.items())[:SHOWN]:
        console.print(f"Left out: {what}: {why}", markup=False)
    if len(report.left_out) > SHOWN:
        console.print(f"{len(report.left_out) - SHOWN} more are left out, see report.json.")
