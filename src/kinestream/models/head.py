"""From the features of a frame's joints to logits.

Legend: ... any leading axes, M people, V joints, C channels, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.block import Block
from kinestream.models.tape import Tape
from kinestream.models.temporal import Average, Averaging
from kinestream.models.tick import Tick

Answers = Literal["frame", "clip"]


@dataclass(frozen=True)
class HeadOptions:
    """What is asked of a head.

    Attributes:
        answers: ``frame`` labels every frame by itself. ``clip`` labels what was seen: the mean of
            the logits over time, which is global average pooling, since the head is linear.
        pool: ``mean`` averages the joints; ``joints`` keeps them apart (K x V*C weights), which
            suits graphs of a few sensors.
    """

    answers: Answers = "frame"
    pool: Literal["mean", "joints"] = "mean"

    def __post_init__(self) -> None:
        if self.pool not in ("mean", "joints"):
            raise ConfigError(f"unknown pool {self.pool!r}; use 'mean' or 'joints'.")


class MeanOverTime(Average):
    """The mean of the frames so far, or of the last W."""

    def statistic(self, x: Tensor) -> Tensor:
        return x

    def context(self, mean: Tensor) -> Tensor:
        return mean

    def use(self, x: Tensor, context: Tensor) -> Tensor:
        return context.expand_as(x)


def mean_over_time(answers: Answers, averaging: Averaging) -> MeanOverTime | None:
    """What a head does with its logits; ``None`` where it labels frames.

    Raises:
        ConfigError: There is no such answer.
    """
    if answers not in ("frame", "clip"):
        raise ConfigError(f"head must be 'frame' or 'clip', got {answers!r}.")
    # A mean of K numbers costs nothing, so it is new with every frame.
    return MeanOverTime(replace(averaging, refresh=1)) if answers == "clip" else None


class Head(Block):
    """Joints, then people, pooled; a product; on request the mean over time.

    Args:
        channels: C.
        joints: V.
        num_classes: K.
        people: M in a scene; their features are averaged.
        options: What to answer and how to pool.
        averaging: Of ``clip`` answers, in frames of the head.
        dropout: Share of the pooled features dropped in training.
    """

    def __init__(
        self,
        channels: int,
        joints: int,
        num_classes: int,
        *,
        people: int,
        options: HeadOptions,
        averaging: Averaging,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.pool = options.pool
        self.people = people
        self.dropout = nn.Dropout(dropout)
        width = channels * (joints if options.pool == "joints" else 1)
        self.product = nn.Linear(width, num_classes)
        self.mean = mean_over_time(options.answers, averaging)

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        x = x.mean(-2) if self.pool == "mean" else x.flatten(-2)  # (..., M, C)
        if self.people > 1:
            x = x.mean(-2)  # (..., C)
        y = self.product(self.dropout(x))  # (..., K)
        return (y, now) if self.mean is None else tape.run(self.mean, y, now)
