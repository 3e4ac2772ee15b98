"""How the learning rate goes up and down."""

from __future__ import annotations

import math

from kinestream.training.config import OptimizerConfig


def learning_rate(config: OptimizerConfig, progress: float, epochs: int) -> float:
    """The rate of the step that brings a run to ``progress``: linear warm-up, then the schedule.

    With the peak rate r, w epochs of warm-up and p epochs done of n:

    * warm-up, p < w: ``r p / w``
    * cosine: ``r (1 + cos(pi (p - w) / (n - w))) / 2``
    * step: ``r gamma^k``, where k milestones lie before p
    * constant: ``r``

    Args:
        config: Gives the peak, the length of the warm-up and the schedule.
        progress: Epochs done after the step, with a fraction.
        epochs: Epochs in all.

    >>> config = OptimizerConfig(learning_rate=1, warmup_epochs=2)
    >>> [learning_rate(config, progress, 10) for progress in (0.5, 2, 6, 10)]
    [0.25, 1.0, 0.5, 0.0]
    """
    if progress < config.warmup_epochs:
        return config.learning_rate * progress / config.warmup_epochs
    match config.schedule:
        case "cosine":
            rest = max(epochs - config.warmup_epochs, 1e-9)
            share = min((progress - config.warmup_epochs) / rest, 1.0)
            return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
        case "step":
            passed = sum(milestone < progress for milestone in config.milestones)
            return config.learning_rate * config.gamma**passed
        case "constant":
            return config.learning_rate
