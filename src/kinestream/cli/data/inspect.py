"""``kinestream data inspect``: what recordings hold and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kinestream.datasets.inspection import Finding, Survey

STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
SHOWN_CLASSES = 60


def command(
    path: Annotated[
        Path,
        typer.Argument(help="A data set, recordings, a pattern, or a file of labels."),
    ],
    html: Annotated[
        Path | None, typer.Option(help="Also write a page with pictures to this file.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the numbers as JSON to this file.")
    ] = None,
    skeleton: Annotated[str | None, typer.Option(help="Skeleton of lone arrays.")] = None,
    fps: Annotated[float | None, typer.Option(help="Rate where files do not tell it.")] = None,
    axes: Annotated[str | None, typer.Option(help="Axes of lone arrays, such as TVC.")] = None,
    protocol: Annotated[str | None, typer.Option(help="How a store is divided.")] = None,
) -> None:
    """Measure recordings and say what can spoil a model; exits with 1 where something is wrong."""
    from rich.progress import Progress

    from kinestream.cli.data.outputs import check_output
    from kinestream.cli.showing import console, plain
    from kinestream.datasets.inspection import findings_of, inspect
    from kinestream.formats.reading import stated

    check_output(html, ".html", path)
    check_output(json_file, ".json", path)
    if _is_labels(path):
        _inspect_labels(path, fps, html, json_file)
        return

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("inspecting", total=None)

        def show(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=plain(name))

        inspection = inspect(path, stated(skeleton, fps, axes), protocol=protocol, progress=show)
    findings = findings_of(inspection.survey, inspection.units)
    _show_survey(inspection.survey)
    _show_findings(findings)
    if json_file is not None:
        _write_numbers(inspection.survey.to_dict(), findings, json_file)
    if html is not None:
        from kinestream.viz.survey_page import write_survey

        _show_written(write_survey(inspection, findings, html))
    _exit_code(findings)


def _is_labels(path: Path) -> bool:
    from kinestream.formats.annotations import fitting_labels
    from kinestream.formats.table import fitting

    return path.is_file() and fitting(path) is None and fitting_labels(path) is not None


def _inspect_labels(
    path: Path, fps: float | None, html: Path | None, json_file: Path | None
) -> None:
    from rich.table import Table

    from kinestream.cli.showing import console, plain
    from kinestream.datasets.inspection import facts_of_spans, findings_of_spans
    from kinestream.formats import read_annotations

    annotations = read_annotations(path, fps=fps)
    facts = facts_of_spans(annotations)
    table = Table(box=None, pad_edge=False)
    for column in ("label", "spans", "seconds"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for name, count in facts.counts.items():
        table.add_row(plain(name), str(count), f"{facts.seconds[name]:.2f}")
    console.print(table)
    findings = findings_of_spans(facts)
    _show_findings(findings)
    if json_file is not None:
        _write_numbers({"source": str(path)} | facts.to_dict(), findings, json_file)
    if html is not None:
        from kinestream.viz.spans_page import write_spans

        _show_written(write_spans(path.name, annotations, facts, findings, html))
    _exit_code(findings)


def _write_numbers(numbers: dict[str, Any], findings: list[Finding], path: Path) -> None:
    from kinestream.cli.data.outputs import JSON_MARK
    from kinestream.datasets.layouts.writing import json_bytes
    from kinestream.files import write_atomically

    told = {"findings": [vars(each) for each in findings]}
    _show_written(write_atomically(path, json_bytes(JSON_MARK | numbers | told)))


def _show_written(path: Path) -> None:
    from kinestream.cli.showing import console, plain

    console.print(f"wrote {plain(str(path))}", soft_wrap=True)


def _exit_code(findings: list[Finding]) -> None:
    if any(each.severity == "error" for each in findings):
        raise typer.Exit(1)


def _show_survey(survey: Survey) -> None:
    from rich.table import Table

    from kinestream.cli.showing import console, plain
    from kinestream.datasets.inspection import counted

    columns = ("recordings", "subjects", "frames", "minutes", "segments", "unlabelled")
    table = Table(title=plain(survey.source), title_justify="left", box=None, pad_edge=False)
    table.add_column("split")
    for column in columns:
        table.add_column(column, justify="right")
    for split in survey.splits:
        sums = survey.totals(split)
        row = [sums[key] for key in ("recordings", "subjects", "frames")]
        row += [f"{sums['seconds'] / 60:.1f}", sums["segments"], sums["unlabelled_frames"]]
        table.add_row(plain(split) or "all", *(str(cell) for cell in row))
    console.print(table)
    frames = survey.class_frames()
    total = sum(frames.values())
    shares = Table(box=None, pad_edge=False)
    for column in ("class", "frames", "share"):
        shares.add_column(column, justify="left" if column == "class" else "right")
    for name, count in list(frames.items())[:SHOWN_CLASSES]:
        shares.add_row(plain(name) or "not labelled", str(count), f"{count / max(total, 1):.1%}")
    if total:
        console.print(shares)
    if len(frames) > SHOWN_CLASSES:
        console.print(
            f"... and {counted(len(frames) - SHOWN_CLASSES, 'more class', 'more classes')}"
        )


def _show_findings(findings: list[Finding]) -> None:
    from kinestream.cli.showing import console, plain

    for each in findings:
        style = STYLES[each.severity]
        console.print(f"[{style}]{each.severity:8}[/{style}] {plain(each.text)}", soft_wrap=True)
    if not findings:
        console.print("Nothing found that could spoil a model.")
