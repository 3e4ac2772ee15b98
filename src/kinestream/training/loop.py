"""The training loop, top to bottom."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import torch

from kinestream.clips import Clip
from kinestream.errors import ConfigError
from kinestream.features import Pipeline
from kinestream.models import Network, build_network
from kinestream.models.norm import FrameBatchNorm
from kinestream.skeletons import adjacency
from kinestream.training.augment import check_augment
from kinestream.training.checkpoints import (
    clear_away,
    load_latest,
    restore,
    save_checkpoint,
)
from kinestream.training.config import TrainConfig
from kinestream.training.data import fit_setup, load_splits, make_trial
from kinestream.training.epoch import train_epoch
from kinestream.training.evaluate import assess
from kinestream.training.guard import check_weights
from kinestream.training.learner import Learner
from kinestream.training.losses.loss import Loss
from kinestream.training.losses.making import make_loss
from kinestream.training.optimizer import make_optimizer
from kinestream.training.run_folder import RunFolder, Setup
from kinestream.training.signals import StoppedError
from kinestream.training.step import Trial


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

    Args:
        config: What to do.
        run: Where; must be new unless ``resume``.
        resume: Go on from the newest whole checkpoint, bit for bit as if never stopped.
        progress: Told as it goes.
        stop: Asked after every step whether to save and stop there.

    Returns:
        The last line of ``metrics.jsonl``.

    Raises:
        ConfigError: The folder is taken, or the configuration does not fit the data.
        CheckpointError: A checkpoint cannot be written or, to resume from, read.
        TrainingError: Loss or gradient is no longer a number, step after step.
        StoppedError: ``stop`` said so; the run is saved.
    """
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    if not resume and run.path.exists() and not (run.path.is_dir() and _is_empty(run.path)):
        raise ConfigError(f"{run.path} is not empty: name another folder, or pass --resume.")
    splits = load_splits(config.data)
    if resume:
        run.check_same(config)
    setup = run.setup() if resume else fit_setup(splits.train, config.features)
    _check_classes(config, setup)
    check_augment(splits.train[0], config.augment)

    torch.manual_seed(config.training.seed)
    network = network_of(config, setup)
    _check_norm(network, config.training.segment)
    _check_streams(network)
    pipeline = pipeline_of(setup)
    learner = Learner(
        network,
        pipeline,
        loss_of(config, splits.train),
        make_optimizer(network, config.optimizer),
        copy.deepcopy(network.state_dict()) if config.optimizer.ema else None,
    )
    done = _restore(run, learner) if resume else 0

    held_out = {
        "valid": [make_trial(clip, pipeline, network.people) for clip in splits.valid],
        "test": [make_trial(clip, pipeline, network.people) for clip in splits.test],
    }
    if not resume:
        run.create(config, setup)  # now that nothing is left to be wrong
    for epoch in range(done + 1, config.training.epochs + 1):
        started = time.perf_counter()
        row: dict[str, Any] = {"epoch": epoch}
        row |= train_epoch(
            config,
            learner,
            splits.train,
            epoch,
            _between(config, run, learner, epoch, progress, stop),
        )
        if epoch % config.training.test_every == 0 or epoch == config.training.epochs:
            row |= _test(config, setup, learner, held_out)
        if learner.standing.damaged:
            row["damaged_checkpoints"] = learner.standing.damaged
            learner.standing.damaged = []
        row["seconds"] = round(time.perf_counter() - started, 3)
        # The line first: a line without its checkpoint is dropped on resuming, and written again.
        run.add_metrics(row)
        _save(run, learner, epoch)
        if progress:
            progress.epoch(row)
        if stop() and epoch < config.training.epochs:
            raise StoppedError(f"stopped and saved after epoch {epoch}.")
    return run.metrics()[-1]


def _restore(run: RunFolder, learner: Learner) -> int:
    """Go back to the newest whole checkpoint; returns the epochs done."""
    checkpoint = load_latest(run.checkpoints)
    learner.average = restore(checkpoint, learner.network, learner.optimizer) or None
    learner.standing = checkpoint.standing
    learner.standing.damaged += checkpoint.damaged
    learner.random = checkpoint.part("random").get("torch")
    clear_away(run.checkpoints, checkpoint)
    run.keep_metrics_until(checkpoint.epoch)
    return checkpoint.epoch


def _save(run: RunFolder, learner: Learner, epoch: int) -> None:
    check_weights(learner.network)
    save_checkpoint(
        run.checkpoints,
        epoch,
        learner.network,
        learner.optimizer,
        learner.average,
        learner.standing,
    )


def _between(
    config: TrainConfig,
    run: RunFolder,
    learner: Learner,
    epoch: int,
    progress: Progress | None,
    stop: Callable[[], bool],
) -> Callable[[int, int, float], None]:
    """What is done after each step of an epoch: show it, save where it is due, stop if asked."""

    def between(done: int, steps: int, loss: float) -> None:
        if progress:
            progress.step(epoch, done, steps, loss)
        asked = stop()
        every = config.training.save_every
        if asked or (every and done % every == 0 and done < steps):
            _save(run, learner, epoch - 1)
        if asked:
            raise StoppedError(f"stopped and saved after step {done} of epoch {epoch}.")

    return between


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


def _check_classes(config: TrainConfig, setup: Setup) -> None:
    if unknown := sorted(set(config.background) - set(setup.classes)):
        raise ConfigError(
            f"background {unknown[0]!r} is not a class of the data set; it has "
            f"{', '.join(setup.classes)}."
        )


def network_of(config: TrainConfig, setup: Setup) -> Network:
    """Build the network that a configuration and its data describe."""
    graph = config.graph
    partition = adjacency(
        setup.graph(),
        graph.strategy,
        max_hop=graph.max_hop,
        dilation=graph.dilation,
        normalisation=graph.normalisation,
    )
    channels = len(pipeline_of(setup).channels)
    arguments = network_arguments(config, setup)
    return build_network(config.network.name, partition, channels, len(setup.classes), **arguments)


def network_arguments(config: TrainConfig, setup: Setup) -> dict[str, Any]:
    """The keyword arguments that a configuration gives its network.

    Raises:
        ConfigError: The look-ahead is given twice.
    """
    arguments = dict(config.network.arguments)
    if config.custom:
        arguments["custom"] = config.custom
    if config.network.lookahead_s is not None:
        if "lookahead" in arguments:
            raise ConfigError("give network.lookahead_s or the argument lookahead, not both.")
        # Whole frames that fit into the time, whatever binary fractions make of it.
        arguments["lookahead"] = int(config.network.lookahead_s * setup.fps + 1e-6)
    return arguments


def pipeline_of(setup: Setup) -> Pipeline:
    """The fitted features of a run."""
    return Pipeline(setup.graph(), tuple(setup.channels), setup.features)


def loss_of(config: TrainConfig, clips: list[Clip]) -> Loss:
    """The loss of a configuration, its class weights counted on the training recordings."""
    labels = [torch.from_numpy(clip.labels) for clip in clips if clip.labels is not None]
    classes = clips[0].classes
    background = [classes.index(name) for name in config.background]
    return make_loss(config.loss, labels, len(classes), background)


def _check_norm(network: Network, segment: int) -> None:
    if segment and any(isinstance(module, FrameBatchNorm) for module in network.modules()):
        raise ConfigError(
            "norm 'batch' takes the statistics of what is in memory, so chunks would train another "
            "network than whole recordings: set training.segment to 0 or norm to 'layer'."
        )


def _check_streams(network: Network) -> None:
    if not network.streams:
        raise ConfigError(
            "this network averages over whole clips, so it labels no frames of a stream: set "
            "averaging.over to 'past', or give it a window (network.arguments.window)."
        )


def _test(
    config: TrainConfig, setup: Setup, learner: Learner, held_out: dict[str, list[Trial]]
) -> dict[str, float]:
    tested = learner.network
    if learner.average is not None:
        tested = copy.deepcopy(tested)
        tested.load_state_dict(learner.average)
    background = [setup.classes.index(name) for name in config.background]
    row: dict[str, float] = {}
    for split, trials in held_out.items():
        if trials:
            report = assess(tested, trials, background, config.decode.margin)
            row[f"{split}/frame_accuracy"] = report.frame_accuracy
            row[f"{split}/edit"] = report.edit
            row |= {f"{split}/f1@{percent}": value for percent, value in report.f1.items()}
    return row


def default_run_folder(config: TrainConfig) -> RunFolder:
    """``runs/NAME``."""
    return RunFolder(Path("runs") / config.name)
