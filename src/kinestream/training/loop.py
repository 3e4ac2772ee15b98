"""The training loop, top to bottom."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from kinestream.clips import Clip
from kinestream.errors import ConfigError
from kinestream.models.norm import batch_norms
from kinestream.training.augment import augment, check_augment
from kinestream.training.building import (
    check_classes,
    check_trains,
    loss_of,
    network_of,
    pipeline_of,
)
from kinestream.training.chance import changes_of
from kinestream.training.checkpoints import (
    clear_away,
    drop_after,
    load_latest,
    restore,
    save_checkpoint,
)
from kinestream.training.computing import Computing, wants_gpu
from kinestream.training.config import TrainConfig
from kinestream.training.data import Splits, TrialMaker, fit_setup, load_splits
from kinestream.training.epoch import train_epoch
from kinestream.training.evaluate import figures_of
from kinestream.training.guard import check_weights
from kinestream.training.learner import Learner
from kinestream.training.optimizer import make_optimizer
from kinestream.training.pieces import Trial
from kinestream.training.ranks import Ranks, joined
from kinestream.training.run_folder import RunFolder, Setup
from kinestream.training.signals import StoppedError


class Progress(Protocol):
    """Told after every optimizer step and epoch; draws bars or nothing."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """One optimizer step of ``steps`` is done."""

    def epoch(self, row: dict[str, Any]) -> None:
        """An epoch is done; ``row`` is its line in ``metrics.jsonl``."""


def train(
    config: TrainConfig,
    run: RunFolder,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Train a network and leave a run folder behind.

    Started by torchrun, the processes share every batch; the first one writes and talks.

    Args:
        config: What to do.
        run: Where; must be new unless ``resume``.
        resume: Go on from the newest whole checkpoint, bit for bit as if never stopped.
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
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    with joined(gpu=wants_gpu(config.training)) as ranks:
        computing = Computing.of(config.training, ranks)
        with computing.prepared():
            job = _begin(config, run, computing, resume)
            watch = Watch(progress if ranks.first else None, stop)
            for epoch in range(job.done + 1, config.training.epochs + 1):
                _epoch(job, epoch, watch)
        ranks.any(False)  # the last line is written
    return run.metrics()[-1]


@dataclass(frozen=True)
class Job:
    """A run that is ready to go on.

    Attributes:
        config: What to do.
        run: Where it is kept.
        setup: What the data says.
        learner: The network on its way.
        maker: Makes recordings ready for it.
        clips: The training recordings.
        held_out: Recordings of ``valid`` and ``test``, ready.
        done: Epochs done.
    """

    config: TrainConfig
    run: RunFolder
    setup: Setup
    learner: Learner
    maker: TrialMaker
    clips: list[Clip]
    held_out: dict[str, list[Trial]]
    done: int

    @property
    def ranks(self) -> Ranks:
        """The processes of the run."""
        return self.learner.computing.ranks


@dataclass(frozen=True)
class Watch:
    """Who looks on: told as it goes, and asked whether to stop."""

    progress: Progress | None
    stop: Callable[[], bool]


def _begin(config: TrainConfig, run: RunFolder, computing: Computing, resume: bool) -> Job:
    """Everything up to the first epoch; nothing is written before all of it is known to be right."""
    ranks = computing.ranks
    taken = ranks.first and run.path.exists() and not _is_empty(run.path)
    if ranks.any(taken) and not resume:
        raise ConfigError(f"{run.path} is not empty: name another folder, or pass --resume.")
    splits = load_splits(config.data)
    if resume:
        run.check_same(config)
    setup = run.setup() if resume else fit_setup(splits.train, config.features)
    check_classes(config, setup)
    check_augment(splits.train[0], config.augment)
    learner = _learner(config, setup, splits, computing)
    done = _restore(run, learner) if resume else 0
    maker = TrialMaker(learner.pipeline, learner.network.people, config.clips)
    for clip in splits.train:
        maker.check(clip)
    held_out = {
        "valid": [maker(clip) for clip in splits.valid],
        "test": [maker(clip) for clip in splits.test],
    }
    if not resume and ranks.first:
        run.create(config, setup)
    return Job(config, run, setup, learner, maker, splits.train, held_out, done)


def _learner(config: TrainConfig, setup: Setup, splits: Splits, computing: Computing) -> Learner:
    torch.manual_seed(config.training.seed)
    network = network_of(config, setup)
    check_trains(config, network)
    for norm in batch_norms(network):
        norm.frozen = config.training.batch_norm == "frozen"
    network.to(computing.device)
    if config.training.compile:
        network.stages = torch.compile(network.stages)  # type: ignore[method-assign]
    return Learner(
        network,
        pipeline_of(setup),
        loss_of(config, splits.train),
        make_optimizer(network, config.optimizer),
        copy.deepcopy(network.state_dict()) if config.optimizer.ema else None,
        computing,
    )


def _restore(run: RunFolder, learner: Learner) -> int:
    """Go back to the newest whole checkpoint; returns the epochs done."""
    checkpoint = load_latest(run.checkpoints)
    average = restore(checkpoint, learner.network, learner.optimizer)
    learner.average = {k: v.to(learner.computing.device) for k, v in average.items()} or None
    learner.standing = checkpoint.standing
    learner.standing.damaged += checkpoint.damaged
    if checkpoint.standing.scaler:
        learner.computing.scaler.load_state_dict(checkpoint.standing.scaler)
    ranks = learner.computing.ranks
    ranks.any(False)  # all have read it
    if ranks.first:
        clear_away(run.checkpoints, checkpoint)
        drop_after(run.best_valid, checkpoint.epoch)
        run.keep_metrics_until(checkpoint.epoch)
    return checkpoint.epoch


def _epoch(job: Job, epoch: int, watch: Watch) -> None:
    """Train an epoch, test it where that is due, write its line and its checkpoint."""
    config, learner, settings = job.config, job.learner, job.config.training
    started = time.perf_counter()

    def make(number: int) -> Trial:
        rng = changes_of(settings.seed, epoch, number)
        return job.maker(augment(job.clips[number], config.augment, rng), rng)

    row: dict[str, Any] = {"epoch": epoch}
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
    if standing.best is None or figure > standing.best:
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


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def default_run_folder(config: TrainConfig) -> RunFolder:
    """``runs/NAME``."""
    return RunFolder(Path("runs") / config.name)
