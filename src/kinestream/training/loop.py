"""The training loop, top to bottom."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from kinestream.clips import Clip
from kinestream.errors import ConfigError, TrainingError
from kinestream.features import Pipeline
from kinestream.models import Network, build_network
from kinestream.skeletons import adjacency
from kinestream.training.augment import augment
from kinestream.training.checkpoints import load_latest, restore, save_checkpoint
from kinestream.training.config import TrainConfig
from kinestream.training.data import Splits, fit_setup, load_splits, make_trial
from kinestream.training.evaluate import assess
from kinestream.training.losses import FrameLoss, balanced_weights
from kinestream.training.optimizer import learning_rate, make_optimizer, update_average
from kinestream.training.run_folder import RunFolder, Setup
from kinestream.training.step import Trial, accumulate_gradients


class Progress(Protocol):
    """Told after every optimizer step and epoch; draws bars or nothing."""

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        """One optimizer step of ``steps`` is done."""

    def epoch(self, row: dict[str, Any]) -> None:
        """An epoch is done; ``row`` is its line in ``metrics.jsonl``."""


def train(
    config: TrainConfig, run: RunFolder, *, resume: bool = False, progress: Progress | None = None
) -> dict[str, Any]:
    """Train a network and leave a run folder behind.

    Args:
        config: What to do.
        run: Where; must be new unless ``resume``.
        resume: Go on from the newest whole checkpoint, bit for bit as if never stopped.
        progress: Told as it goes.

    Returns:
        The last line of ``metrics.jsonl``.

    Raises:
        ConfigError: The folder is taken, or the configuration does not fit the data.
        TrainingError: The loss is no longer a number.
    """
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    splits = load_splits(config.data)
    if resume:
        setup = run.setup()
    elif run.path.exists() and any(run.path.iterdir()):
        raise ConfigError(f"{run.path} is not empty: name another folder, or pass --resume.")
    else:
        setup = fit_setup(splits.train, config.features)
        run.create(config, setup)

    torch.manual_seed(config.training.seed)
    network = network_of(config, setup)
    pipeline = pipeline_of(setup)
    loss = make_loss(config, splits.train)
    optimizer = make_optimizer(network, config.optimizer)
    average = copy.deepcopy(network.state_dict()) if config.optimizer.ema else None
    done = 0
    if resume:
        checkpoint = load_latest(run.checkpoints)
        average = restore(checkpoint, network, optimizer) or None
        done = checkpoint.epoch
        run.keep_metrics_until(done)

    held_out = {
        "valid": [make_trial(clip, pipeline) for clip in splits.valid],
        "test": [make_trial(clip, pipeline) for clip in splits.test],
    }
    for epoch in range(done + 1, config.training.epochs + 1):
        started = time.perf_counter()
        row: dict[str, Any] = {"epoch": epoch}
        row |= _train_epoch(
            config, epoch, network, splits, pipeline, loss, optimizer, average, progress
        )
        if epoch % config.training.test_every == 0 or epoch == config.training.epochs:
            row |= _test(config, setup, network, average, held_out)
        row["seconds"] = round(time.perf_counter() - started, 3)
        save_checkpoint(run.checkpoints, epoch, network, optimizer, average)
        run.add_metrics(row)
        if progress:
            progress.epoch(row)
    return run.metrics()[-1]


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
    arguments = dict(config.network.arguments)
    if config.custom:
        arguments["custom"] = config.custom
    channels = len(pipeline_of(setup).channels)
    return build_network(config.network.name, partition, channels, len(setup.classes), **arguments)


def pipeline_of(setup: Setup) -> Pipeline:
    """The fitted features of a run."""
    return Pipeline(setup.graph(), tuple(setup.channels), setup.features)


def make_loss(config: TrainConfig, clips: list[Clip]) -> FrameLoss:
    """The loss of a configuration, its class weights counted on the training recordings."""
    weights: Tensor | None = None
    if config.loss.class_weights == "balanced":
        labels = [torch.from_numpy(clip.labels) for clip in clips if clip.labels is not None]
        weights = balanced_weights(labels, len(clips[0].classes))
    return FrameLoss(
        weights,
        smoothing=config.loss.smoothing,
        truncate=config.loss.truncate,
        label_smoothing=config.loss.label_smoothing,
    )


def _train_epoch(
    config: TrainConfig,
    epoch: int,
    network: Network,
    splits: Splits,
    pipeline: Pipeline,
    loss: FrameLoss,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
    progress: Progress | None,
) -> dict[str, float]:
    network.train()
    settings = config.training
    # All that is random in an epoch follows from these two numbers: see checkpoints.py.
    rng = np.random.default_rng([settings.seed, epoch])
    torch.manual_seed(int(rng.integers(1 << 62)))
    steps = math.ceil(len(splits.train) / settings.batch_size)
    total, right, frames = 0.0, 0, 0
    for index, batch in enumerate(_batches(config, splits.train, pipeline, rng)):
        rate = learning_rate(config.optimizer, epoch - 1 + (index + 1) / steps, settings.epochs)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        batch_loss, batch_right = accumulate_gradients(network, loss, batch, settings.segment)
        if not math.isfinite(batch_loss):
            raise TrainingError(
                f"the loss became {batch_loss} in epoch {epoch}, step {index + 1}: lower "
                f"optimizer.learning_rate or set optimizer.clip_norm; the checkpoints are whole."
            )
        if config.optimizer.clip_norm:
            torch.nn.utils.clip_grad_norm_(network.parameters(), config.optimizer.clip_norm)
        optimizer.step()
        if average is not None:
            update_average(average, network, config.optimizer.ema)
        total, right = total + batch_loss, right + batch_right
        frames += sum(len(trial.labels) for trial in batch)
        if progress:
            progress.step(epoch, index + 1, steps, batch_loss)
    return {
        "learning_rate": rate,
        "train/loss": total / steps,
        "train/frame_accuracy": 100 * right / frames,
    }


def _batches(
    config: TrainConfig, clips: list[Clip], pipeline: Pipeline, rng: np.random.Generator
) -> Iterator[list[Trial]]:
    order = rng.permutation(len(clips))
    size = config.training.batch_size
    for start in range(0, len(order), size):
        chosen = [clips[i] for i in order[start : start + size]]
        yield [make_trial(augment(clip, config.augment, rng), pipeline) for clip in chosen]


def _test(
    config: TrainConfig,
    setup: Setup,
    network: Network,
    average: dict[str, Tensor] | None,
    held_out: dict[str, list[Trial]],
) -> dict[str, float]:
    tested = network
    if average is not None:
        tested = copy.deepcopy(network)
        tested.load_state_dict(average)
    background = [setup.classes.index(name) for name in config.background]
    row: dict[str, float] = {}
    for split, trials in held_out.items():
        if trials:
            report = assess(tested, trials, background)
            row[f"{split}/frame_accuracy"] = report.frame_accuracy
            row[f"{split}/edit"] = report.edit
            row |= {f"{split}/f1@{percent}": value for percent, value in report.f1.items()}
    return row


def default_run_folder(config: TrainConfig) -> RunFolder:
    """``runs/NAME``."""
    return RunFolder(Path("runs") / config.name)
