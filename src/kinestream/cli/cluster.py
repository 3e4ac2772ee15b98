"""``kinestream cluster``: training as a job, submitted, followed, brought home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.cluster.submission import ClusterFolder

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Train as a job of a cluster.",
)

RunArgument = Annotated[Path, typer.Argument(help="The folder of a run that was submitted.")]


@app.command("submit")
def submit_command(
    config: Annotated[
        list[Path],
        typer.Argument(help="YAML or JSON configurations, each laid over those before it."),
    ],
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/NAME by default.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a key: --set optimizer.learning_rate=1e-3."),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Start from the weights of another run, or of a bundle."),
    ] = None,
    weights: Annotated[
        str, typer.Option(help="Which weights of that run: last or best_valid.")
    ] = "last",
    executor: Annotated[
        str, typer.Option(help="slurm, or local for a job on this machine.")
    ] = "slurm",
    partition: Annotated[str | None, typer.Option(help="Partition of SLURM.")] = None,
    nodes: Annotated[int, typer.Option(help="Machines.")] = 1,
    gpus: Annotated[
        int | None, typer.Option(help="GPUs of each machine, a process each; none by default.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(help="Processes of each machine, for training on CPUs.")
    ] = None,
    cpus: Annotated[int | None, typer.Option(help="CPU cores of each machine.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory of each machine, such as 32G.")] = None,
    time: Annotated[
        str, typer.Option(help="Time limit of one start: [days-]hours:minutes:seconds.")
    ] = "04:00:00",
    grace: Annotated[
        int, typer.Option(help="Seconds before the limit at which the job is told to save.")
    ] = 90,
    requeues: Annotated[
        int, typer.Option(help="How often the job may put itself back into the queue.")
    ] = 20,
    name: Annotated[
        str | None, typer.Option(help="Name of the job; the configuration's by default.")
    ] = None,
    slurm: Annotated[
        list[str] | None,
        typer.Option(help="Another option of sbatch: --slurm account=gait. May be repeated."),
    ] = None,
    notify: Annotated[
        str, typer.Option(help="A command that is run when the job ends or is requeued.")
    ] = "",
    backup: Annotated[
        Path | None, typer.Option(help="A folder that the results are copied into at the end.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that has ended too early.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Look on until the job ends.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="The same, without log and figures.")
    ] = False,
) -> None:
    """Check a training, hand it to the cluster, and let it go on by itself when it is preempted."""
    from kinestream.cli.showing import console, plain
    from kinestream.cluster.checking import Wishes, check
    from kinestream.cluster.submitting import submit

    wishes = Wishes(
        tuple(config),
        run=run,
        changes=tuple(set_ or ()),
        source=from_,
        weights=weights,
        executor=executor,
        partition=partition,
        nodes=nodes,
        gpus=gpus,
        processes=processes,
        cpus=cpus,
        memory=memory,
        time=time,
        grace_s=grace,
        requeues=requeues,
        name=name,
        slurm=tuple(slurm or ()),
        notify=notify,
        backup=backup,
        resume=resume,
    )
    folder, submission, settings = check(wishes)
    submission = submit(folder, submission, settings)
    where = "on this machine" if executor == "local" else "to SLURM"
    told = f"submitted {submission.name} {where} as job {submission.job}; run folder {folder.run}"
    console.print(plain(told), soft_wrap=True)
    if follow or wait:
        look_on(folder, 5.0, quiet=wait and not follow)
    else:
        console.print(plain(f"next: kinestream cluster follow {folder.run}"), soft_wrap=True)


@app.command("follow")
def follow_command(
    run: RunArgument,
    every: Annotated[float, typer.Option(help="Seconds between looks.", min=0.1)] = 5.0,
) -> None:
    """Show state, figures and log of a job until it ends; Ctrl-C leaves the job alone.

    Exits with code 0 if the training is done, else with 1.
    """
    from kinestream.cluster.submission import ClusterFolder

    look_on(ClusterFolder(run.absolute()), every)


@app.command("status")
def status_command(run: RunArgument) -> None:
    """Show how a job fares."""
    from kinestream.cli.showing import console, plain
    from kinestream.cluster.following import figures, sentence, situation_of
    from kinestream.cluster.submission import ClusterFolder

    folder = ClusterFolder(run.absolute())
    now = situation_of(folder)
    console.print(plain(sentence(now)), soft_wrap=True)
    if now.row:
        console.print(plain(figures(now.row)), soft_wrap=True)
    console.print(plain(f"log {folder.log(now.job)}"), soft_wrap=True)


@app.command("collect")
def collect_command(
    run: RunArgument,
    backup: Annotated[Path, typer.Option(help="The folder that holds a folder for every run.")],
) -> None:
    """Copy the results of a job to a folder that lasts, with checksums."""
    from kinestream.cli.showing import console, plain
    from kinestream.cluster.collecting import collect
    from kinestream.cluster.submission import ClusterFolder

    target = collect(ClusterFolder(run.absolute()), backup)
    console.print(plain(f"wrote {target}"), soft_wrap=True)


def look_on(folder: ClusterFolder, every_s: float, *, quiet: bool = False) -> None:
    """Follow a job; the command's exit code says how it ended."""
    from kinestream.cli.showing import console, plain
    from kinestream.cluster.following import follow

    def tell(line: str) -> None:
        console.print(plain(line), soft_wrap=True)

    try:
        ended = follow(folder, tell, every_s=every_s, quiet=quiet)
    except KeyboardInterrupt:
        tell(f"the job goes on; kinestream cluster follow {folder.run} looks on again")
        return
    if ended.state != "done":
        raise typer.Exit(1)
