"""Scores and labels of whole recordings, and what they are worth.

Legend: T frames, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kinestream.metrics import evaluate
from kinestream.models import Network
from kinestream.streaming import decode
from kinestream.training.chunks import answers
from kinestream.training.computing import ALONE, Computing
from kinestream.training.pieces import Trial, pieces

SEGMENT = 4000


@torch.no_grad()
def logits(network: Network, trials: Sequence[Trial], computing: Computing = ALONE) -> list[Tensor]:
    """Logits (K, T) of recordings in evaluation mode; the network's mode is left as it was.

    A network that answers once for a whole clip gives (K, 1).
    """
    training = network.training
    network.eval()
    found: list[list[Tensor]] = [[] for _ in trials]
    for piece in pieces(network, trials, SEGMENT):
        with computing.products():
            rows = answers(network, piece.stacked(trials, computing.device), piece.chunk)[-1]
        for number, row in zip(piece.numbers, rows.cpu(), strict=True):
            found[number].append(row if row.dtype.itemsize >= 4 else row.float())
    network.train(training)
    return [torch.cat(parts, dim=1) for parts in found]


def probabilities(found: Tensor) -> NDArray[np.float32]:
    """Logits (K, T) as probabilities (T, K)."""
    return np.asarray(found.softmax(0).T.numpy())


def figures_of(
    network: Network,
    trials: Sequence[Trial],
    background: Sequence[int],
    margin: float = 0.0,
    computing: Computing = ALONE,
) -> dict[str, float]:
    """What a network is worth on recordings, by the pooled MS-TCN protocol.

    Every process takes a share of the recordings, and all get the figures.

    Args:
        network: Any network.
        trials: The recordings, all of them in every process.
        background: Classes that are no segments.
        margin: As :func:`kinestream.streaming.decode`.
        computing: Device, precision and processes.

    Returns:
        ``frame_accuracy``, ``edit``, ``f1@10``, ``f1@25`` and ``f1@50`` in percent; ``accuracy`` alone
        for a network that answers once for a whole clip.
    """
    ranks = computing.ranks
    shares = ranks.shares([trial.x.shape[1] for trial in trials])
    own = [trials[number] for number in shares[ranks.rank]]
    labels = [decode(probabilities(z), margin) for z in logits(network, own, computing)]
    found = {
        number: row
        for share, rows in zip(shares, ranks.gather(labels), strict=True)
        for number, row in zip(share, rows, strict=True)
    }
    truths = [trial.labels.numpy() for trial in trials]
    report = evaluate(
        [found[number] for number in range(len(trials))],
        truths,
        network.num_classes,
        background=tuple(background),
    )
    if not network.streams:
        return {"accuracy": report.frame_accuracy}
    row = {"frame_accuracy": report.frame_accuracy, "edit": report.edit}
    return row | {f"f1@{percent}": value for percent, value in report.f1.items()}
