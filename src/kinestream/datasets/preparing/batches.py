"""Recordings in batches: read, written, and vouched for by a journal file.

A batch is the unit of work for processes and for restarts. Its journal is written last and holds
the size and checksum of every file of the batch, so a batch without a whole journal, or whose files
differ from it, is simply done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Literal, TypeVar

from kinestream.datasets.known import KnownSet
from kinestream.datasets.layouts.store_writing import Dtype, ShardWriter
from kinestream.datasets.layouts.writing import Entry, FolderWriter, Writer, check_entry
from kinestream.datasets.preparing.journal import BatchResult, read_journal, write_journal
from kinestream.datasets.preparing.ntu_people import Choice, choose_people
from kinestream.datasets.preparing.people import with_people
from kinestream.datasets.preparing.sources import Recording
from kinestream.datasets.preparing.thinning import thinned
from kinestream.errors import DataError, InputError, KinestreamError
from kinestream.formats import read_recording, read_recordings
from kinestream.formats.format import Reading, Stated

Layout = Literal["folder", "store"]

MAX_RECORDINGS = 64
MAX_SOURCE_BYTES = 1 << 25

Found = TypeVar("Found")


@dataclass(frozen=True)
class Job:
    """What holds for all batches.

    Attributes:
        known: The data set.
        root: The folder that files are written below.
        layout: How they lie there.
        dtype: Type of values in a store.
        people: How people are chosen among tracked bodies.
        stated: What the caller says about recordings that do not tell it themselves.
    """

    known: KnownSet
    root: Path
    layout: Layout
    dtype: Dtype
    people: Choice
    stated: Stated


@dataclass(frozen=True)
class Batch:
    """Some recordings, each with its split.

    Attributes:
        number: Its place among the batches.
        journal: The file that vouches for it.
        recordings: What it holds, by name.
    """

    number: int
    journal: Path
    recordings: tuple[tuple[str, Recording], ...]


def cut(recordings: Sequence[tuple[str, Recording]]) -> list[list[tuple[str, Recording]]]:
    """Divide recordings into batches, by number and by size of their files.

    A file that holds several recordings stays in one batch, so that it is read once.
    """
    batches: list[list[tuple[str, Recording]]] = []
    room = 0
    last: Path | None = None
    for split, one in recordings:
        same = one.inside is not None and one.path == last
        if not same:
            size = one.path.stat().st_size if one.path.is_file() else 0
            if not batches or len(batches[-1]) >= MAX_RECORDINGS or size > room:
                batches.append([])
                room = MAX_SOURCE_BYTES
            room -= size
        last = one.path
        batches[-1].append((split, one))
    return batches


def run_batch(job: Job, batch: Batch) -> BatchResult:
    """Do a batch, unless its journal and files say that it is done."""
    done = read_journal(batch.journal, job.root)
    if done is not None:
        return done
    result = BatchResult()
    with _writer(job, batch) as writer:
        for split, one, reading in _readings(job, batch.recordings):
            if isinstance(reading, str):
                result.left_out[one.name] = reading
                continue
            entry = Entry(split, one.name, reading.clip)
            try:
                check_entry(entry, entry.clip)
                writer.add(entry)
            except InputError as error:
                result.left_out[one.name] = str(error)
            else:
                result.add(entry, one.attributes, reading.repairs)
    result.files = writer.files
    write_journal(batch.journal, result)
    return result


def _writer(job: Job, batch: Batch) -> Writer:
    if job.layout == "folder":
        return FolderWriter(job.root)
    return ShardWriter(job.root, batch.number, job.dtype)


def _readings(
    job: Job, recordings: Sequence[tuple[str, Recording]]
) -> Iterator[tuple[str, Recording, Reading | str]]:
    """Each recording as the data set has it, or why it is left out."""
    for path, group in groupby(recordings, key=lambda pair: pair[1].path):
        chosen = list(group)
        if chosen[0][1].inside is not None:
            yield from _inside(job, path, chosen)
        else:
            yield from ((split, one, _guarded(partial(_read, job, one))) for split, one in chosen)


def _inside(
    job: Job, path: Path, chosen: list[tuple[str, Recording]]
) -> Iterator[tuple[str, Recording, Reading | str]]:
    """The same for a file that holds several recordings, read once."""
    wanted = {one.inside: (split, one) for split, one in chosen}
    each = read_recordings(path, job.stated, job.known.format)
    while wanted:
        named = _guarded(partial(next, each, None))
        if named is None or isinstance(named, str):
            reason = named or f"{path} no longer holds it."
            yield from ((split, one, reason) for split, one in wanted.values())
            return
        if named.name in wanted:
            split, one = wanted.pop(named.name)
            reading = Reading(named.clip, named.repairs)
            yield split, one, _guarded(partial(_fitted, job, one, reading))


def _read(job: Job, one: Recording) -> Reading:
    return _fitted(job, one, read_recording(one.path, job.stated, job.known.format))


def _guarded(read: Callable[[], Found]) -> Found | str:
    """What a reader gives, or its reason; one recording must not cost all the others."""
    try:
        return read()
    except InputError as error:
        return str(error)
    except KinestreamError:
        raise
    except MemoryError:
        raise DataError(
            "there is not enough memory to read the recordings: give the same command with fewer "
            "--jobs, and it goes on from here."
        ) from None
    except Exception as error:
        return f"it could not be read, which is a mistake of the reader: {error!r}."


def _fitted(job: Job, one: Recording, reading: Reading) -> Reading:
    """The clip as the data set has it: its people, its rate, its subject."""
    clip, repairs = reading
    known = job.known
    if clip.labels is None:
        where = f": {known.name} keeps them in {known.labels_in}" if known.labels_in else ""
        raise DataError(f"{clip.source} has no labels{where}.")
    if known.choose:
        clip, dropped = choose_people(clip, job.people, known.people)
        repairs += dropped
    if known.thin_to is not None:
        clip = thinned(clip, known.thin_to)
    clip, dropped = with_people(clip, known.people)
    clip = replace(clip, subject=one.subject or clip.subject, classes=clip.classes[: known.classes])
    return Reading(clip, repairs + dropped)
