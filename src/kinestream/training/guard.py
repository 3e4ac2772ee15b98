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
from kinestream.training.step import Trial, accumulate_gradients

log = logging.getLogger(__name__)


class Step(NamedTuple):
    """What a step found.

    Attributes:
        loss: Before the step.
        right: Frames labelled right.
        norm: Of the gradient, before it is clipped.
    """

    loss: float
    right: int
    norm: float

    @property
    def healthy(self) -> bool:
        """Whether loss and gradient are finite numbers."""
        return math.isfinite(self.loss) and math.isfinite(self.norm)


def take_step(config: TrainConfig, learner: Learner, batch: Sequence[Trial]) -> Step:
    """Move the weights by one batch, unless its loss or gradient is not finite.

    Weights, running statistics, optimizer and average are then left as they were.
    """
    network, optimizer = learner.network, learner.optimizer
    before = [(buffer, buffer.clone()) for buffer in network.buffers()]
    optimizer.zero_grad(set_to_none=True)
    loss, right = accumulate_gradients(network, learner.loss, batch, config.training.segment)
    step = Step(loss, right, _gradient_norm(network, config.optimizer.clip_norm))
    if step.healthy:
        optimizer.step()
        if learner.average is not None:
            update_average(learner.average, network, config.optimizer.ema)
    else:
        optimizer.zero_grad(set_to_none=True)
        for buffer, value in before:
            buffer.copy_(value)
    return step


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
    standing.tally.skipped += 1
    standing.bad_in_a_row += 1
    what = f"the loss is {step.loss}"
    if math.isfinite(step.loss):
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
