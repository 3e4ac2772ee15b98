"""What a live stream answers.

Legend: K classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kinestream.streaming.live.counters import LiveCounters
from kinestream.timeline import FrameLabel

Answer = tuple[FrameLabel, NDArray[np.float32]]
"""A label and the (K,) probabilities that it was decided by, as in ``Stream.answers``."""


@dataclass(frozen=True)
class Record:
    """The answer to one accepted frame of one person.

    Attributes:
        seq: The frame's number, as it came.
        time_s: The frame's stamp, as it came.
        person: Whom it speaks of.
        label: The newest label; ``None`` while the look-ahead fills and after a reset.
        answers: All labels that this frame brought with their (K,) probabilities, oldest first; after
            a reset the last ones of what was before. The ``index`` of a label counts frames of the
            bundle's grid from the stream's beginning.
        warmup: The state began so shortly ago that labels are less certain.
        repaired: Some joints were missing.
        held: The whole person was missing.
        interpolated: The state was moved over a gap by frames that never came.
        stale: The label is an old one that this frame did not renew.
        reset: Why the state began anew with this frame: ``clock``, ``gap``, ``not_finite``,
            ``person``, ``restart`` or ``stale``; else empty.
        warning: What is odd, ``clock`` or ``scale``; else empty.
        dropped_since_last: Frames dropped since the last record, for whatever reason.
        skipped_n: Those of them that were dropped because frames came faster than they were taken.
    """

    seq: int | None
    time_s: float
    person: int = 0
    label: FrameLabel | None = None
    answers: tuple[Answer, ...] = field(default=(), compare=False)
    warmup: bool = False
    repaired: bool = False
    held: bool = False
    interpolated: bool = False
    stale: bool = False
    reset: str = ""
    warning: str = ""
    dropped_since_last: int = 0
    skipped_n: int = 0

    @property
    def labels(self) -> tuple[FrameLabel, ...]:
        """All labels that this frame brought, without their probabilities."""
        return tuple(label for label, _ in self.answers)


@dataclass(frozen=True)
class Ending:
    """What was left at the end of a live stream.

    Attributes:
        records: Of frames that had waited.
        answers: Of the frames whose look-ahead had not filled.
        counters: Totals.
    """

    records: list[Record]
    answers: list[Answer]
    counters: LiveCounters

    @property
    def labels(self) -> list[FrameLabel]:
        """Of the frames whose look-ahead had not filled, without their probabilities."""
        return [label for label, _ in self.answers]
