"""What a survey means: each thing that can spoil a model, as a sentence with a way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from kinestream.datasets.inspection.facts import RecordingFacts
from kinestream.datasets.inspection.survey import Survey
from kinestream.datasets.inspection.wording import counted
from kinestream.formats import Repairs

Severity = Literal["error", "warning", "note"]

PLAUSIBLE_BODY = {"m": (0.4, 3.0), "mm": (400.0, 3000.0), "cm": (40.0, 300.0)}
RATES = (5.0, 1000.0)  # frames per second that sensors have
RARE_SHARE = 0.01
OFTEN_MISSING = 0.2
SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """One thing that somebody should know before training.

    Attributes:
        severity: ``error`` makes results wrong or recordings unusable, ``warning`` may, ``note`` is
            to be known.
        text: What was found, where, and what to do.
    """

    severity: Severity
    text: str


def findings_of(survey: Survey, units: str = "") -> list[Finding]:
    """Everything worth saying about a data set, the worst first.

    Args:
        survey: What was measured.
        units: Unit of positions, where it is known: ``m``, ``mm`` or ``cm``.
    """
    checks: tuple[Callable[[Survey], Iterator[Finding]], ...] = (
        _unreadable,
        _leaks,
        _values,
        _missing,
        _motion,
        _rates,
        _labels,
        _classes,
        _mended,
    )
    found = [finding for check in checks for finding in check(survey)]
    found += _body(survey, units)
    order: tuple[Severity, ...] = ("error", "warning", "note")
    return sorted(found, key=lambda finding: order.index(finding.severity))


def _unreadable(survey: Survey) -> Iterator[Finding]:
    for reason in list(survey.unreadable.values())[:SHOWN]:
        yield Finding("error", f"cannot be read: {reason}")
    if len(survey.unreadable) > SHOWN:
        more = counted(len(survey.unreadable) - SHOWN, "more recording")
        yield Finding("error", f"{more} cannot be read.")


def _leaks(survey: Survey) -> Iterator[Finding]:
    for leak in survey.leaks:
        first, second = leak.splits
        if leak.recordings:
            names = ", ".join(f"{a} = {b}" for a, b in leak.recordings[:SHOWN])
            are = "is" if len(leak.recordings) == 1 else "are"
            yield Finding(
                "error",
                f"{counted(len(leak.recordings), 'recording')} of {second!r} {are} also in {first!r} "
                f"({names}): keep each in one split, or results are too good.",
            )
        elif leak.frames:
            yield Finding(
                "error",
                f"{leak.frames} of {leak.of} frames of {second!r} are also in {first!r}: clips cut "
                f"from one recording must stay in one split.",
            )
        if leak.subjects:
            yield Finding(
                "warning",
                f"{counted(len(leak.subjects), 'subject is', 'subjects are')} both in {first!r} and in "
                f"{second!r} ({', '.join(leak.subjects[:SHOWN])}): right for cross-view protocols "
                f"only.",
            )
    if survey.twins:
        names = ", ".join(f"{a} = {b}" for a, b in survey.twins[:SHOWN])
        twins = counted(len(survey.twins), "recording is", "recordings are")
        yield Finding("warning", f"{twins} there twice: {names}.")


def _values(survey: Survey) -> Iterator[Finding]:
    totals = survey.totals()
    if totals["infinite_values"]:
        where = _first(survey, lambda one: one.infinite)
        yield Finding(
            "error",
            f"{counted(totals['infinite_values'], 'value is', 'values are')} infinite, first in "
            f"{where}: recognition refuses them.",
        )
    if totals["zero_joints"]:
        where = _first(survey, lambda one: one.zeros)
        yield Finding(
            "warning",
            f"{counted(totals['zero_joints'], 'joint lies', 'joints lie')} exactly at the origin, "
            f"first in {where}: not found? Mark missing joints as NaN.",
        )


def _missing(survey: Survey) -> Iterator[Finding]:
    totals = survey.totals()
    if totals["missing_joints"]:
        share = survey.missing_share
        often = sorted((j for j in share if share[j] > OFTEN_MISSING), key=lambda j: -share[j])
        worst = max(share, key=lambda joint: share[joint])
        yield Finding(
            "warning" if often else "note",
            f"{counted(totals['missing_joints'], 'joint is', 'joints are')} missing (NaN), most often "
            f"{worst} ({share[worst]:.2%} of frames): begin the features with 'hold'.",
        )
    if totals["empty_frames"]:
        where = _first(survey, lambda one: one.empty_frames)
        empty = counted(totals["empty_frames"], "frame")
        yield Finding("warning", f"nobody is seen in {empty}, first in {where}.")


def _motion(survey: Survey) -> Iterator[Finding]:
    totals = survey.totals()
    if totals["jumps"]:
        one = next(one for one in survey.recordings if one.jumps)
        frame, joint = one.jumps[0]
        yield Finding(
            "warning",
            f"{counted(totals['jumps'], 'time')} a joint moves by half a body between two frames, "
            f"first {one.joints[joint]} at frame {frame} of {_full_name(one)}: a wrong rate, people "
            f"that swap, or a lost joint.",
        )
    if totals["frozen_frames"]:
        where = _first(survey, lambda one: one.frozen_frames)
        yield Finding(
            "warning",
            f"{counted(totals['frozen_frames'], 'frame repeats', 'frames repeat')} the one before for "
            f"over half a second, first in {where}: the sensor stood still, or gaps were filled.",
        )


def _rates(survey: Survey) -> Iterator[Finding]:
    rates = Counter(one.fps for one in survey.recordings)
    if len(rates) > 1:
        listed = ", ".join(f"{fps:g} ({count})" for fps, count in rates.most_common(4))
        yield Finding("warning", f"frame rates differ: {listed} frames per second (recordings).")
    odd = [fps for fps in rates if not RATES[0] <= fps <= RATES[1]]
    if odd:
        yield Finding("warning", f"{odd[0]:g} frames per second is no rate that sensors have.")
    layouts = Counter(one.joints for one in survey.recordings)
    if len(layouts) > 1:
        yield Finding(
            "error",
            f"recordings have {len(layouts)} different skeletons: convert them with `kinestream "
            f"data convert --to-skeleton`.",
        )


def _labels(survey: Survey) -> Iterator[Finding]:
    without = [one for one in survey.recordings if not one.labelled]
    if without and len(without) < len(survey.recordings):
        lone = counted(len(without), "recording has", "recordings have")
        yield Finding("warning", f"{lone} no labels, first {_full_name(without[0])}.")
    totals = survey.totals()
    if totals["unlabelled_frames"]:
        where = _first(survey, lambda one: one.label_frames.get("", 0))
        share = totals["unlabelled_frames"] / totals["frames"]
        have = "has" if totals["unlabelled_frames"] == 1 else "have"
        yield Finding(
            "note",
            f"{counted(totals['unlabelled_frames'], 'frame')} ({share:.1%}) {have} no label, first in "
            f"{where}: training skips unlabelled frames.",
        )
    single = sum(one.segment_frames.count(1) for one in survey.recordings)
    if single:
        where = _first(survey, lambda one: one.segment_frames.count(1))
        short = counted(single, "labelled stretch is", "labelled stretches are")
        yield Finding("warning", f"{short} one frame long, first in {where}.")


def _classes(survey: Survey) -> Iterator[Finding]:
    frames = {name: count for name, count in survey.class_frames().items() if name}
    total = sum(frames.values())
    if not total:
        return
    never = [name for name, count in frames.items() if not count]
    if never:
        classes = counted(len(never), "class never occurs", "classes never occur")
        yield Finding("warning", f"{classes}: {', '.join(never[:SHOWN])}.")
    for split in survey.splits:
        here = survey.class_frames(split)
        absent = [name for name in frames if frames[name] and not here.get(name)]
        if absent and split:
            names = ", ".join(absent[:SHOWN])
            classes = counted(len(absent), "class never occurs", "classes never occur")
            yield Finding("warning", f"{classes} in {split!r}: {names}.")
    rare = [name for name, count in frames.items() if 0 < count < RARE_SHARE * total / len(frames)]
    if rare:
        yield Finding(
            "note",
            f"{counted(len(rare), 'class is', 'classes are')} over 100 times rarer than the average: "
            f"{', '.join(rare[:SHOWN])}. Weigh classes in the loss.",
        )


def _mended(survey: Survey) -> Iterator[Finding]:
    total = sum((one.repairs for one in survey.recordings), Repairs()).to_dict()
    rows = total.pop("rows")
    told = ("missing_joints", "empty_frames")  # by findings of their own
    mended = [
        f"{n} {name.replace('_', ' ')}" for name, n in total.items() if n and name not in told
    ]
    if mended:
        yield Finding("note", f"mended while reading {counted(rows, 'row')}: {', '.join(mended)}.")


def _body(survey: Survey, units: str) -> Iterator[Finding]:
    low, high = PLAUSIBLE_BODY.get(units, (0.0, float("inf")))
    odd = [one for one in survey.recordings if one.body_size and not low < one.body_size < high]
    if odd:
        yield Finding(
            "warning",
            f"in {counted(len(odd), 'recording')} bodies do not have the size of people in {units}: "
            f"{odd[0].body_size:.3g} {units} in {_full_name(odd[0])}.",
        )


def _first(survey: Survey, measure: Callable[[RecordingFacts], int]) -> str:
    return next(_full_name(one) for one in survey.recordings if measure(one))


def _full_name(one: RecordingFacts) -> str:
    return f"{one.split}/{one.name}" if one.split else one.name
