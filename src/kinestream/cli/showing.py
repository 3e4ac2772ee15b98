"""What the commands print about timelines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kinestream.metrics import evaluate
from kinestream.streaming.resample import same_rate
from kinestream.timeline import Timeline

MAX_SEGMENTS = 40

console = Console(highlight=False)


def plain(text: str) -> str:
    """Text from a file, fit for a terminal: control characters are replaced, markup is not read."""
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))


def show_problem(error: Exception) -> None:
    """Print why one recording of several was left out."""
    console.print(f"[bold red]left out[/bold red] {plain(str(error))}", soft_wrap=True)


def show_person(timeline: Timeline, fps: float, written: Sequence[Path] = ()) -> None:
    """Print the segments of one person, recorded at ``fps``, and what they are worth."""
    source = Path(timeline.source).name or "recording"
    console.print(f"[bold]{plain(source)}[/bold], person {timeline.person}", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column, justify in (("start", "right"), ("end", "right"), ("label", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    table.add_column("score", justify="right")
    segments = timeline.segments
    for segment in segments[:MAX_SEGMENTS]:
        table.add_row(
            f"{segment.start_s:.2f} s",
            f"{segment.end_s:.2f} s",
            plain(segment.name),
            f"{segment.score:.2f}",
        )
    console.print(table)
    if not same_rate(fps, timeline.fps):
        console.print(f"resampled from {fps:g} to the bundle's {timeline.fps:g} frames per second")
    if len(segments) > MAX_SEGMENTS:
        console.print(f"... and {len(segments) - MAX_SEGMENTS} more")
    show_figures(timeline)
    for path in written:
        console.print(f"wrote {escape(str(path))}", soft_wrap=True)


def show_figures(timeline: Timeline) -> None:
    """Print metrics (where the truth is known), delay and latency of one timeline."""
    if has_truth(timeline):
        console.print(str(timeline.report()), soft_wrap=True)
    delay_ms = 1000 * timeline.delay_s
    text = f"delay {timeline.delay_frames} frames ({delay_ms:.0f} ms)"
    latency = timeline.latency_percentiles()
    if latency:
        text += f", latency per frame p50 {latency[0]:.2f} ms, p99 {latency[1]:.2f} ms"
    console.print(text)


def show_total(timelines: Sequence[Timeline]) -> None:
    """Print the metrics over several timelines together."""
    known = [t for t in timelines if has_truth(t) and t.truth is not None]
    if len(known) < 2 or len({t.classes for t in known}) > 1:
        return
    first = known[0]
    report = evaluate(
        [t.labels for t in known],
        [t.truth for t in known if t.truth is not None],
        len(first.classes),
        background=first.background,
    )
    console.print(f"[bold]all[/bold]: {report}", soft_wrap=True)


def has_truth(timeline: Timeline) -> bool:
    """Whether any frame's true label is known."""
    return timeline.truth is not None and bool(np.any(timeline.truth >= 0))
