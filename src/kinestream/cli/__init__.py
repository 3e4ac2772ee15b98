"""The command line: one file per command, thin; ``main`` turns errors into one sentence."""

from __future__ import annotations

import logging
import sys

import typer

from kinestream.cli import (
    benchmark,
    bundles,
    cluster,
    data,
    demo,
    export,
    importing,
    models,
    plot,
    run,
    skeletons,
    synth,
    testing,
    train,
)
from kinestream.errors import KinestreamError

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

app = typer.Typer(
    name="kinestream",
    help="Recognise what people are doing from skeletons, frame by frame, as the frames arrive.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
) -> None:
    """Recognise what people are doing from skeletons, frame by frame, as the frames arrive."""
    logging.basicConfig(level=logging.INFO if debug else logging.WARNING, format="%(message)s")


for command in (demo, run, train, export, models, skeletons, bundles, synth, benchmark):
    app.command(command.__name__.rpartition(".")[2])(command.command)
app.command("test")(testing.command)
app.command("import")(importing.command)
app.add_typer(data.app, name="data")
app.add_typer(cluster.app, name="cluster")
app.add_typer(plot.app, name="plot")


def main() -> None:
    """Run the command line; an error that Kinestream raised on purpose exits with code 2."""
    debug = "--debug" in sys.argv
    if debug:
        # The flag may stand anywhere, also behind the command.
        sys.argv = [sys.argv[0], "--debug", *(a for a in sys.argv[1:] if a != "--debug")]
    try:
        app()
    except KinestreamError as error:
        if debug:
            raise
        print(f"kinestream: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:  # a file that may not be read, a disk that fails
        if debug:
            raise
        print(f"kinestream: {error.filename or 'a file'}: {error.strerror}.", file=sys.stderr)
        sys.exit(2)
    except SystemExit as ended:  # the parser turns an interrupt into its exit code
        if ended.code == INTERRUPTED:
            print("kinestream: stopped.", file=sys.stderr)
        raise
