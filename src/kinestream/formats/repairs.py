"""What a reader had to mend in a recording, as counts that can be added and reported."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Repairs:
    """Counts of what was mended between a raw file and its clip.

    Attributes:
        rows: Data rows in the raw files: lines, frames or samples, as the format counts them.
        dropped_rows: Rows left out: truncated, or holding something that is no finite number.
        duplicates: Rows with the time of another row.
        backwards: Rows that came after a row with a later time; sorted.
        gaps: Pauses between neighbouring rows longer than the format's normal spacing.
        long_gaps: Pauses over half a second.
        filled_frames: Frames made from neighbours because no row belonged to them.
        held_frames: Frames inside a long gap: the last pose is held, the frame is unlabelled.
        label_disagreements: Frames where two sources of labels differ.
        empty_frames: Frames in which nobody is seen.
        missing_joints: Joints of people who are seen that became NaN: zero, not finite, not found.
        dropped_people: Bodies that were left out, for example because there were too many.

    >>> (Repairs(rows=2, gaps=1) + Repairs(rows=3)).rows
    5
    """

    rows: int = 0
    dropped_rows: int = 0
    duplicates: int = 0
    backwards: int = 0
    gaps: int = 0
    long_gaps: int = 0
    filled_frames: int = 0
    held_frames: int = 0
    label_disagreements: int = 0
    empty_frames: int = 0
    missing_joints: int = 0
    dropped_people: int = 0

    def __add__(self, other: Repairs) -> Repairs:
        names = [field.name for field in fields(self)]
        return Repairs(**{name: getattr(self, name) + getattr(other, name) for name in names})

    def __str__(self) -> str:
        """What was mended, in a line; nothing where nothing was.

        >>> str(Repairs(rows=9, dropped_rows=1, missing_joints=3))
        '1 dropped rows, 3 missing joints'
        """
        counts = {name: count for name, count in self.to_dict().items() if count and name != "rows"}
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)
