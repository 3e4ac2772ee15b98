"""One epoch: every recording once, in an order of its own, from wherever it was left."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from kinestream.clips import Clip
from kinestream.training.augment import augment
from kinestream.training.config import TrainConfig
from kinestream.training.data import make_trial
from kinestream.training.guard import note_bad_step, take_step
from kinestream.training.learner import Learner
from kinestream.training.schedule import learning_rate
from kinestream.training.standing import Standing
from kinestream.training.step import Trial


def train_epoch(
    config: TrainConfig,
    learner: Learner,
    clips: Sequence[Clip],
    epoch: int,
    between: Callable[[int, int, float], None],
) -> dict[str, float]:
    """Train from where the learner stands in an epoch to its end.

    Args:
        config: What to do.
        learner: Its standing says how many steps of the epoch are done.
        clips: The training recordings.
        epoch: Its number, from 1.
        between: Called after every step with the steps done, all steps and the loss.

    Returns:
        The epoch's part of a line in ``metrics.jsonl``.

    Raises:
        TrainingError: Too many steps in a row had no finite loss or gradient.
    """
    settings, network = config.training, learner.network
    network.train()
    # All that is random in an epoch follows from these two numbers: see standing.py.
    rng = np.random.default_rng([settings.seed, epoch])
    torch.manual_seed(int(rng.integers(1 << 62)))
    order = rng.permutation(len(clips))
    _go_on(learner, rng)
    steps = math.ceil(len(clips) / settings.batch_size)
    tally = learner.standing.tally
    while tally.steps < steps:
        index = tally.steps
        rate = learning_rate(config.optimizer, epoch - 1 + (index + 1) / steps, settings.epochs)
        for group in learner.optimizer.param_groups:
            group["lr"] = rate
        chosen = order[index * settings.batch_size : (index + 1) * settings.batch_size]
        batch = _batch(config, learner, [clips[i] for i in chosen], rng)
        step = take_step(config, learner, batch)
        tally.steps += 1
        if step.healthy:
            learner.standing.bad_in_a_row = 0
            tally.loss += step.loss
            tally.right += step.right
            tally.frames += sum(int((trial.labels >= 0).sum()) for trial in batch)
        else:
            note_bad_step(learner, step, f"epoch {epoch}, step {index + 1}", settings.max_bad_steps)
        learner.standing.random = dict(rng.bit_generator.state)
        between(tally.steps, steps, step.loss)
    return _close(config, learner, epoch)


def _go_on(learner: Learner, rng: np.random.Generator) -> None:
    """Turn both generators to where the last step left them."""
    if learner.standing.random is not None and learner.random is not None:
        rng.bit_generator.state = learner.standing.random
        torch.set_rng_state(learner.random)
    learner.random = None


def _batch(
    config: TrainConfig, learner: Learner, clips: Sequence[Clip], rng: np.random.Generator
) -> list[Trial]:
    changed = (augment(clip, config.augment, rng) for clip in clips)
    return [make_trial(clip, learner.pipeline, learner.network.people) for clip in changed]


def _close(config: TrainConfig, learner: Learner, epoch: int) -> dict[str, float]:
    """The figures of an epoch that is over; the learner then stands before the next."""
    tally = learner.standing.tally
    row = {"learning_rate": learning_rate(config.optimizer, epoch, config.training.epochs)}
    if taken := tally.steps - tally.skipped:
        row["train/loss"] = tally.loss / taken
        row["train/frame_accuracy"] = 100 * tally.right / max(tally.frames, 1)
    if tally.skipped:
        row["skipped_steps"] = tally.skipped
    learner.standing = Standing(
        bad_in_a_row=learner.standing.bad_in_a_row, damaged=learner.standing.damaged
    )
    return row
