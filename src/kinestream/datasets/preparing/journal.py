"""Journals: what a batch wrote, kept so that a restart can trust it or do it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kinestream.clips import Clip
from kinestream.datasets.layouts.writing import Entry, Written, json_bytes
from kinestream.datasets.preparing.people import last_seen
from kinestream.datasets.preparing.report import RecordingReport
from kinestream.files import file_sha256, write_atomically
from kinestream.formats.repairs import Repairs

MAX_JOURNAL_BYTES = 1 << 26

Facts = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """One recording of a batch.

    Attributes:
        report: What was written and mended.
        people: People up to the last who is seen.
        attributes: What is known of the recording.
        facts: Index of its facts in the batch.
    """

    report: RecordingReport
    people: int
    attributes: dict[str, str]
    facts: int


@dataclass
class BatchResult:
    """What a batch wrote and what it left out.

    Attributes:
        files: Files by their paths in the data set.
        facts: What recordings of one data set share: skeleton, rate, channels, classes, people.
        recordings: Those written, in their order in the files.
        left_out: Reasons by recording.
    """

    files: dict[str, Written] = field(default_factory=dict)
    facts: list[Facts] = field(default_factory=list)
    recordings: list[Kept] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, entry: Entry, attributes: Mapping[str, str], repairs: Repairs) -> None:
        """Note a recording that was written."""
        facts = facts_of(entry.clip)
        if facts not in self.facts:
            self.facts.append(facts)
        report = RecordingReport.of(entry.split, entry.name, entry.clip, repairs)
        self.recordings.append(
            Kept(report, last_seen(entry.clip), dict(attributes), self.facts.index(facts))
        )


def facts_of(clip: Clip) -> Facts:
    """What must be the same in all recordings of a data set, as plain JSON values."""
    return {
        "skeleton": clip.skeleton.to_dict(),
        "fps": clip.fps,
        "channels": list(clip.channels),
        "classes": list(clip.classes),
        "people": clip.num_people,
    }


def write_journal(path: Path, result: BatchResult) -> None:
    """Write a journal, after the files it vouches for."""
    recordings = [
        {**vars(one), "report": one.report.to_dict()}  # the report is no plain JSON value
        for one in result.recordings
    ]
    files = {name: asdict(one) for name, one in result.files.items()}
    write_atomically(path, json_bytes({**vars(result), "files": files, "recordings": recordings}))


def read_journal(path: Path, root: Path) -> BatchResult | None:
    """What a batch wrote; None where that is not certain.

    Args:
        path: The journal.
        root: The folder that its files lie below; each is compared with its checksum.
    """
    if not path.is_file() or path.stat().st_size > MAX_JOURNAL_BYTES:
        return None
    try:
        values = json.loads(path.read_bytes())
        result = BatchResult(
            files={name: Written(**one) for name, one in values["files"].items()},
            facts=values["facts"],
            recordings=[
                Kept(**{**one, "report": RecordingReport.from_dict(one["report"])})
                for one in values["recordings"]
            ],
            left_out=values["left_out"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    whole = (_is_whole(root / name, one) for name, one in result.files.items())
    return result if all(whole) else None


def _is_whole(path: Path, written: Written) -> bool:
    return (
        path.is_file()
        and path.stat().st_size == written.size
        and file_sha256(path) == written.sha256
    )
