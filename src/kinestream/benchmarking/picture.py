"""A benchmark as a picture: how long a frame takes, a dot at the median and a line up to p99."""

from __future__ import annotations

from pathlib import Path

from kinestream.benchmarking.rows import Benchmark
from kinestream.benchmarking.timing import Times

MOST = 40
"""Lines that are drawn."""

_LEFT, _TOP, _BELOW, _WIDTH, _LINE = 2.7, 0.45, 0.6, 4.6, 0.26  # inches


def draw(found: Benchmark, path: Path) -> Path:
    """Draw a line for each bundle that is pushed, each that is stepped, and each peer.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    from kinestream.extras import needs

    with needs("drawing a benchmark", "plot", "matplotlib"):
        from matplotlib.ticker import LogLocator

    from kinestream.viz.canvas import LARGE, NORMAL, clean, new_figure, place, save_figure, tidy
    from kinestream.viz.canvas import write as write_text
    from kinestream.viz.colours import FAINT, INK, PALETTE

    drawn = lines_of(found)[:MOST]
    height = _LINE * len(drawn) + 0.1
    figure = new_figure(_LEFT + _WIDTH + 0.3, _TOP + height + _BELOW)
    write_text(figure, 0.15, 0.12, "One frame on one thread: median, and up to p99", LARGE)
    axes = place(figure, _LEFT, _TOP, _WIDTH, height)
    for number, (_, kind, times) in enumerate(drawn):
        median, slowest = times.percentile_us(50) / 1e3, times.percentile_us(99) / 1e3
        axes.plot([median, slowest], [number, number], color=PALETTE[kind], linewidth=1.3)
        axes.plot([median], [number], "o", color=PALETTE[kind], markersize=5)
    names = [clean(name, 44) for name, _, _ in drawn]
    axes.set_yticks(range(len(drawn)), names, fontsize=NORMAL, parse_math=False)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    for set_formatter in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        set_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("milliseconds", fontsize=NORMAL, color=INK)
    axes.grid(axis="x", color=FAINT, alpha=0.25, linewidth=0.5)
    tidy(axes)
    axes.tick_params(axis="x", which="both", labelsize=NORMAL, labelcolor=INK)
    return save_figure(figure, path)


def lines_of(found: Benchmark) -> list[tuple[str, int, Times]]:
    """Name, kind (0 push, 1 step, 2 peer) and times of each line, peers below their bundle."""
    drawn = []
    for row in found.rows:
        drawn += [(f"{row.title}: push", 0, row.push), (f"{row.title}: step", 1, row.step)]
        drawn += [(peer.name, 2, peer.step) for peer in found.peers if peer.beside == row.title]
    return drawn
