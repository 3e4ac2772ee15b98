"""``kinestream train``: a configuration in, a run folder out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kinestream.training.transfer import Transfer


def command(
    config: Annotated[
        list[Path],
        typer.Argument(help="A YAML or JSON configuration; further ones are laid over it."),
    ],
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/NAME by default.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a key: --set optimizer.learning_rate=1e-3."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the run's newest checkpoint.")] = False,
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Start from the weights of another run, or of a bundle."),
    ] = None,
    weights: Annotated[
        str, typer.Option(help="Which weights of that run: last or best_valid.")
    ] = "last",
) -> None:
    """Train a network on a prepared data set.

    SIGTERM and SIGUSR1 save the run after the step under way and end it with exit code 75.
    """
    from kinestream.cli.showing import console
    from kinestream.errors import ConfigError
    from kinestream.extras import needs
    from kinestream.training.config import load_train_config

    settings = load_train_config(config, set_ or [])
    with needs("training", "train", "torch"):
        from kinestream.training.loop import default_run_folder, train
    from kinestream.training.curves import draw_curves
    from kinestream.training.ranks import leads
    from kinestream.training.run_folder import RunFolder
    from kinestream.training.signals import EXIT_CODE, StoppedError, stop_signals
    from kinestream.training.source import RECORD, load_source

    folder = RunFolder(run) if run else default_run_folder(settings)
    if from_ and resume and not (folder.path / RECORD).is_file():
        raise ConfigError(
            f"{folder.path} did not start from another run: resume it without --from."
        )
    source = load_source(from_, weights) if from_ and not resume else None
    try:
        with stop_signals(last=True) as stop, Bars(settings.training.epochs) as bars:
            row = train(settings, folder, resume=resume, source=source, progress=bars, stop=stop)
    except StoppedError as error:
        if leads():
            console.print(f"{error} The same command with --resume goes on from there.")
        raise typer.Exit(EXIT_CODE) from None
    except KeyboardInterrupt:
        console.print("stopped; the same command with --resume goes on from the last checkpoint")
        raise
    if not leads():
        return
    draw_curves(folder)
    figures = ", ".join(f"{k} {v:.2f}" for k, v in row.items() if "/" in k and v is not None)
    console.print(f"epoch {row['epoch']}: {figures}", soft_wrap=True)
    following = "test" if settings.clips else "export"
    console.print(
        f"run folder {folder.path}; next: kinestream {following} {folder.path}", soft_wrap=True
    )


class Bars:
    """Two progress bars: epochs and steps, with the loss and the time left."""

    def __init__(self, epochs: int) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._epochs = self._progress.add_task("epochs", total=epochs, note="")
        self._steps = self._progress.add_task("steps", total=None, note="")

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """One optimizer step is done; the first one shows the bars."""
        self._progress.start()
        self._progress.update(self._epochs, completed=epoch - 1)
        self._progress.update(self._steps, completed=done, total=steps, note=f"loss {loss:.4f}")

    def transfer(self, transfer: Transfer) -> None:
        """The layers that come from another run, a line each."""
        from kinestream.cli.showing import plain

        for line in transfer.table().splitlines():
            self._progress.console.print(plain(line), soft_wrap=True)

    def epoch(self, row: dict[str, Any]) -> None:
        """An epoch is done; its test figures are printed when it has any."""
        self._progress.update(self._epochs, completed=row["epoch"])
        shown = {k: v for k, v in row.items() if k.endswith(("accuracy", "/f1@50"))}
        if len(shown) > 1:
            figures = "  ".join(f"{k} {v:.2f}" for k, v in shown.items())
            self._progress.console.print(f"epoch {row['epoch']:4}  {figures}")
