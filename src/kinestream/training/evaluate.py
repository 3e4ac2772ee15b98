"""Labels of whole recordings and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from kinestream.metrics import Report, evaluate
from kinestream.models import Network
from kinestream.training.chunks import forward_in_chunks
from kinestream.training.step import Trial

SEGMENT = 4000


@torch.no_grad()
def predict(network: Network, trials: Sequence[Trial]) -> list[NDArray[np.int64]]:
    """The most likely class of every frame, (T,) each, in evaluation mode."""
    training = network.training
    network.eval()
    labels = [
        forward_in_chunks(network, trial.x[None], SEGMENT)[0].argmax(0).numpy() for trial in trials
    ]
    network.train(training)
    return labels


def assess(network: Network, trials: Sequence[Trial], background: Sequence[int]) -> Report:
    """Metrics of a network on recordings, by the pooled MS-TCN protocol."""
    truths = [trial.labels.numpy() for trial in trials]
    return evaluate(
        predict(network, trials), truths, network.num_classes, background=tuple(background)
    )
