"""The two kinds of terms a loss is made of.

Legend: C channels, T frames, V joints, M people, K classes.

A mean over each chunk, averaged over chunks, is not the mean over the recording as soon as chunks
differ in length or class weights. So a term of frames is a plain sum, and what it is divided by is
counted once over the whole effective batch, before the first chunk is run. A term that compares
frames far apart is given the logits of the whole batch: see ``training/step.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Stretch:
    """Frames of one recording that a chunk answers.

    Attributes:
        logits: (K, T) of one stage.
        labels: (T,) class indices, -1 where unknown.
        x: (C, T, V, M), what the network was given.
        context: Leading frames (0 or 1) that belong to the stretch before: they only serve as the
            earlier frame of the first pair.
    """

    logits: Tensor
    labels: Tensor
    x: Tensor
    context: int = 0


class FrameTerm(ABC):
    """A sum over frames or neighbours, divided by a count over the whole effective batch."""

    context = 0
    """Frames before each stretch that the sum looks at."""

    @abstractmethod
    def count(self, labels: Tensor, num_classes: int) -> float:
        """What a recording with labels (T,) adds to the denominator; 0 or more."""

    @abstractmethod
    def sum(self, stretch: Stretch) -> Tensor:
        """What a stretch adds to the numerator, a scalar."""


class BatchTerm(ABC):
    """A function of all frames of an effective batch together."""

    @abstractmethod
    def value(self, logits: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
        """The term of one stage, a scalar.

        Args:
            logits: (K, T) of each recording.
            labels: (T,) of each recording, -1 where unknown.
        """


def labelled(logits: Sequence[Tensor], labels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The labelled frames of all recordings as one row: logits (K, T) and labels (T,)."""
    truth = torch.cat(list(labels))
    known = truth >= 0
    return torch.cat(list(logits), dim=1)[:, known], truth[known]
