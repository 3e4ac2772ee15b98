"""What changes as a network learns, and what it learns by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from kinestream.features import Pipeline
from kinestream.models import Network
from kinestream.training.computing import ALONE, Computing
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
        computing: Device, precision and processes.
        standing: How far the epoch is, and what went wrong.
    """

    network: Network
    pipeline: Pipeline
    loss: Loss
    optimizer: torch.optim.Optimizer
    average: dict[str, Tensor] | None
    computing: Computing = ALONE
    standing: Standing = field(default_factory=Standing)

    @contextmanager
    def tested(self) -> Iterator[Network]:
        """In the block, the network has the weights that are tested and exported."""
        if self.average is None:
            yield self.network
            return
        before = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        try:
            yield self.network
        finally:
            self.network.load_state_dict(before)
