"""The picture of a temporal convolution that streams.

    python docs/pictures/fifo.py --out docs/fifo.png

Kernel 3 and dilation 2: a ring of the last four entries, of which the oldest and the middle one are
read. To the left the causal form, to the right the centred one, which answers two frames later.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from kinestream.viz.canvas import LARGE, NORMAL, new_figure, place, save_figure, write
from kinestream.viz.colours import FAINT, INK

KERNEL, DILATION = 3, 2
RING = (KERNEL - 1) * DILATION
READ, NEWEST, ANSWER, KEPT = "#8CCBF0", "#F5CD7E", "#92D3B7", "#F1F1F1"
TEXT = NORMAL + 1.5

WIDTH_IN, HEIGHT_IN, TOP_IN, MARGIN_IN = 8.0, 3.85, 0.72, 0.15
LEFT, RIGHT, BOTTOM, TOP = -0.95, 7.0, -1.15, 5.1
NEW, SIDE = RING + 0.6, 6.45  # where the newest frame and the residual stand
PRODUCTS, SUM, OUT = 1.75, 3.1, 4.45


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/fifo.png"))
    save_figure(picture(), parser.parse_args().out)


def picture() -> Figure:
    """Both forms side by side."""
    figure = new_figure(WIDTH_IN, HEIGHT_IN)
    half = WIDTH_IN / 2
    heads = (
        ("Causal: look-ahead 0", "answers for the frame that has just come"),
        ("Centred: look-ahead 2", "the same weights; answers two frames later"),
    )
    for column, (head, below) in enumerate(heads):
        left = MARGIN_IN + column * half
        write(figure, left, 0.12, head, LARGE, weight="bold")
        write(figure, left, 0.38, below, TEXT)
        axes = place(figure, left, TOP_IN, half - 2 * MARGIN_IN, HEIGHT_IN - TOP_IN)
        axes.set(xlim=(LEFT, RIGHT), ylim=(BOTTOM, TOP), aspect="equal", anchor="NW")
        axes.axis("off")
        draw(axes, lookahead=column * DILATION)
    return figure


def draw(axes: Axes, lookahead: int) -> None:
    """One step: the ring and the newest frame, the products, the residual, the answer."""
    for x, back in enumerate(range(RING, 0, -1)):
        entry(axes, x, 0, back, READ if back % DILATION == 0 else KEPT)
    entry(axes, NEW, 0, 0, NEWEST)
    words(axes, RING / 2 - 0.5, -0.85, f"ring of (k - 1) d = {RING} entries")
    words(axes, NEW, -0.85, "newest")
    arrow(axes, (-0.47, 0), (LEFT, 0), FAINT)
    arrow(axes, (NEW - 0.47, 0), (RING - 0.53, 0), FAINT)
    products(axes)
    residual(axes, lookahead)
    axes.add_patch(Circle((NEW / 2, SUM), 0.27, facecolor="white", edgecolor=INK, linewidth=1))
    words(axes, NEW / 2, SUM, "+", LARGE)
    arrow(axes, (NEW / 2, SUM + 0.27), (NEW / 2, OUT - 0.4), INK)
    box(axes, NEW / 2, OUT, 1.5, 0.8, ANSWER)
    words(axes, NEW / 2, OUT, f"y(t-{lookahead})" if lookahead else "y(t)")


def products(axes: Axes) -> None:
    """One product for each tap, straight above what it reads, and their sum."""
    box(axes, NEW / 2, PRODUCTS, NEW + 0.9, 0.8, "white")
    taps = [tap * DILATION for tap in range(KERNEL - 1)] + [NEW]
    for number, x in enumerate(taps):
        words(axes, x, PRODUCTS, f"W{'₀₁₂'[number]}")
        arrow(axes, (x, 0.45), (x, PRODUCTS - 0.4), INK)
    for before, after in pairwise(taps):
        words(axes, (before + after) / 2, PRODUCTS, "+")
    arrow(axes, (NEW / 2, PRODUCTS + 0.4), (NEW / 2, SUM - 0.27), INK)


def residual(axes: Axes, lookahead: int) -> None:
    """The way around the convolution, through a ring of its own where the answer is late."""
    heights = [1.0 + n for n in range(lookahead)]
    line(axes, (NEW + 0.45, 0), (SIDE, 0))
    line(axes, (SIDE, 0), (SIDE, SUM))
    arrow(axes, (SIDE, SUM), (NEW / 2 + 0.27, SUM), INK)
    for back, height in enumerate(heights, start=1):
        entry(axes, SIDE, height, back, READ if back == lookahead else KEPT)
    says = f"residual, {lookahead} frames late" if lookahead else "residual, at once"
    words(axes, SIDE, SUM + 0.3, says, ha="right")


def entry(axes: Axes, x: float, y: float, back: int, colour: str) -> None:
    """The entry of a ring that is ``back`` frames old."""
    box(axes, x, y, 0.9, 0.9, colour)
    words(axes, x, y, f"t-{back}" if back else "t")


def box(axes: Axes, x: float, y: float, width: float, height: float, colour: str) -> None:
    """A box around a place."""
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.1",
            facecolor=colour,
            edgecolor=INK,
            linewidth=1,
        )
    )


def words(
    axes: Axes, x: float, y: float, text: str, size: float = TEXT, *, ha: str = "center"
) -> None:
    """Text around a place."""
    axes.text(x, y, text, ha=ha, va="center", fontsize=size, color=INK)


def line(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A thin line, below all boxes."""
    axes.plot((start[0], end[0]), (start[1], end[1]), color=INK, linewidth=1, zorder=0)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    """A thin arrow."""
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)


if __name__ == "__main__":
    main()
