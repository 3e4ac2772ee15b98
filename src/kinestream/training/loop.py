"""The training loop, top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from kinestream.errors import CheckpointError, TrainingError
from kinestream.training.augment import augment
from kinestream.training.chance import changes_of
from kinestream.training.checkpoints import save_checkpoint
from kinestream.training.computing import Computing, wants_gpu
from kinestream.training.config import TrainConfig
from kinestream.training.epoch import train_epoch
from kinestream.training.evaluate import figures_of
from kinestream.training.guard import check_weights
from kinestream.training.job import Job, begin
from kinestream.training.pieces import Trial
from kinestream.training.ranks import joined
from kinestream.training.rounding import rounding
from kinestream.training.run_folder import RunFolder
from kinestream.training.signals import StoppedError
from kinestream.training.source import Source
from kinestream.training.tensorboard import Write, check_tensorboard, event_file
from kinestream.training.transfer import Transfer


class Progress(Protocol):
    """Told after every optimizer step and epoch; draws bars or nothing."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """One optimizer step of ``steps`` is done."""

    def epoch(self, row: dict[str, Any]) -> None:
        """An epoch is done; ``row`` is its line in ``metrics.jsonl``."""

    def transfer(self, transfer: Transfer) -> None:
        """The run starts from the weights of another."""


def train(
    config: TrainConfig,
    run: RunFolder,
    *,
    resume: bool = False,
    source: Source | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Train a network and leave a run folder behind.

    Started by torchrun, the processes share every batch; the first one writes and talks.

    Args:
        config: What to do.
        run: Where; must be new unless ``resume``.
        resume: Go on from the newest whole checkpoint, bit for bit as if never stopped.
        source: Weights to start from, where they fit. A run that resumes has its own.
        progress: Told as it goes.
        stop: Asked after every step whether to save and stop there.

    Returns:
        The last line of ``metrics.jsonl``.

    Raises:
        ConfigError: The folder is taken, or the configuration does not fit the data or the machine.
        CheckpointError: A checkpoint cannot be written or, to resume from, read.
        TrainingError: Loss or gradient is no longer a number, step after step, or memory ran out.
        StoppedError: ``stop`` said so; the run is saved.
    """
    if config.training.tensorboard:
        check_tensorboard()
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    with joined(gpu=wants_gpu(config.training)) as ranks:
        computing = Computing.of(config.training, ranks)
        with computing.prepared():
            shown = progress if ranks.first else None
            job = begin(config, run, computing, source, resume)
            if shown and job.transfer:
                shown.transfer(job.transfer)
            wanted = config.training.tensorboard and ranks.first
            with event_file(run, wanted=wanted) as write:
                watch = Watch(shown, stop, write)
                for epoch in range(job.done + 1, config.training.epochs + 1):
                    _epoch(job, epoch, watch)
        ranks.any(False)  # the last line is written
    rows = run.metrics()
    if not rows:
        raise CheckpointError(
            f"{run.path / 'metrics.jsonl'} has no lines, though all epochs are done."
        )
    if rows[-1].get("skipped_steps") and "train/loss" not in rows[-1]:
        raise TrainingError(
            f"the last epoch took no step: loss or gradient were no numbers in any. Lower "
            f"optimizer.learning_rate or set optimizer.clip_norm and train again; {run.path} holds the "
            f"weights from before."
        )
    return rows[-1]


@dataclass(frozen=True)
class Watch:
    """Who looks on: told as it goes, and asked whether to stop."""

    progress: Progress | None
    stop: Callable[[], bool]
    write: Write


def _epoch(job: Job, epoch: int, watch: Watch) -> None:
    """Train an epoch, test it where that is due, write its line and its checkpoint."""
    config, learner, settings = job.config, job.learner, job.config.training
    started = time.perf_counter()

    def make(number: int) -> Trial:
        rng = changes_of(settings.seed, epoch, number)
        return job.maker(augment(job.clips[number], config.augment, rng), rng)

    row: dict[str, Any] = {"epoch": epoch}
    with rounding(job, epoch):
        row |= train_epoch(config, learner, job.clips, epoch, make, _between(job, epoch, watch))
    if epoch % settings.test_every == 0 or epoch == settings.epochs:
        row |= _test(job)
        _keep_best(job, epoch, row)
    if learner.standing.damaged:
        row["damaged_checkpoints"] = learner.standing.damaged
        learner.standing.damaged = []
    row["seconds"] = round(time.perf_counter() - started, 3)
    if job.ranks.first:
        # The line first: a line without its checkpoint is dropped on resuming, and written again.
        job.run.add_metrics(row)
        watch.write(row)
        _save(job, epoch)
    if watch.progress:
        watch.progress.epoch(row)
    if job.ranks.any(watch.stop()) and epoch < settings.epochs:
        raise StoppedError(f"stopped and saved after epoch {epoch}.")


def _between(job: Job, epoch: int, watch: Watch) -> Callable[[int, int, float], None]:
    """What is done after each step of an epoch: show it, save where it is due, stop if asked."""

    def between(done: int, steps: int, loss: float) -> None:
        if watch.progress:
            watch.progress.step(epoch, done, steps, loss)
        asked = job.ranks.any(watch.stop())
        every = job.config.training.save_every
        due = asked or (every and done % every == 0 and done < steps)
        if due and job.ranks.first:
            _save(job, epoch - 1)
        if asked:
            job.ranks.any(False)  # it is saved
            raise StoppedError(f"stopped and saved after step {done} of epoch {epoch}.")

    return between


def _test(job: Job) -> dict[str, float]:
    config, learner = job.config, job.learner
    background = [job.setup.classes.index(name) for name in config.background]
    row: dict[str, float] = {}
    with learner.tested() as network:
        for split, trials in job.held_out.items():
            if trials:
                figures = figures_of(
                    network, trials, background, config.decode.margin, learner.computing
                )
                row |= {f"{split}/{name}": value for name, value in figures.items()}
    return row


def _keep_best(job: Job, epoch: int, row: dict[str, Any]) -> None:
    """Keep the weights that are best on validation so far, where the configuration asks for them."""
    asked, standing = job.config.training.best_valid, job.learner.standing
    if not asked:
        return
    figure = row[f"valid/{asked}"]
    if math.isfinite(figure) and (standing.best is None or figure > standing.best):
        standing.best = figure
        if job.ranks.first:
            _save(job, epoch, job.run.best_valid)


def _save(job: Job, epoch: int, folder: Path | None = None) -> None:
    learner = job.learner
    check_weights(learner.network)
    save_checkpoint(
        folder or job.run.checkpoints,
        epoch,
        learner.network,
        learner.optimizer,
        learner.average,
        learner.standing,
    )


def default_run_folder(config: TrainConfig) -> RunFolder:
    """``runs/NAME``."""
    return RunFolder(Path("runs") / config.name)
