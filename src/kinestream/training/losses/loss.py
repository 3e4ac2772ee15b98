"""The weighted sum of terms.

Legend: T frames, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kinestream.training.losses.term import BatchTerm, FrameTerm, Stretch


class Loss:
    """Terms with their weights: ``sum_i weight_i term_i``, for every stage of a network alike.

    Args:
        terms: Pairs of weight and term.
    """

    def __init__(self, terms: Sequence[tuple[float, FrameTerm | BatchTerm]]) -> None:
        self.of_frames = [(w, term) for w, term in terms if isinstance(term, FrameTerm)]
        self.of_batch = [(w, term) for w, term in terms if isinstance(term, BatchTerm)]

    @property
    def context(self) -> int:
        """Frames before each stretch that some term looks at."""
        return max((term.context for _, term in self.of_frames), default=0)

    def counts(self, labels: Sequence[Tensor], num_classes: int) -> list[float]:
        """The denominators of an effective batch, whose recordings have labels (T,) each."""
        return [
            sum(term.count(recording, num_classes) for recording in labels)
            for _, term in self.of_frames
        ]

    def part(self, stretch: Stretch, counts: Sequence[float]) -> Tensor:
        """What a stretch of frames carries of the terms of frames.

        The sum over all stretches of a batch is the value of these terms.

        Args:
            stretch: Frames of one recording and one stage.
            counts: Of the effective batch, from :meth:`counts`.
        """
        total = stretch.logits.new_zeros(())
        for (weight, term), count in zip(self.of_frames, counts, strict=True):
            if count > 0:
                total = total + weight * term.sum(stretch) / count
        return total

    def whole(self, logits: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
        """The terms that look at all frames of a batch together, for one stage.

        Args:
            logits: (K, T) of each recording.
            labels: (T,) of each recording, -1 where unknown.
        """
        values = [weight * term.value(logits, labels) for weight, term in self.of_batch]
        return torch.stack(values).sum()
