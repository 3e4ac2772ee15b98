"""The page of ``kinestream data inspect``: what a data set holds, what is wrong, how it looks."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import UNLABELLED, Clip
from kinestream.datasets.inspection import Finding, Inspection, Survey, counted
from kinestream.files import write_atomically
from kinestream.metrics import runs
from kinestream.viz.colours import BACKGROUND, class_colour
from kinestream.viz.page import bars, key, page, picture, section, strip, table, text, trace
from kinestream.viz.skeleton import plot_skeleton

Array = NDArray[np.float64]

FRAMES = 8
BINS = 12
FAR = 1.5  # times the length that 99 % do not exceed
POINTS = 480
_BAR, _ALARM, _HOLE = "#0072B2", "#D55E00", "#FFFFFF"


def write_survey(inspection: Inspection, findings: Sequence[Finding], path: str | Path) -> Path:
    """Write the page; pictures of skeletons need matplotlib.

    Raises:
        MissingExtraError: matplotlib is not installed.
        DataError: The place cannot be written.
    """
    survey = inspection.survey
    title = Path(survey.source).resolve().name or "recordings"
    totals = survey.totals()
    lead = (
        f"{counted(totals['recordings'], 'recording')}, {counted(totals['frames'], 'frame')}, "
        f"{totals['seconds'] / 60:.1f} minutes, {counted(totals['subjects'], 'subject')}"
    )
    sections = (
        section("Findings", findings_list(findings)),
        section("Splits", _splits(survey)),
        _classes(survey),
        section("Lengths", _lengths(survey)),
        section("Joints missing while their person is seen", _missing(survey)),
        _labels(inspection),
        _skeletons(inspection),
        _signals(inspection),
    )
    return write_atomically(path, page(title, lead, sections).encode())


def findings_list(findings: Sequence[Finding]) -> str:
    """Findings as a list with their severity in colour."""
    if not findings:
        return "<p>Nothing found.</p>"
    items = "".join(
        f"<li><b class={each.severity}>{each.severity}</b> {text(each.text)}</li>\n"
        for each in findings
    )
    return f'<ul class="findings">\n{items}</ul>'


def _splits(survey: Survey) -> str:
    columns = [name for name in survey.totals() if name not in ("infinite_values", "zero_joints")]
    rows = []
    for split in survey.splits:
        totals = survey.totals(split)
        rows.append([split or "all", *(f"{totals[name]:,.6g}" for name in columns)])
    return table(["split", *(name.replace("_", " ") for name in columns)], rows)


def _classes(survey: Survey) -> str:
    counts = {split: survey.class_frames(split) for split in survey.splits}
    totals = {split: sum(frames.values()) for split, frames in counts.items()}
    told = [split for split in survey.splits if totals[split]]
    # One scale for all splits, so that their bars can be compared.
    most = max((n / totals[split] for split in told for n in counts[split].values()), default=1.0)
    parts = []
    for split in told:
        if split:
            parts.append(f"<p>{text(split)}</p>")
        rows = ((name, n, n / totals[split]) for name, n in counts[split].items())
        parts.append(
            bars(
                (name or "not labelled", f"{n} ({share:.1%})", share / most, _colour(survey, name))
                for name, n, share in rows
            )
        )
    return section("Frames of each class", *parts) if parts else ""


def _colour(survey: Survey, name: str) -> str:
    if name == "background":
        return BACKGROUND
    return class_colour(survey.classes.index(name)) if name in survey.classes else "#BBBBBB"


def _lengths(survey: Survey) -> str:
    seconds = np.array([one.seconds for one in survey.recordings])
    if not seconds.size:
        return "<p>No recording could be read.</p>"
    rows = length_bins(seconds)
    most = max(count for _, count in rows)
    return bars((name, str(count), count / most, _BAR) for name, count in rows)


def length_bins(seconds: Array) -> list[tuple[str, int]]:
    """Bins of equal width and how many lengths are in each.

    The last one is open where the longest hundredth (one at least) is far longer than the others.

    >>> length_bins(np.array([2.0] * 3 + [90.0]))
    [('2.0 s', 3), ('over 2.0 s', 1)]
    """
    usual = float(np.percentile(seconds, 99, method="lower"))
    top = usual if seconds.max() > FAR * usual else float(seconds.max())
    shown = seconds[seconds <= top]
    if np.ptp(shown) == 0:
        rows = [(f"{top:.1f} s", len(shown))]
    else:
        counts, edges = np.histogram(shown, bins=BINS)
        pairs = zip(edges[:-1], edges[1:], strict=True)
        names = [f"{low:.1f} to {high:.1f} s" for low, high in pairs]
        rows = list(zip(names, counts.tolist(), strict=True))
    beyond = len(seconds) - len(shown)
    return [*rows, (f"over {top:.1f} s", beyond)] if beyond else rows


def _missing(survey: Survey) -> str:
    share = {joint: part for joint, part in survey.missing_share.items() if part}
    if not share:
        return "<p>None.</p>"
    return bars((joint, f"{part:.1%}", part, _ALARM) for joint, part in share.items())


def _labels(inspection: Inspection) -> str:
    strips: list[str] = []
    seen: set[str] = set()
    for name, clip in inspection.examples:
        if clip.labels is None:
            continue
        total = clip.num_frames
        found = runs(clip.labels)
        seen.update(clip.classes[run.label] for run in found)
        parts = [
            (
                run.start / total,
                run.stop / total,
                _colour(inspection.survey, clip.classes[run.label]),
                f"{clip.classes[run.label]}, {run.start / clip.fps:.2f} to {run.stop / clip.fps:.2f} s",
            )
            for run in found
        ]
        holes = int((clip.labels == UNLABELLED).sum())
        caption = f"{name}, {clip.duration_s:.1f} s, {counted(len(found), 'segment')}"
        strips.append(
            strip(parts, caption + (f", {counted(holes, 'frame')} not labelled" if holes else ""))
        )
    if not strips:
        return ""
    names = [name for name in inspection.survey.classes if name in seen]
    entries = [(name, _colour(inspection.survey, name)) for name in names]
    return section("Labels over time", key([*entries, ("not labelled", _HOLE)]), *strips)


def _skeletons(inspection: Inspection) -> str:
    drawn = [
        picture(_drawing(clip), f"{name}: {clip.skeleton.name}, {clip.fps:g} fps")
        for name, clip in inspection.examples
        if clip.channels[:2] == ("x", "y") and np.isfinite(clip.data).any()
    ]
    return section("Skeletons at sampled times", *drawn) if drawn else ""


def _drawing(clip: Clip) -> bytes:
    seen = np.flatnonzero(np.any(np.all(np.isfinite(clip.data[:2]), axis=0), axis=(1, 2)))
    picks = np.unique(seen[np.linspace(0, len(seen) - 1, FRAMES).round().astype(int)])
    with tempfile.TemporaryDirectory() as folder:
        return plot_skeleton(clip, picks.tolist(), Path(folder) / "a.png").read_bytes()


def _signals(inspection: Inspection) -> str:
    drawn = []
    for name, clip in inspection.examples:
        for first in (row for row, channel in enumerate(clip.channels) if channel == "acc_x"):
            length = np.sqrt((clip.data[first : first + 3].astype(np.float64) ** 2).sum(axis=0))
            for joint, sensor in enumerate(clip.skeleton.joints):
                caption = f"{name}: {sensor}, length of the acceleration"
                drawn.append(trace(*_envelope(length[:, joint, 0]), caption))
    return section("Signals", *drawn) if drawn else ""


def _envelope(values: Array) -> tuple[list[float], list[float]]:
    """Lowest and highest of neighbouring frames, (P,) each; missing ones count as 0."""
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    starts = np.arange(0, len(values), -(-len(values) // POINTS))
    return (
        np.minimum.reduceat(values, starts).tolist(),
        np.maximum.reduceat(values, starts).tolist(),
    )
