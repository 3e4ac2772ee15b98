"""Prepare a public data set: raw files in, a data set that training reads and a report out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import kinestream
from kinestream.datasets.known import KnownSet, known_set
from kinestream.datasets.layouts.replacing import Identity, check_target
from kinestream.datasets.layouts.store_writing import Dtype
from kinestream.datasets.layouts.writing import json_bytes
from kinestream.datasets.preparing.batches import Batch, Job, Layout, cut
from kinestream.datasets.preparing.finishing import finish
from kinestream.datasets.preparing.journal import BatchResult
from kinestream.datasets.preparing.ntu_people import Choice
from kinestream.datasets.preparing.plan import Plan, Subjects, make_plan
from kinestream.datasets.preparing.report import PrepareReport
from kinestream.datasets.preparing.sources import find_source
from kinestream.datasets.preparing.workers import run_batches
from kinestream.datasets.preparing.workspace import Workspace, workspace
from kinestream.errors import ConfigError

Progress = Callable[[int, int], None]


def prepare(
    name: str,
    source: str | Path,
    target: str | Path,
    protocol: str | None = None,
    *,
    layout: Layout = "folder",
    people: Choice | None = None,
    dtype: Dtype = "float32",
    fps: float | None = None,
    train_subjects: Subjects = None,
    test_subjects: Subjects = None,
    jobs: int = 1,
    resume: bool = True,
    overwrite: bool = False,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> PrepareReport:
    """Write a public data set as a folder per split, or as a store that any protocol can divide.

    The work grows beside the target and takes its place in one move at the end. When it is
    interrupted, however suddenly, the same call goes on from there, and the result is the same to
    the byte; it does not depend on ``jobs`` either.

    Args:
        name: Which one; ``kinestream data prepare --list`` shows them.
        source: Its unpacked folder, or one above or below it.
        target: The folder to write; the same data set in the same layout and protocol is replaced.
        protocol: One of the data set's protocols, ``loso:SUBJECT`` or ``all``; by default the usual
            one. In a store it is only what is used when nothing else is asked for.
        layout: ``folder`` or ``store``.
        people: How people are chosen among the bodies a sensor tracked, where there is a choice.
        dtype: Type of the values in a store; ``float16`` halves its size and keeps 3 digits.
        fps: Frames per second, for recordings that do not tell it.
        train_subjects: Such as ``s01-s06,s09``, instead of the protocol's.
        test_subjects: The same for testing.
        jobs: Number of processes. With more than 1, a script that calls this needs the line
            ``if __name__ == "__main__":``.
        resume: Whether to go on with interrupted work; otherwise it is thrown away.
        overwrite: Whether any other data set that Kinestream wrote to ``target`` is replaced too.
        progress: Called with recordings done and recordings in all.
        tell: Called with a sentence on what is begun, and whether earlier work is used.

    Returns:
        The report, also written to ``report.json``. A recording that cannot be read is left out
        and named there with the reason.

    Raises:
        MissingFileError: There is no folder ``source``.
        ConfigError: The data set, protocol, a subject or an option is unknown, a recording would be
            in two splits, or ``target`` holds another data set.
        DataError: ``source`` does not hold the data set, ``target`` holds something else, or a
            split would be empty.
    """
    known = known_set(name)
    people = _checked(known.choose, layout, people, dtype, jobs, name)
    target = Path(target).absolute()
    Identity.at(target)  # refuses what is no data set before anything is read
    stated = known.stated(fps)
    found = find_source(known, source, stated, ignore=target)
    divide = layout == "folder"
    plan = make_plan(known, found, protocol, train_subjects, test_subjects, divide=divide)
    new = _identity(known, plan, layout)
    replaces = check_target(target, new, overwrite)
    settings = {
        "version": kinestream.__version__,
        "set": hashlib.sha256(known.model_dump_json().encode()).hexdigest(),
        "files": found.state(),
        "protocol": {plan.name: plan.protocol.model_dump(mode="json")},
        "left_out": plan.left_out,
        "layout": layout,
        "people": people,
        "dtype": dtype,
        "fps": fps,
    }
    with workspace(target, json_bytes(settings), resume) as work:
        if tell is not None:
            tell(_beginning(plan, work, replaces))
        job = Job(known, work.tree, layout, dtype, people, stated)
        results = _run(job, plan, work, jobs, progress)
        report, files = finish(job, plan, results)
        work.keep_only(files)
        check_target(target, new, overwrite)
        work.finish()
    return report


def _run(
    job: Job, plan: Plan, work: Workspace, jobs: int, progress: Progress | None
) -> list[BatchResult]:
    batches = [
        Batch(number, work.journal(number), tuple(recordings))
        for number, recordings in enumerate(cut(plan.recordings))
    ]
    total = len(plan.recordings)
    results: list[BatchResult] = []
    done = 0
    if progress is not None:
        progress(done, total)
    for batch, result in zip(batches, run_batches(job, batches, jobs), strict=True):
        results.append(result)
        done += len(batch.recordings)
        if progress is not None:
            progress(done, total)
    return results


def _identity(known: KnownSet, plan: Plan, layout: Layout) -> Identity:
    if layout == "folder":
        return Identity(known.name, layout, plan.told(known))
    return Identity.of_store(known.name, plan.name, {plan.name: plan.protocol})


def _beginning(plan: Plan, work: Workspace, replaces: bool) -> str:
    counts = Counter(split for split, _ in plan.recordings)
    splits = ", ".join(f"{count} {split}" for split, count in sorted(counts.items()))
    begun = f"{len(plan.recordings)} recordings ({splits}), protocol {plan.name}."
    if replaces:
        begun += f" What {work.target} holds will be replaced."
    if work.resumed:
        return f"{begun} Going on with interrupted work."
    if work.discarded:
        return f"{begun} Interrupted work had other settings or files: starting anew."
    return begun


def _checked(
    usual: Choice | Literal[""],
    layout: str,
    people: Choice | None,
    dtype: str,
    jobs: int,
    name: str,
) -> Choice:
    """The way people are chosen, once all options are as they should be."""
    options = {
        "layout": (layout, get_args(Layout)),
        "people": (people or "raw", get_args(Choice)),
        "dtype": (dtype, get_args(Dtype)),
    }
    for option, (value, allowed) in options.items():
        if value not in allowed:
            raise ConfigError(f"{option} must be one of {', '.join(allowed)}, got {value!r}.")
    if dtype != "float32" and layout != "store":
        raise ConfigError(f"dtype {dtype} needs layout store; folders hold float32.")
    if people is not None and not usual:
        raise ConfigError(f"{name} has one clear body for each person: leave option people out.")
    if jobs < 1:
        raise ConfigError(f"jobs must be at least 1, got {jobs}.")
    return people or usual or "raw"
