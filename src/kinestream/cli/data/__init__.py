"""``kinestream data``: recordings and data sets, looked at, converted, prepared."""

from __future__ import annotations

import typer

from kinestream.cli.data import convert, formats, inspect, prepare

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Inspect, convert and prepare recordings and data sets.",
)

for command in (inspect, convert, prepare, formats):
    app.command(command.__name__.rpartition(".")[2])(command.command)
