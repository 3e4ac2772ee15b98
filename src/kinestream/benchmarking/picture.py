"""A benchmark as a picture: how long a frame takes, a dot at the median and a line up to p99."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kinestream.benchmarking.names import shortened
from kinestream.benchmarking.rows import Benchmark
from kinestream.benchmarking.timing import Times

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 400
"""Lines that are drawn; the picture says how many more there are."""

_NAMES, _TOP, _BELOW, _WIDTH, _LINE = 3.6, 0.45, 0.6, 4.6, 0.26  # inches
_EDGE, _GAP = 0.15, 0.12  # inches
_DECADES = 4  # as many have room for numbers between the powers of ten


class Line(NamedTuple):
    """One line of the picture.

    Attributes:
        label: What the bundle is called; shortened where room is short.
        words: What is written behind it, whole.
        kind: 0 push, 1 step, 2 peer.
        times: That are drawn.
    """

    label: str
    words: str
    kind: int
    times: Times


def draw(found: Benchmark, path: Path) -> Path:
    """Draw a line for each bundle that is pushed, each that is stepped, and each peer.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    from kinestream.viz.canvas import save_figure

    return save_figure(picture_of(found), path)


def picture_of(found: Benchmark) -> Figure:
    """The figure, as high as its lines ask for.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    from kinestream.viz.canvas import LARGE, NORMAL, new_figure, place, text_width_in
    from kinestream.viz.canvas import write as write_text
    from kinestream.viz.colours import PALETTE

    lines = lines_of(found)
    drawn, left_out = lines[:MOST], len(lines[MOST:])
    height = _LINE * len(drawn) + 0.1
    figure = new_figure(1, 1)
    names = names_of(drawn)
    left = _EDGE + max(text_width_in(name, NORMAL) for name in names) + _GAP
    figure.set_size_inches(left + _WIDTH + 0.3, _TOP + height + _BELOW + (0.2 if left_out else 0))
    write_text(figure, _EDGE, 0.12, "One frame on one thread: median, and up to p99", LARGE)
    if left_out:
        note = f"{left_out:,} more lines are in benchmark.csv"
        write_text(figure, _EDGE, _TOP + height + _BELOW, note, NORMAL)
    axes = place(figure, left, _TOP, _WIDTH, height)
    for number, line in enumerate(drawn):
        median, slowest = (line.times.percentile_us(share) / 1e3 for share in (50, 99))
        colour = PALETTE[line.kind]
        axes.plot([median, slowest], [number, number], color=colour, linewidth=1.3)
        axes.plot([median], [number], "o", color=colour, markersize=5)
    axes.set_yticks(range(len(drawn)), names, fontsize=NORMAL, parse_math=False)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    _milliseconds(axes)
    return figure


def lines_of(found: Benchmark) -> list[Line]:
    """All lines, peers below their row; with one bundle its name need not be told again."""
    several = len({row.label for row in found.rows}) > 1
    lines = []
    for row in found.rows:
        lines.append(Line(row.label, f", {row.way}: push", 0, row.push))
        lines.append(Line(row.label, f", {row.way}: step", 1, row.step))
        for peer in found.peers:
            if peer.beside is row:
                named = (row.label, f": {peer.name}") if several else (peer.name, "")
                lines.append(Line(*named, 2, peer.step))
    return lines


def names_of(lines: list[Line]) -> list[str]:
    """What stands beside the lines: labels are cut in the middle, the words behind them never."""
    from kinestream.viz.canvas import NORMAL, clean, text_width_in

    def width_in(text: str) -> float:
        return text_width_in(text, NORMAL)

    longest = _NAMES - max(width_in(line.words) for line in lines)
    labels = shortened([clean(line.label, 200) for line in lines], longest, width_in)
    return [label + line.words for label, line in zip(labels, lines, strict=True)]


def _milliseconds(axes: Axes) -> None:
    """A logarithmic axis with plain numbers, those between powers of ten where there is room."""
    from matplotlib.ticker import LogLocator, NullLocator

    from kinestream.viz.canvas import NORMAL, tidy
    from kinestream.viz.colours import FAINT, INK

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    more = max(1.0, (10 * low / high) ** 0.5)  # a power of ten at least, so that some numbers show
    axes.set_xlim(low / more, high * more)
    few = high / low < 10**_DECADES
    axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)) if few else NullLocator())
    for set_formatter in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        set_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("milliseconds", fontsize=NORMAL, color=INK)
    axes.grid(axis="x", color=FAINT, alpha=0.25, linewidth=0.5)
    tidy(axes)
    axes.tick_params(axis="x", which="both", length=3, pad=3.5, labelsize=NORMAL, labelcolor=INK)
