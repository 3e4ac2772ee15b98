"""What triplet and contrastive losses compare: logits as directions, of a bounded choice of frames.

Legend: K classes, T frames, S frames compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from kinestream.training.losses.term import labelled


def directions(
    logits: Sequence[Tensor], labels: Sequence[Tensor], most: int
) -> tuple[Tensor, Tensor]:
    """Logits of the frames compared, each of length 1, and their labels.

    Args:
        logits: (K, T) of each recording.
        labels: (T,) of each recording, -1 where unknown.
        most: Frames chosen at most, as by :func:`chosen`.

    Returns:
        (S, K) and (S,).
    """
    z, truth = labelled(logits, labels)
    frames = chosen(truth, most)
    return F.normalize(z[:, frames].T, dim=1), truth[frames]


def chosen(labels: Tensor, most: int) -> Tensor:
    """Indices of about ``most`` frames, as many of each class where it has so many, evenly spaced.

    The choice depends on the labels alone, so it is the same however a recording is divided. Of
    every class two frames are taken even where that makes more than ``most``.

    Args:
        labels: (T,), all 0 or more.
        most: Frames wanted at most.

    Returns:
        (S,) indices, class by class.

    >>> chosen(torch.tensor([0, 0, 0, 0, 0, 1]), 4).tolist()
    [0, 4, 5]
    """
    classes: Tensor = torch.unique(labels)
    each = max(most // max(len(classes), 1), 2)
    parts = [_spread((labels == c).nonzero()[:, 0], each) for c in classes]
    return torch.cat(parts) if parts else labels.new_zeros(0)


def _spread(frames: Tensor, count: int) -> Tensor:
    if len(frames) <= count:
        return frames
    steps = torch.arange(count, device=frames.device)
    return frames[steps * (len(frames) - 1) // (count - 1)]


def same_class(labels: Tensor) -> Tensor:
    """(S, S), whether two different frames are of one class."""
    same = labels[:, None] == labels[None]
    return same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
