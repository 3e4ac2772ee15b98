"""What changes as a network learns, and what it learns by."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from kinestream.features import Pipeline
from kinestream.models import Network
from kinestream.training.losses.loss import Loss
from kinestream.training.standing import Standing


@dataclass
class Learner:
    """A network on its way.

    Attributes:
        network: Learns.
        pipeline: Its fitted features.
        loss: What it learns by.
        optimizer: Of the network's parameters.
        average: Averaged weights, where the configuration asks for them.
        standing: How far the epoch is, and what went wrong.
        random: State of torch's generator to go on from within an epoch; None otherwise.
    """

    network: Network
    pipeline: Pipeline
    loss: Loss
    optimizer: torch.optim.Optimizer
    average: dict[str, Tensor] | None
    standing: Standing = field(default_factory=Standing)
    random: Tensor | None = None
