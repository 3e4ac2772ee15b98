"""A data set seen as a whole: its recordings together, what they share across splits, what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kinestream.datasets.inspection.cuts import shared_frames
from kinestream.datasets.inspection.facts import RecordingFacts


@dataclass(frozen=True)
class Leak:
    """Content that two splits share.

    Attributes:
        splits: The two, by name.
        recordings: Pairs of recordings with the same values.
        frames: Frames of the second split that lie in a row of eight or more that the first has too.
        of: Frames of the second split.
        subjects: Subjects that occur in both.
    """

    splits: tuple[str, str]
    recordings: tuple[tuple[str, str], ...]
    frames: int
    of: int
    subjects: tuple[str, ...]


@dataclass
class Survey:
    """What was found in a folder of recordings.

    Attributes:
        source: What was inspected.
        recordings: The facts of each recording that could be read.
        unreadable: Why something could not be read, by its name.
        classes: The classes that the data set names; those of the recordings where it names none.
    """

    source: str
    recordings: list[RecordingFacts] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits; one empty name where there are none."""
        known = {one.split: None for one in self.recordings}
        return tuple(sorted(known, key=lambda split: (split != "train", split)))

    def of(self, split: str) -> list[RecordingFacts]:
        """The recordings of a split."""
        return [one for one in self.recordings if one.split == split]

    def class_frames(self, split: str | None = None) -> dict[str, int]:
        """Frames of each class, in the order of the classes; the empty name is no label."""
        total: Counter[str] = Counter()
        for one in self.recordings:
            if split in (None, one.split):
                total.update(one.label_frames)
        order = [*self.classes, *(name for name in total if name not in self.classes)]
        return {name: total[name] for name in order if name or total[name]}

    def class_segments(self, split: str | None = None) -> int:
        """Number of labelled stretches."""
        return sum(len(one.segment_frames) for one in self.recordings if split in (None, one.split))

    @cached_property
    def missing_share(self) -> dict[str, float]:
        """For each joint, how often it is missing while its person is seen; 0 to 1."""
        frames: Counter[str] = Counter()
        missing: Counter[str] = Counter()
        for one in self.recordings:
            for joint, count in zip(one.joints, one.missing.tolist(), strict=True):
                frames[joint] += one.seen
                missing[joint] += count
        return {joint: missing[joint] / frames[joint] if frames[joint] else 0.0 for joint in frames}

    @cached_property
    def leaks(self) -> list[Leak]:
        """What each pair of splits shares: recordings, frames and people."""
        found = []
        for number, first in enumerate(self.splits):
            for second in self.splits[number + 1 :]:
                leak = _leak(first, second, self.of(first), self.of(second))
                if leak.recordings or leak.frames or leak.subjects:
                    found.append(leak)
        return found

    @cached_property
    def twins(self) -> list[tuple[str, str]]:
        """Recordings of one split with the same values."""
        return [
            (twins[0].name, other.name)
            for split in self.splits
            for twins in _by_content(self.of(split)).values()
            for other in twins[1:]
        ]

    def totals(self, split: str | None = None) -> dict[str, Any]:
        """Counts over a split, or over everything."""
        chosen = [one for one in self.recordings if split in (None, one.split)]
        return {
            "recordings": len(chosen),
            "subjects": len({one.subject for one in chosen if one.subject}),
            "frames": sum(one.frames for one in chosen),
            "seconds": round(sum(one.seconds for one in chosen), 3),
            "segments": self.class_segments(split),
            "unlabelled_frames": sum(one.label_frames.get("", 0) for one in chosen),
            "empty_frames": sum(one.empty_frames for one in chosen),
            "missing_joints": int(sum(one.missing.sum() for one in chosen)),
            "infinite_values": sum(one.infinite for one in chosen),
            "zero_joints": sum(one.zeros for one in chosen),
            "jumps": sum(len(one.jumps) for one in chosen),
            "frozen_frames": sum(one.frozen_frames for one in chosen),
        }

    def to_dict(self) -> dict[str, Any]:
        """The survey as plain JSON values."""
        return {
            "source": self.source,
            "totals": self.totals(),
            "splits": {split: self.totals(split) for split in self.splits},
            "classes": {split: self.class_frames(split) for split in self.splits},
            "missing_share": self.missing_share,
            "leaks": [vars(leak) for leak in self.leaks],
            "twins": self.twins,
            "unreadable": self.unreadable,
        }


def _leak(
    first: str, second: str, one: Iterable[RecordingFacts], other: Iterable[RecordingFacts]
) -> Leak:
    one, other = list(one), list(other)
    known = _by_content(one)
    shared = {r.subject for r in one} & {r.subject for r in other} - {""}
    return Leak(
        splits=(first, second),
        recordings=tuple(
            (known[each.content][0].name, each.name) for each in other if each.content in known
        ),
        frames=shared_frames([r.frame_hashes for r in one], [r.frame_hashes for r in other]),
        of=sum(r.frames for r in other),
        subjects=tuple(sorted(shared)),
    )


def _by_content(recordings: list[RecordingFacts]) -> dict[str, list[RecordingFacts]]:
    groups: dict[str, list[RecordingFacts]] = {}
    for one in recordings:
        groups.setdefault(one.content, []).append(one)
    return groups
