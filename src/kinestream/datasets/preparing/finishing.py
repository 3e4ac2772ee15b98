"""From finished batches to a whole data set: what its recordings share, its manifest, its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kinestream.datasets.layouts.store_index import INDEX, STORE, StoreInfo
from kinestream.datasets.layouts.store_writing import IndexBuilder, write_store_about
from kinestream.datasets.layouts.writing import (
    REPORT,
    Written,
    folder_files,
    json_bytes,
    write_about,
    write_file,
)
from kinestream.datasets.preparing.batches import Job
from kinestream.datasets.preparing.journal import BatchResult, Facts
from kinestream.datasets.preparing.plan import NEEDED, Plan
from kinestream.datasets.preparing.report import PrepareReport, RecordingReport
from kinestream.datasets.protocols import ALL, SUBJECT
from kinestream.errors import DataError
from kinestream.formats.folder import ABOUT, ACTIONS, SKELETON, DatasetInfo


def finish(job: Job, plan: Plan, results: Sequence[BatchResult]) -> tuple[PrepareReport, set[str]]:
    """Write the files that speak of the data set as a whole.

    Returns:
        The report, and the paths of all files that belong to the data set.

    Raises:
        DataError: No recording could be read, or none of a split.
    """
    left_out = dict(plan.left_out)
    for result in results:
        left_out |= result.left_out
    facts, kept = _alike(results, left_out)
    report = PrepareReport(
        dataset=job.known.name,
        protocol=plan.name,
        recordings=kept,
        left_out=dict(sorted(left_out.items())),
        notes=[*plan.notes],
    )
    files = {name: one for result in results for name, one in result.files.items()}
    if job.layout == "folder":
        _check_splits(plan, report)
        names = [(one.split, one.name) for one in kept]
        files = {path: files[path] for name in names for path in folder_files(*name)}
        top = _describe_folder(job, plan, facts, report, files)
    else:
        top = _describe_store(job, plan, facts, results, files)
    write_file(job.root / REPORT, json_bytes(report.to_dict()))
    return report, {*files, *top, REPORT}


def _alike(
    results: Sequence[BatchResult], left_out: dict[str, str]
) -> tuple[Facts, list[RecordingReport]]:
    """What the first recording states, and all that state the same."""
    first: Facts | None = None
    kept: list[RecordingReport] = []
    for result in results:
        for one in result.recordings:
            facts = result.facts[one.facts]
            first = first or facts
            if facts == first:
                kept.append(one.report)
                continue
            what = next(key for key in facts if facts[key] != first[key])
            left_out[one.report.name] = (
                f"it has {what} {str(facts[what])[:80]}, the first recording has "
                f"{str(first[what])[:80]}; one data set has one of each"
            )
    if first is None:
        name, why = next(iter(sorted(left_out.items())), ("", "there are none"))
        raise DataError(f"no recording could be prepared, the first of them ({name}): {why}")
    return first, kept


def _check_splits(plan: Plan, report: PrepareReport) -> None:
    for split in plan.protocol.splits:
        count = report.totals(split)["recordings"]
        if not count and split in NEEDED | {ALL}:
            planned = (one.name for of, one in plan.recordings if of == split)
            why = next((report.left_out[name] for name in planned if name in report.left_out), "")
            raise DataError(f"split {split!r} would be empty: {why}")
        published = plan.protocol.sizes.get(split, count)
        if count != published:
            report.notes.append(
                f"{split} has {count} recordings, the whole data set has {published} in protocol "
                f"{plan.name}"
            )


def _describe_folder(
    job: Job, plan: Plan, facts: Facts, report: PrepareReport, files: Mapping[str, Written]
) -> tuple[str, ...]:
    known = job.known
    info = DatasetInfo(
        name=known.name,
        fps=facts["fps"],
        channels=facts["channels"],
        units=known.units,
        people=facts["people"],
        licence=known.licence,
        source=known.source,
        protocol=plan.told(known),
        subjects={f"{one.split}/{one.name}": one.subject for one in report.recordings},
        sha256={path: one.sha256 for path, one in files.items()},
    )
    write_about(job.root, info, facts["classes"], facts["skeleton"])
    return ACTIONS, SKELETON, ABOUT


def _describe_store(
    job: Job,
    plan: Plan,
    facts: Facts,
    results: Sequence[BatchResult],
    files: Mapping[str, Written],
) -> tuple[str, ...]:
    known = job.known
    index = IndexBuilder()
    for number, result in enumerate(results):
        for one in result.recordings:
            own = result.facts[one.facts]
            joints = own["skeleton"]["num_node"]
            shape = (len(own["channels"]), one.report.frames, joints, own["people"])
            attributes = one.attributes | {SUBJECT: one.report.subject}
            index.add(one.report.name, number, shape, one.people, attributes, own == facts)
    info = StoreInfo(
        name=known.name,
        dtype=job.dtype,
        fps=facts["fps"],
        channels=facts["channels"],
        classes=facts["classes"],
        skeleton=facts["skeleton"],
        people=facts["people"],
        units=known.units,
        licence=known.licence,
        source=known.source,
        made=known.made,
        protocol=plan.name,
        protocols={**plan.protocols, plan.name: plan.protocol},
    )
    write_store_about(job.root, info, index, files)
    return STORE, INDEX
