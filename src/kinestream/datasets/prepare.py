"""Prepare a public data set: raw files in, a data-set folder and a report out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kinestream.clips import UNLABELLED, Clip
from kinestream.datasets.known import KNOWN_SETS, KnownSet
from kinestream.datasets.subjects import parse_subjects
from kinestream.datasets.writing import (
    REPORT,
    Entry,
    json_bytes,
    replaced,
    write_dataset,
    write_file,
)
from kinestream.errors import ConfigError, DataError, InputError
from kinestream.formats.repairs import Repairs

Progress = Callable[[int, int, str], None]
Subjects = str | Sequence[str] | None


@dataclass(frozen=True)
class RecordingReport:
    """One recording that was written."""

    split: str
    name: str
    subject: str
    frames: int
    seconds: float
    segments: int
    unlabelled_frames: int
    repairs: Repairs


@dataclass
class PrepareReport:
    """What was written, what was mended and what was left out.

    Attributes:
        dataset: Name of the data set.
        recordings: One entry for each recording written.
        left_out: Why something is not in the data set, by recording or subject.
    """

    dataset: str
    recordings: list[RecordingReport] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

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
            "repairs": sum((one.repairs for one in chosen), Repairs()).to_dict(),
        }

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        splits = sorted({one.split for one in self.recordings})
        return {
            "dataset": self.dataset,
            "totals": self.totals(),
            "splits": {split: self.totals(split) for split in splits},
            "recordings": [asdict(one) for one in self.recordings],
            "left_out": self.left_out,
        }


def prepare(
    name: str,
    source: str | Path,
    target: str | Path,
    train_subjects: Subjects = None,
    test_subjects: Subjects = None,
    progress: Progress | None = None,
) -> PrepareReport:
    """Write a public data set as a data-set folder with the splits ``train`` and ``test``.

    Args:
        name: Which one, a key of :data:`kinestream.datasets.known.KNOWN_SETS`.
        source: Its unpacked folder, or the folder that holds it.
        target: The folder to write; a data set that Kinestream wrote there before is replaced.
        train_subjects: Such as ``s01-s06,s09``; by default the data set's usual ones.
        test_subjects: The same for testing.
        progress: Called with recordings done, recordings in all and the current one's name.

    Returns:
        The report, also written to ``report.json``. A recording that cannot be read is left out
        and named there with the reason.

    Raises:
        MissingFileError: There is no folder ``source``.
        ConfigError: The data set or a subject is unknown, or a subject is in both splits.
        DataError: ``source`` does not hold the data set, ``target`` holds something else, or a
            split would be empty.
    """
    known = _known(name)
    files = known.find(source)
    report = PrepareReport(name)
    splits = _splits(
        known, sorted({_subject(n) for n in files}), train_subjects, test_subjects, report
    )
    with replaced(target) as folder:
        write_dataset(
            folder,
            _entries(known, files, splits, report, progress),
            name=name,
            units=known.units,
            licence=known.licence,
            source=known.source,
            protocol=". ".join(f"{s}: {', '.join(who)}" for s, who in splits.items())
            + f". {known.made}",
        )
        write_file(folder / REPORT, json_bytes(report.to_dict()))
    return report


def _known(name: str) -> KnownSet:
    if name not in KNOWN_SETS:
        raise ConfigError(f"unknown data set {name!r}; use one of {', '.join(KNOWN_SETS)}.")
    return KNOWN_SETS[name]


def _splits(
    known: KnownSet, present: list[str], train: Subjects, test: Subjects, report: PrepareReport
) -> dict[str, tuple[str, ...]]:
    wanted = {"train": (train, known.train), "test": (test, known.test)}
    splits: dict[str, tuple[str, ...]] = {}
    for split, (given, usual) in wanted.items():
        subjects = parse_subjects(usual if given is None else given)
        absent = [who for who in subjects if who not in present]
        if absent and given is not None:
            raise ConfigError(
                f"{split} subject {', '.join(absent)} is not in {known.name}; it has "
                f"{', '.join(present)}."
            )
        report.left_out |= dict.fromkeys(absent, "no recording of this subject in the source")
        splits[split] = tuple(who for who in subjects if who in present)
    both = sorted(set(splits["train"]) & set(splits["test"]))
    if both:
        raise ConfigError(f"subject {', '.join(both)} is both in train and in test: choose one.")
    return splits


def _entries(
    known: KnownSet,
    files: dict[str, Path],
    splits: dict[str, tuple[str, ...]],
    report: PrepareReport,
    progress: Progress | None,
) -> Iterator[Entry]:
    split_of = {who: split for split, subjects in splits.items() for who in subjects}
    for done, (name, path) in enumerate(files.items()):
        if progress is not None:
            progress(done, len(files), name)
        split = split_of.get(_subject(name))
        if split is None:
            report.left_out[name] = "its subject is in no split"
            continue
        try:
            clip, repairs = known.read(path)
        except InputError as error:
            report.left_out[name] = str(error)
            continue
        report.recordings.append(_reported(split, name, clip, repairs))
        yield Entry(split, name, clip)
    if progress is not None:
        progress(len(files), len(files), "")
    _check_complete(report, splits)


def _reported(split: str, name: str, clip: Clip, repairs: Repairs) -> RecordingReport:
    labels = np.array([]) if clip.labels is None else clip.labels
    return RecordingReport(
        split=split,
        name=name,
        subject=clip.subject,
        frames=clip.num_frames,
        seconds=clip.duration_s,
        segments=int((np.diff(labels) != 0).sum()) + 1,
        unlabelled_frames=int((labels == UNLABELLED).sum()),
        repairs=repairs,
    )


def _check_complete(report: PrepareReport, splits: dict[str, tuple[str, ...]]) -> None:
    for split, subjects in splits.items():
        if not report.totals(split)["recordings"]:
            reasons = (why for what, why in report.left_out.items() if _subject(what) in subjects)
            why = next(reasons, "none of its subjects is in the source.")
            raise DataError(
                f"split {split!r} ({', '.join(subjects) or 'no subjects'}) would be empty: {why}"
            )


def _subject(name: str) -> str:
    return name.partition("_")[0]
