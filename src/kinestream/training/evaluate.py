"""Scores and labels of whole recordings, and what they are worth.

Legend: T frames, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kinestream.metrics import Report, evaluate
from kinestream.models import Network, classify
from kinestream.streaming import decode
from kinestream.training.chunks import forward_in_chunks
from kinestream.training.step import Trial

SEGMENT = 4000


def predict(
    network: Network, trials: Sequence[Trial], margin: float = 0.0
) -> list[NDArray[np.int64]]:
    """The label of every frame, (T,) each, in evaluation mode, decided as a stream decides."""
    return [decode(probabilities(logits(network, trial)), margin) for trial in trials]


@torch.no_grad()
def logits(network: Network, trial: Trial) -> Tensor:
    """Logits (K, T) of one recording in evaluation mode; the network's mode is left as it was.

    A network that averages over whole clips gives every frame its one answer.
    """
    training = network.training
    network.eval()
    x = trial.x[None]
    if network.streams:
        found = forward_in_chunks(network, x, SEGMENT)[0]
    else:
        found = classify(network, x)[0, :, None].expand(-1, x.shape[2])
    network.train(training)
    return found


def probabilities(found: Tensor) -> NDArray[np.float32]:
    """Logits (K, T) as probabilities (T, K)."""
    return np.asarray(found.softmax(0).T.numpy())


def assess(
    network: Network, trials: Sequence[Trial], background: Sequence[int], margin: float = 0.0
) -> Report:
    """Metrics of a network on recordings, by the pooled MS-TCN protocol."""
    truths = [trial.labels.numpy() for trial in trials]
    found = predict(network, trials, margin)
    return evaluate(found, truths, network.num_classes, background=tuple(background))
