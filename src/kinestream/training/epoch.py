"""One epoch: every recording once, in an order of its own, from wherever it was left."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence

import torch

from kinestream.clips import Clip
from kinestream.training.chance import order_of, seed_dropout
from kinestream.training.config import TrainConfig
from kinestream.training.guard import Step, note_bad_step, take_step
from kinestream.training.learner import Learner
from kinestream.training.memory import SHORTEST, OutOfMemoryError, first_segment
from kinestream.training.pieces import Trial
from kinestream.training.schedule import learning_rate
from kinestream.training.standing import Standing

log = logging.getLogger(__name__)


def train_epoch(
    config: TrainConfig,
    learner: Learner,
    clips: Sequence[Clip],
    epoch: int,
    make: Callable[[int], Trial],
    between: Callable[[int, int, float], None],
) -> dict[str, float]:
    """Train from where the learner stands in an epoch to its end.

    Args:
        config: What to do.
        learner: Its standing says how many steps of the epoch are done.
        clips: The training recordings.
        epoch: Its number, from 1.
        make: Makes the recording of a number ready, changed as this epoch changes it.
        between: Called after every step with the steps done, all steps and the loss.

    Returns:
        The epoch's part of a line in ``metrics.jsonl``.

    Raises:
        TrainingError: Too many steps in a row had no finite loss or gradient, or memory is too small.
    """
    settings, ranks = config.training, learner.computing.ranks
    learner.network.train()
    order = order_of(settings.seed, epoch, len(clips))
    steps = math.ceil(len(clips) / settings.batch_size)
    tally = learner.standing.tally
    while tally.steps < steps:
        index = tally.steps
        rate = learning_rate(config.optimizer, epoch - 1 + (index + 1) / steps, settings.epochs)
        for group in learner.optimizer.param_groups:
            group["lr"] = rate
        chosen = order[index * settings.batch_size : (index + 1) * settings.batch_size]
        shares = ranks.shares([clips[i].num_frames for i in chosen])
        batch = [make(int(chosen[place])) for place in shares[ranks.rank]]

        step = _step_that_fits(config, learner, batch, shares, clips, (epoch, index))
        tally.steps += 1
        if step.healthy:
            learner.standing.bad_in_a_row = 0
            tally.loss += step.sums.loss
            tally.right += step.sums.right
            tally.frames += step.sums.frames
        else:
            note_bad_step(learner, step, f"epoch {epoch}, step {index + 1}", settings.max_bad_steps)
        between(tally.steps, steps, step.sums.loss)
    return _close(config, learner, epoch)


def _step_that_fits(
    config: TrainConfig,
    learner: Learner,
    batch: Sequence[Trial],
    shares: Sequence[Sequence[int]],
    clips: Sequence[Clip],
    place: tuple[int, int],
) -> Step:
    """Take a step; where the segment is free, shorten it in all processes until the step fits."""
    settings, standing = config.training, learner.standing
    auto = settings.segment == "auto"
    if not auto:
        standing.segment = int(settings.segment)
    elif learner.network.streams:
        longest = max(clip.num_frames for clip in clips)
        whole = longest * settings.batch_size
        device = learner.computing.device
        first = first_segment(whole, learner.network.receptive_field, device)
        standing.segment = min(standing.segment or first, first)  # it may come from a GPU
    while True:
        # Each try draws what the first one drew.
        seed_dropout(settings.seed, *place, learner.computing.ranks.rank)
        try:
            return take_step(config, learner, batch, shares)
        except OutOfMemoryError:
            if not auto or standing.segment <= SHORTEST:
                raise
        if learner.computing.device.type == "cuda":
            torch.cuda.empty_cache()
        standing.segment = max(standing.segment // 2, SHORTEST)
        log.warning("out of memory: segment is now %d frames", standing.segment)


def _close(config: TrainConfig, learner: Learner, epoch: int) -> dict[str, float]:
    """The figures of an epoch that is over; the learner then stands before the next."""
    standing = learner.standing
    tally = standing.tally
    row = {"learning_rate": learning_rate(config.optimizer, epoch, config.training.epochs)}
    if taken := tally.steps - tally.skipped - tally.overflows:
        row["train/loss"] = tally.loss / taken
        name = "frame_accuracy" if learner.network.streams else "accuracy"
        row[f"train/{name}"] = 100 * tally.right / max(tally.frames, 1)
    if tally.skipped:
        row["skipped_steps"] = tally.skipped
    if tally.overflows:
        row["overflows"] = tally.overflows
    learner.standing = standing.model_copy(update={"tally": Standing().tally})
    return row
