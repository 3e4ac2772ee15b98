"""An optimizer step, or none at all where its numbers are none."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from kinestream.errors import TrainingError
from kinestream.training.config import TrainConfig
from kinestream.training.learner import Learner
from kinestream.training.optimizer import update_average
from kinestream.training.pieces import Trial
from kinestream.training.step import Sums, accumulate_gradients

log = logging.getLogger(__name__)


class Step(NamedTuple):
    """What a step found, the same in all processes.

    Attributes:
        sums: Loss, frames labelled right, frames that have a label.
        norm: Of the gradient, before it is clipped.
        overflow: Whether half precision was too narrow for the gradient; the scaler then gives way.
    """

    sums: Sums
    norm: float
    overflow: bool = False

    @property
    def healthy(self) -> bool:
        """Whether loss and gradient are finite numbers."""
        return math.isfinite(self.sums.loss) and math.isfinite(self.norm)


def take_step(
    config: TrainConfig,
    learner: Learner,
    batch: Sequence[Trial],
    shares: Sequence[Sequence[int]] | None = None,
) -> Step:
    """Move the weights by one batch, unless its loss or gradient is not finite.

    Weights, running statistics, optimizer and average are then left as they were. All processes
    see the same sums, so they decide alike.

    Args:
        config: What to do.
        learner: Is moved.
        batch: Recordings of the step, or this process's share of them.
        shares: As :func:`~kinestream.training.step.accumulate_gradients`.

    Raises:
        OutOfMemoryError: The batch does not fit; nothing has moved.
    """
    network, optimizer, scaler = learner.network, learner.optimizer, learner.computing.scaler
    before = [(buffer, buffer.clone()) for buffer in network.buffers()]
    optimizer.zero_grad(set_to_none=True)
    healthy = False
    try:
        sums = accumulate_gradients(
            network, learner.loss, batch, learner.standing.segment, learner.computing, shares
        )
        scaler.unscale_(optimizer)
        step = Step(sums, _gradient_norm(network, config.optimizer.clip_norm))
        healthy = step.healthy
    finally:
        if not healthy:
            optimizer.zero_grad(set_to_none=True)
            for buffer, value in before:
                buffer.copy_(value)
    if healthy:
        optimizer.step()
        if learner.average is not None:
            update_average(learner.average, network, config.optimizer.ema)
    if scaler.is_enabled():
        step = step._replace(overflow=_give_way(learner, step))
    return step


def _give_way(learner: Learner, step: Step) -> bool:
    """Let the scaler see the step; whether it was its fault that the step could not be taken."""
    scaler = learner.computing.scaler
    before = scaler.get_scale()
    scaler.update()
    learner.standing.scaler = scaler.state_dict()
    gave_way = 1 <= scaler.get_scale() < before
    return gave_way and math.isfinite(step.sums.loss) and not step.healthy


def _gradient_norm(network: nn.Module, clip: float) -> float:
    if clip:
        return float(torch.nn.utils.clip_grad_norm_(network.parameters(), clip))
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    return float(torch.nn.utils.get_total_norm(gradients))


def note_bad_step(learner: Learner, step: Step, where: str, most: int) -> None:
    """Count a step that was skipped, and say so.

    Args:
        learner: Counts.
        step: Not healthy.
        where: Epoch and step, for people.
        most: Skipped steps in a row that end the run.

    Raises:
        TrainingError: There were too many.
    """
    standing = learner.standing
    if step.overflow:
        standing.tally.overflows += 1
        return
    standing.tally.skipped += 1
    standing.bad_in_a_row += 1
    what = f"the loss is {step.sums.loss}"
    if math.isfinite(step.sums.loss):
        what = f"the norm of the gradient is {step.norm}"
    log.warning("%s: %s; the step is skipped", where, what)
    if standing.bad_in_a_row >= most:
        raise TrainingError(
            f"{where}: {what}, and so it was in {standing.bad_in_a_row} steps in a row: lower "
            f"optimizer.learning_rate or set optimizer.clip_norm; the checkpoints are whole."
        )


def check_weights(network: nn.Module) -> None:
    """Refuse to keep weights that no resumed run could use.

    Raises:
        TrainingError: A weight or running statistic is not finite.
    """
    for name, value in network.state_dict().items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise TrainingError(
                f"{name} is no longer finite: lower optimizer.learning_rate or set "
                f"optimizer.clip_norm; the last checkpoint is from before that."
            )
