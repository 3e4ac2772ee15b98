"""Timelines as coloured bars: prediction over truth over confidence, one timeline above the next.

Legend: T frames, W columns of a bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.metrics import runs
from kinestream.timeline import Timeline
from kinestream.viz.canvas import (
    LARGE,
    NORMAL,
    SMALL,
    Entry,
    Legend,
    clean,
    clean_end,
    new_figure,
    place,
    save_figure,
    text_width_in,
    tidy,
    write,
)
from kinestream.viz.colours import FAINT, INK, UNLABELLED, class_colour, ink_on, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_TIMELINES = 32
COLUMNS = 4000  # of a bar: more than a printed page resolves
POINTS = 1200  # of a trace

_WIDTH, _LEFT, _RIGHT = 11.0, 0.95, 0.3  # inches
_INSIDE = _WIDTH - _LEFT - _RIGHT
_BAR, _TRACE, _GAP = 0.34, 0.50, 0.06
_HEADING, _BLOCK_GAP, _AXIS = 0.22, 0.18, 0.36
_TITLE, _MARGIN = 0.30, 0.14
_NAME_AT = (-0.007, 0.5)  # of a bar, in shares of its axes


def plot_timeline(
    timelines: Timeline | Sequence[Timeline], path: str | Path, title: str = ""
) -> Path:
    """Draw one or more timelines above one another on one axis of time.

    Each has a bar of predicted labels, a bar of the truth where it is known, and the confidence
    (the score of the label) below; its heading names source, person, delay and figures of merit.
    Classes keep their colour by index; background classes are grey, unlabelled frames are hatched.

    Args:
        timelines: 1 to 32 timelines with one list of classes.
        path: ``.png``, ``.pdf`` or ``.svg``.
        title: Drawn above all.

    Raises:
        DataError: There is nothing to draw, or the classes differ.
        MissingExtraError: matplotlib is not installed.
        ConfigError: The path has another ending.
    """
    shown = [timelines] if isinstance(timelines, Timeline) else list(timelines)
    _check(shown)
    span_s = _span(shown)
    top = _MARGIN + (_TITLE if title else 0)
    height = top + sum(_block_height(each) + _BLOCK_GAP for each in shown) + _AXIS
    figure = new_figure(_WIDTH, height)  # before the legend: names are measured with matplotlib
    legend = Legend(_entries(shown), _INSIDE)
    figure.set_figheight(height + legend.height_in + _MARGIN)
    if title:
        write(figure, _LEFT, _MARGIN, clean(title, 110), LARGE, weight="bold")
    for number, timeline in enumerate(shown):
        _draw_block(figure, timeline, top, span_s, last=number == len(shown) - 1)
        top += _block_height(timeline) + _BLOCK_GAP
    legend.draw(figure, _LEFT, height)
    return save_figure(figure, path)


def _check(timelines: Sequence[Timeline]) -> None:
    if not 1 <= len(timelines) <= MAX_TIMELINES:
        raise DataError(f"a picture shows 1 to {MAX_TIMELINES} timelines, got {len(timelines)}.")
    if not all(timeline.num_frames for timeline in timelines):
        raise DataError("a timeline without a frame cannot be drawn.")
    if len({timeline.classes for timeline in timelines}) > 1:
        raise DataError("timelines in one picture must have the same classes in the same order.")


def _span(timelines: Sequence[Timeline]) -> tuple[float, float]:
    first = min(float(timeline.times_s[0]) for timeline in timelines)
    last = max(float(timeline.times_s[-1]) + 1 / timeline.fps for timeline in timelines)
    return first, last


def _entries(timelines: Sequence[Timeline]) -> list[Entry]:
    """Legend of the classes that occur, in the order of their index."""
    background = {index for timeline in timelines for index in timeline.background}
    seen = set()
    for timeline in timelines:
        seen.update(np.unique(timeline.labels).tolist())
        seen.update([] if timeline.truth is None else np.unique(timeline.truth).tolist())
    entries: list[Entry] = [
        (
            f"{index}  {clean(timelines[0].classes[index])}",
            {"facecolor": class_colour(index, background)},
        )
        for index in sorted(seen - {-1})
    ]
    if -1 in seen:
        entries.append(("not labelled", {**UNLABELLED, "linewidth": 0}))
    return entries


def _block_height(timeline: Timeline) -> float:
    bars = 1 if timeline.truth is None else 2
    return _HEADING + bars * (_BAR + _GAP) + _TRACE


def _draw_block(
    figure: Figure, timeline: Timeline, top: float, span_s: tuple[float, float], *, last: bool
) -> None:
    write(figure, _LEFT, top, _heading(timeline), NORMAL)
    top += _HEADING
    bars = [("predicted", timeline.labels)]
    if timeline.truth is not None:
        bars.append(("truth", timeline.truth))
    for name, labels in bars:
        axes = place(figure, _LEFT, top, _INSIDE, _BAR)
        _draw_bar(axes, timeline, labels, span_s)
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=NORMAL, color=INK)
        axes.yaxis.set_label_coords(*_NAME_AT)
        top += _BAR + _GAP
    axes = place(figure, _LEFT, top, _INSIDE, _TRACE)
    _draw_trace(axes, timeline, span_s)
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel("time (s)", fontsize=NORMAL, color=INK)


def _heading(timeline: Timeline) -> str:
    # A picture travels: it names the recording, not where somebody kept it.
    name = Path(timeline.source).name
    parts = [clean_end(name, 36)] if name else []
    parts.append(f"person {timeline.person}")
    frames = "frame" if timeline.delay_frames == 1 else "frames"
    parts.append(f"delay {timeline.delay_frames} {frames} ({timeline.delay_s:.2f} s)")
    if timeline.truth is not None and (timeline.truth >= 0).any():
        report = timeline.report()
        f1 = " / ".join(f"{value:.1f}" for value in report.f1.values())
        overlaps = ",".join(str(overlap) for overlap in report.f1)
        parts.append(f"frame accuracy {report.frame_accuracy:.1f} %")
        parts.append(f"edit {report.edit:.1f}")
        parts.append(f"F1@{{{overlaps}}} {f1}")
    return "   ·   ".join(parts)


def _draw_bar(
    axes: Axes, timeline: Timeline, labels: NDArray[np.int64], span_s: tuple[float, float]
) -> None:
    from matplotlib.patches import Rectangle

    start_s, end_s = float(timeline.times_s[0]), float(timeline.times_s[-1]) + 1 / timeline.fps
    width_s = end_s - start_s
    axes.add_patch(Rectangle((start_s, 0), width_s, 1, **UNLABELLED, linewidth=0, zorder=0))
    colours = _columns(timeline, labels, start_s, end_s)  # (1, W, 4)
    axes.imshow(
        colours, extent=(start_s, end_s, 0, 1), aspect="auto", interpolation="nearest", zorder=1
    )
    _name_segments(axes, timeline, labels, span_s)
    axes.set(xlim=span_s, ylim=(0, 1), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _columns(
    timeline: Timeline, labels: NDArray[np.int64], start_s: float, end_s: float
) -> NDArray[np.float64]:
    """The bar as (1, W, 4) RGBA: each column shows the frame that is on at its middle."""
    table = [
        (*rgb(class_colour(k, timeline.background)), 1.0) for k in range(len(timeline.classes))
    ]
    table.append((1.0, 1.0, 1.0, 0.0))  # what -1 indexes: lets the hatching show
    middles = start_s + (np.arange(COLUMNS) + 0.5) * (end_s - start_s) / COLUMNS
    frame = np.searchsorted(timeline.times_s, middles, side="right") - 1
    return np.array(table)[labels[frame]][None]


def _name_segments(
    axes: Axes, timeline: Timeline, labels: NDArray[np.int64], span_s: tuple[float, float]
) -> None:
    """Write the name into every segment that is wide enough: colour is not the only sign."""
    inch_per_s = _INSIDE / (span_s[1] - span_s[0])
    ends_s = np.append(timeline.times_s[1:], timeline.times_s[-1] + 1 / timeline.fps)
    for run in runs(labels):
        start_s, end_s = float(timeline.times_s[run.start]), float(ends_s[run.stop - 1])
        room_in = (end_s - start_s) * inch_per_s - 0.06
        if room_in < 0.05:
            continue
        for text in (clean(timeline.classes[run.label]), str(run.label)):
            if text_width_in(text, SMALL) <= room_in:
                ink = ink_on(class_colour(run.label, timeline.background))
                style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": SMALL}
                axes.text((start_s + end_s) / 2, 0.48, text, color=ink, parse_math=False, **style)
                break


def _draw_trace(axes: Axes, timeline: Timeline, span_s: tuple[float, float]) -> None:
    times_s, low, mean, high = _envelope(timeline.times_s, timeline.confidence)
    end_s = np.append(times_s, timeline.times_s[-1] + 1 / timeline.fps)
    low, mean, high = (np.append(values, values[-1]) for values in (low, mean, high))
    axes.fill_between(end_s, 0, low, color="#DCE6EE", linewidth=0)
    axes.fill_between(end_s, low, high, color="#A9C3D8", linewidth=0)
    axes.plot(end_s, mean, color="#33566F", linewidth=0.8)
    axes.set(xlim=span_s, ylim=(0, 1.04), yticks=[0, 1])
    axes.yaxis.tick_right()  # leaves the room on the left to the names
    axes.set_ylabel("confidence", rotation=0, ha="right", va="center", fontsize=NORMAL, color=INK)
    axes.yaxis.set_label_coords(*_NAME_AT)
    axes.grid(axis="x", color=FAINT, alpha=0.25, linewidth=0.5)
    tidy(axes)
    axes.spines["left"].set_visible(False)


def _envelope(
    times_s: NDArray[np.float64], values: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """At most POINTS points: time, lowest, mean and highest of neighbouring frames."""
    size = -(-len(values) // POINTS)
    starts = np.arange(0, len(values), size)
    counts = np.diff(np.append(starts, len(values)))
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    mean = (np.add.reduceat(values, starts) / counts).astype(np.float32)
    return times_s[starts], low, mean, high
