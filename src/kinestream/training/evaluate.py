"""Labels of whole recordings and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from kinestream.metrics import Report, evaluate
from kinestream.models import Network
from kinestream.streaming import decode
from kinestream.training.chunks import forward_in_chunks
from kinestream.training.step import Trial

SEGMENT = 4000


@torch.no_grad()
def predict(
    network: Network, trials: Sequence[Trial], margin: float = 0.0
) -> list[NDArray[np.int64]]:
    """The label of every frame, (T,) each, in evaluation mode, decided as a stream decides."""
    training = network.training
    network.eval()
    labels = []
    for trial in trials:
        scores = forward_in_chunks(network, trial.x[None], SEGMENT)[0].softmax(0)  # (K, T)
        labels.append(decode(scores.T.numpy(), margin))
    network.train(training)
    return labels


def assess(
    network: Network, trials: Sequence[Trial], background: Sequence[int], margin: float = 0.0
) -> Report:
    """Metrics of a network on recordings, by the pooled MS-TCN protocol."""
    truths = [trial.labels.numpy() for trial in trials]
    found = predict(network, trials, margin)
    return evaluate(found, truths, network.num_classes, background=tuple(background))
