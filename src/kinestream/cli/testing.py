"""``kinestream test``: what a run is worth, as a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.training.reports.figures import Figures
    from kinestream.training.reports.testing import Tested


def command(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    split: Annotated[
        str, typer.Option(help="test, valid (the run's validation subjects), train or another.")
    ] = "test",
    data: Annotated[
        Path | None, typer.Option(help="Where the data set lies now, or another one.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="How a store is divided, such as xsub or loso:s03.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; RUN/test/SPLIT by default.")
    ] = None,
    trials: Annotated[
        str | None,
        typer.Option(help="Recordings whose segments are drawn, such as 0,3; the first four."),
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="Another run, tested and drawn beside this one; may be repeated."),
    ] = None,
    fuse: Annotated[
        list[Path] | None,
        typer.Option(help="A run whose answers are averaged with this one's; may be repeated."),
    ] = None,
    shares: Annotated[
        str | None,
        typer.Option(help="What this run and the fused ones count, such as 0.6,0.6,0.4,0.4."),
    ] = None,
    weights: Annotated[
        str, typer.Option(help="last, or best_valid where the run kept it.")
    ] = "last",
) -> None:
    """Test a run on recordings it has not learned from and write a report."""
    from kinestream.extras import needs
    from kinestream.training.run_folder import RunFolder

    chosen = None if trials is None else numbers(trials)
    RunFolder(run).config()  # refuses a wrong folder before torch is loaded
    with needs("testing a run", "train", "torch"):
        from kinestream.training.reports.testing import measure_run
    show(
        measure_run(
            RunFolder(run),
            split,
            data=data,
            protocol=protocol,
            out=out,
            trials=chosen,
            against=[RunFolder(path) for path in against or []],
            fuse=[RunFolder(path) for path in fuse or []],
            shares=[] if shares is None else shares_of(shares),
            weights=weights,
        )
    )


def numbers(text: str) -> list[int]:
    """Numbers of recordings from ``0,3``.

    Raises:
        ConfigError: The text is something else.

    >>> numbers("0, 3")
    [0, 3]
    """
    from kinestream.errors import ConfigError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ConfigError(f"trials must be numbers such as 0,3, got {text[:60]!r}.")
    return [int(part) for part in parts]


def shares_of(text: str) -> list[float]:
    """Shares from ``0.6,0.4``.

    Raises:
        ConfigError: The text is something else.

    >>> shares_of("0.6, 0.4")
    [0.6, 0.4]
    """
    from kinestream.errors import ConfigError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f"shares must be numbers such as 0.6,0.4, got {text[:60]!r}.") from None


def show(test: Tested) -> None:
    """Print a short table of what was found, and where the rest lies."""
    from rich.table import Table

    from kinestream.cli.showing import console, plain
    from kinestream.training.reports.report import also_trained_on, protocol_of, short

    tested = test.figures.tested
    runs = [test.figures, *test.against]
    title = f"[bold]{plain(tested.name)}[/bold], split {plain(test.held_out.split)} of"
    console.print(
        f"{title} {plain(test.held_out.path.resolve().name)}: {len(tested.answers)} recordings, "
        f"{test.figures.pooled.frames} labelled frames",
        soft_wrap=True,
    )
    protocol = protocol_of(test.figures, test.held_out.split)
    console.print(protocol["selection"], soft_wrap=True)
    for figures in runs:
        if known := also_trained_on(figures):
            console.print(
                f"{plain(figures.tested.name)} has learned from people who are seen here: "
                f"{plain(', '.join(known))}",
                soft_wrap=True,
            )
    table = Table(box=None, pad_edge=False)
    for column in ("run", "epoch", "look-ahead", *short(test.figures)):
        table.add_column(column.replace("_", " "), justify="left" if column == "run" else "right")
    for figures in runs:
        row = short(figures).values()
        table.add_row(
            plain(figures.tested.name),
            f"{figures.tested.epoch}/{figures.tested.config.training.epochs}",
            f"{figures.tested.delay_frames / figures.tested.setup.fps:.2f} s",
            *("-" if value is None else f"{value:.2f}" for value in row),
        )
    console.print(table)
    _show_rest(test.figures)
    if found := test.rejection:
        wrong = (
            ""
            if found.wrong_rejected is None
            else f", rejects {found.wrong_rejected:.0f} % of wrong ones"
        )
        console.print(
            f"unknown below {found.unknown:.3f}: keeps {100 * found.keep:g} % of {found.frames} right "
            f"frames{wrong}; kept in the run for later tests and its bundle",
            soft_wrap=True,
        )
    console.print(f"wrote {plain(str(test.folder))}: ", end="", soft_wrap=True)
    console.print(", ".join(path.name for path in test.written), soft_wrap=True)


def _show_rest(figures: Figures) -> None:
    from kinestream.cli.showing import console

    if not figures.of_recordings:
        f1 = "/".join(f"{value:.2f}" for value in figures.per_trial.f1.values())
        console.print(f"F1 per trial {f1}; online: {figures.online}", soft_wrap=True)
        unknown = figures.events.rules.unknown
        rejected = f", unknown below {unknown:.3f}" if unknown else ""
        console.print(f"events: {figures.events}{rejected}", soft_wrap=True)
    console.print(f"calibration: {figures.calibration}", soft_wrap=True)
