"""One thing that is said of a person: an action has started, or it has ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Kind = Literal["started", "ended"]


@dataclass(frozen=True)
class Event:
    """An action that has started or ended.

    Attributes:
        kind: ``started`` or ``ended``; of one person the two take turns, ``started`` first.
        label: Class index.
        name: Class name.
        start_s: When the first frame that shows the action was seen.
        end_s: When the first frame after it was seen; None of an action that has just started.
        known_s: When this could be said, the look-ahead of the network included.
        score: Mean score of the action over the frames that show it, up to what is said here, 0 to 1.
        peak: The highest of these scores.
        person: Whom it speaks of.
    """

    kind: Kind
    label: int
    name: str
    start_s: float
    end_s: float | None
    known_s: float
    score: float
    peak: float
    person: int = 0

    def to_dict(self) -> dict[str, str | int | float | None]:
        """The event as plain JSON values."""
        return asdict(self)
