"""What preparing a data set wrote, mended and left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinestream.clips import UNLABELLED, Clip
from kinestream.formats.repairs import Repairs
from kinestream.metrics import run_table


@dataclass(frozen=True)
class RecordingReport:
    """One recording that was written; segments are labelled ones, a store's split is its protocol's."""

    split: str
    name: str
    subject: str
    frames: int
    seconds: float
    segments: int
    unlabelled_frames: int
    repairs: Repairs

    @classmethod
    def of(cls, split: str, name: str, clip: Clip, repairs: Repairs) -> RecordingReport:
        """Measure a clip."""
        labels = np.empty(0, np.int64) if clip.labels is None else clip.labels
        return cls(
            split=split,
            name=name,
            subject=clip.subject,
            frames=clip.num_frames,
            seconds=clip.duration_s,
            segments=len(run_table(labels)),
            unlabelled_frames=int((labels == UNLABELLED).sum()),
            repairs=repairs,
        )

    def to_dict(self) -> dict[str, Any]:
        """The entry as plain JSON values; of the repairs only those that happened."""
        mended = {key: count for key, count in vars(self.repairs).items() if count}
        return {**vars(self), "repairs": mended}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RecordingReport:
        """The entry that ``to_dict`` wrote."""
        return cls(**{**values, "repairs": Repairs(**values["repairs"])})


@dataclass
class PrepareReport:
    """What was written, what was mended and what was left out.

    Attributes:
        dataset: Name of the data set.
        protocol: Name of the protocol.
        recordings: One entry for each recording written.
        left_out: Why something is not in the data set, by recording or file.
        notes: What else is worth knowing, for example that splits are not of the published size.
    """

    dataset: str
    protocol: str = ""
    recordings: list[RecordingReport] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def splits(self) -> list[str]:
        """Names of the splits that have recordings."""
        return sorted({one.split for one in self.recordings})

    def totals(self, split: str | None = None) -> dict[str, Any]:
        """Sums over a split, or over everything."""
        chosen = [one for one in self.recordings if split in (None, one.split)]
        return {
            "recordings": len(chosen),
            "subjects": len({one.subject for one in chosen}),
            "frames": sum(one.frames for one in chosen),
            "seconds": round(sum(one.seconds for one in chosen), 3),
            "segments": sum(one.segments for one in chosen),
            "unlabelled_frames": sum(one.unlabelled_frames for one in chosen),
            "repairs": _sum([one.repairs for one in chosen]),
        }

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "dataset": self.dataset,
            "protocol": self.protocol,
            "totals": self.totals(),
            "splits": {split: self.totals(split) for split in self.splits},
            "notes": self.notes,
            "left_out": self.left_out,
            "recordings": [one.to_dict() for one in self.recordings],
        }


def _sum(repairs: list[Repairs]) -> dict[str, int]:
    totals = Repairs().to_dict()
    for one in repairs:
        for key, count in vars(one).items():
            totals[key] += count
    return totals
