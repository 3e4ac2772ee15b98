"""What a live stream has seen, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

DUPLICATE = "duplicate"
LATE = "late"
OVERFLOW = "overflow"
REFUSED = "refused"
DROPS = (DUPLICATE, LATE, OVERFLOW, REFUSED)


@dataclass
class LiveCounters:
    """Totals since the stream began.

    After every call ``received == accepted + waiting + total_dropped``; after ``finalize`` nothing
    waits.

    Attributes:
        received: Frames that were handed in.
        accepted: Frames that got a record.
        waiting: Frames that are offered and not taken, or wait for a late one.
        dropped: Frames that got none: ``duplicate``, ``late``, ``overflow``, ``refused``.
        lost: Numbers that were skipped by the frames' ``seq``.
        repaired: Records with missing joints.
        held: Records without the person.
        stale: Records whose label was not renewed.
        interpolated: Frames of the bundle's grid that were made up in gaps.
        resets: New beginnings, by reason.
        clock_jumps: How often the clock went back.
        scale_jumps: How often bones changed their length as a wrong unit does.
        joined: People who came (several people only).
        left: People who were let go.
        crowded: Times that somebody was left out because there were too many.

    >>> counters = LiveCounters(received=3, accepted=2)
    >>> counters.drop("late")
    >>> counters.total_dropped, counters.to_dict()["dropped"]["late"]
    (1, 1)
    """

    received: int = 0
    accepted: int = 0
    waiting: int = 0
    dropped: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DROPS, 0))
    lost: int = 0
    repaired: int = 0
    held: int = 0
    stale: int = 0
    interpolated: int = 0
    resets: Counter[str] = field(default_factory=Counter)
    clock_jumps: int = 0
    scale_jumps: int = 0
    joined: int = 0
    left: int = 0
    crowded: int = 0

    @property
    def total_dropped(self) -> int:
        """Frames that got no record, whatever the reason."""
        return sum(self.dropped.values())

    def drop(self, reason: str) -> None:
        """Count a frame that gets no record."""
        self.dropped[reason] += 1

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "resets": dict(self.resets)}
