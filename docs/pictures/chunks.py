"""The picture of a recording trained in chunks.

    python docs/pictures/chunks.py --out docs/chunks.png

Above, two recordings of an effective batch, the longer one in three chunks with their halos. Below,
what becomes of the sums of their losses: one denominator, against a mean of means. The numbers are
those of the example: every frame of the first recording has loss 1, of the second loss 3.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kinestream.viz.canvas import LARGE, NORMAL, SMALL, new_figure, place, save_figure, write
from kinestream.viz.colours import FAINT, INK

WIDTH_IN, HEIGHT_IN = 8.0, 4.1
FRAMES, SHORT, SEGMENT, PAST, AHEAD = 24, 4, 10, 4, 1
OWN, HALO, OTHER = "#9DC3E6", "#E8EEF4", "#F6C28B"
BAR = 0.55


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/chunks.png"))
    save_figure(picture(), parser.parse_args().out)


def picture() -> Figure:
    """Recordings, chunks and sums."""
    figure = new_figure(WIDTH_IN, HEIGHT_IN)
    write(
        figure, 0.15, 0.1, "An effective batch of two recordings, in chunks", LARGE, weight="bold"
    )
    axes = place(figure, 0.15, 0.4, WIDTH_IN - 0.3, 2.35)
    axes.set(xlim=(-3.4, FRAMES + SHORT + 3.4), ylim=(-4.35, 1.2))
    axes.axis("off")
    recordings(axes)
    for number, start in enumerate(range(0, FRAMES, SEGMENT)):
        chunk(axes, -1.15 * (number + 1), start)
    sums(figure)
    return figure


def recordings(axes: Axes) -> None:
    """The batch itself, frame by frame."""
    words(axes, -0.4, BAR / 2, "frames", ha="right")
    for t in range(FRAMES):
        frame(axes, t, 0, OWN)
    for t in range(SHORT):
        frame(axes, FRAMES + 2.4 + t, 0, OTHER)
    words(axes, FRAMES / 2, 0.86, f"recording 1: {FRAMES} frames, each of loss 1")
    words(axes, FRAMES + 2.4 + SHORT / 2, 0.86, f"recording 2: {SHORT}, of loss 3")


def chunk(axes: Axes, y: float, start: int) -> None:
    """What is read for a stretch, what is answered, and what it carries."""
    stop = min(start + SEGMENT, FRAMES)
    words(axes, -0.4, y + BAR / 2, f"chunk {start // SEGMENT + 1}", ha="right")
    for t in range(max(start - PAST, 0), min(stop + AHEAD, FRAMES)):
        frame(axes, t, y, OWN if start <= t < stop else HALO)
    if start:
        words(axes, start - PAST / 2, y - 0.22, "past", SMALL)
    if stop < FRAMES:
        words(axes, stop + AHEAD / 2, y - 0.22, "ahead", SMALL)
    words(axes, (start + stop) / 2, y - 0.22, f"answered: {stop - start} frames", SMALL)
    words(axes, FRAMES + 2.4, y + BAR / 2, f"sum of losses {stop - start}", ha="left")


def sums(figure: Figure) -> None:
    """One denominator, and what a mean of means would make of the same chunks."""
    total, frames = FRAMES + 3 * SHORT, FRAMES + SHORT
    top = 2.85
    write(figure, 0.15, top, "One denominator for all", NORMAL + 1, weight="bold")
    write(
        figure,
        0.15,
        top + 0.27,
        f"(10 + 10 + 4 + 12) / {frames} frames = {total / frames:.3f}: the loss of both recordings at "
        "once, and its gradient, for any segment.",
        NORMAL,
    )
    write(
        figure, 0.15, top + 0.62, "Not a mean of means", NORMAL + 1, weight="bold", color="#A33B2A"
    )
    write(
        figure,
        0.15,
        top + 0.89,
        f"(10/10 + 10/10 + 4/4 + 12/4) / 4 = {6 / 4:.3f}: the last four frames of each recording would "
        "count two and a half",
        NORMAL,
        color=FAINT,
    )
    write(figure, 0.15, top + 1.06, "times as much as the others.", NORMAL, color=FAINT)


def frame(axes: Axes, x: float, y: float, colour: str) -> None:
    """One frame."""
    axes.add_patch(Rectangle((x, y), 1, BAR, facecolor=colour, edgecolor="white", linewidth=1.2))


def words(
    axes: Axes, x: float, y: float, text: str, size: float = NORMAL, ha: str = "center"
) -> None:
    """Text at a place."""
    axes.text(x, y, text, fontsize=size, color=INK, ha=ha, va="center")


if __name__ == "__main__":
    main()
