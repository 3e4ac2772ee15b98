"""What several runs say of the same recordings: bars of segments, one above the other.

Legend: T frames, W columns of a bar.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError
from kinestream.viz.canvas import (
    LARGE,
    NORMAL,
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
from kinestream.viz.colours import INK, UNLABELLED, class_colour, rgb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_BARS = 96
COLUMNS = 4000  # of a bar: more than a printed page resolves

_INSIDE, _RIGHT, _MARGIN = 9.0, 0.3, 0.16  # inches
_BAR, _GAP, _HEADING, _BLOCK_GAP, _AXIS = 0.26, 0.05, 0.24, 0.5, 0.3
_TITLE, _NAME = 0.32, 26


@dataclass(frozen=True, eq=False)
class Mask:
    """One recording and what was said of it.

    Attributes:
        name: Written above its bars.
        rows: Labels (T,) by name, -1 where a frame is not labelled; drawn from top to bottom.
        fps: Frames per second.
    """

    name: str
    rows: Mapping[str, ArrayLike]
    fps: float


def plot_masks(
    masks: Sequence[Mask],
    classes: Sequence[str],
    path: str | Path,
    *,
    background: Collection[int] = (),
    title: str = "",
) -> Path:
    """Draw the segments of recordings, the truth and each run as a bar.

    Classes keep their colour by index; background classes are grey, unlabelled frames are hatched.

    Args:
        masks: The recordings.
        classes: Names of the classes.
        path: ``.png``, ``.pdf`` or ``.svg``.
        background: Classes that are no segments.
        title: Drawn above all.

    Raises:
        DataError: There is nothing to draw, more than 96 bars, or labels do not fit.
        MissingExtraError: matplotlib is not installed.
        ConfigError: The path has another ending.
    """
    rows = [_checked(mask, len(classes)) for mask in masks]
    if not 1 <= sum(map(len, rows)) <= MAX_BARS:
        raise DataError(
            f"a picture shows 1 to {MAX_BARS} bars, got {sum(map(len, rows))}: choose fewer "
            f"recordings or runs."
        )
    figure = new_figure(1, 1)  # before the layout: names are measured with matplotlib
    names = [clean(name, _NAME) for mask in masks for name in mask.rows]
    left = _MARGIN + max(text_width_in(name, NORMAL) for name in names) + 0.12
    legend = Legend(_entries(rows, classes, background), _INSIDE)
    top = _MARGIN + (_TITLE if title else 0)
    heights = [_HEADING + len(row) * (_BAR + _GAP) + _BLOCK_GAP for row in rows]
    below = top + sum(heights) + _AXIS - 0.15
    figure.set_size_inches(left + _INSIDE + _RIGHT, below + legend.height_in + _MARGIN)
    if title:
        write(figure, left, _MARGIN, clean(title, 84), LARGE, weight="bold")
    colours = [(*rgb(class_colour(k, background)), 1.0) for k in range(len(classes))]
    table = np.array([*colours, (1.0, 1.0, 1.0, 0.0)])  # what -1 indexes lets the hatching show
    for mask, row, height in zip(masks, rows, heights, strict=True):
        _draw(figure, mask, row, table, (left, top))
        top += height
    legend.draw(figure, left, below)
    return save_figure(figure, path)


def _checked(mask: Mask, count: int) -> dict[str, NDArray[np.int64]]:
    rows = {name: np.asarray(labels, dtype=np.int64) for name, labels in mask.rows.items()}
    lengths = {row.shape for row in rows.values()}
    if len(lengths) != 1 or len(*lengths) != 1 or 0 in next(iter(lengths)):
        raise DataError(
            f"the rows of {mask.name!r} must hold a label for each frame, got shapes "
            f"{', '.join(map(str, sorted(lengths))) or 'none'}."
        )
    if any(row.min() < -1 or row.max() >= count for row in rows.values()):
        raise DataError(f"the rows of {mask.name!r} must hold labels from -1 to {count - 1}.")
    if not (np.isfinite(mask.fps) and mask.fps > 0):
        raise DataError(f"fps must be above 0, got {mask.fps}.")
    return rows


def _entries(
    rows: Sequence[Mapping[str, NDArray[np.int64]]],
    classes: Sequence[str],
    background: Collection[int],
) -> list[Entry]:
    """Legend of the classes that occur, in the order of their index."""
    seen = {int(label) for each in rows for labels in each.values() for label in np.unique(labels)}
    entries: list[Entry] = [
        (f"{k}  {clean(classes[k])}", {"facecolor": class_colour(k, background)})
        for k in sorted(seen - {-1})
    ]
    if -1 in seen:
        entries.append(("not labelled", {**UNLABELLED, "linewidth": 0}))
    return entries


def _draw(
    figure: Figure,
    mask: Mask,
    rows: Mapping[str, NDArray[np.int64]],
    table: NDArray[np.float64],
    corner: tuple[float, float],
) -> None:
    from matplotlib.patches import Rectangle

    left, top = corner
    write(figure, left, top, clean_end(mask.name, 90), NORMAL)
    top += _HEADING
    for number, (name, labels) in enumerate(rows.items()):
        axes = place(figure, left, top, _INSIDE, _BAR)
        end_s = len(labels) / mask.fps
        axes.add_patch(Rectangle((0, 0), end_s, 1, **UNLABELLED, linewidth=0, zorder=0))
        # Each column shows the frame that is on at its middle.
        frames = ((np.arange(COLUMNS) + 0.5) * len(labels) / COLUMNS).astype(np.int64)
        axes.imshow(
            table[labels[frames]][None],
            extent=(0, end_s, 0, 1),
            aspect="auto",
            interpolation="nearest",
            zorder=1,
        )
        axes.set(xlim=(0, end_s), ylim=(0, 1), yticks=[])
        axes.text(
            *(-0.008, 0.5), clean(name, _NAME), transform=axes.transAxes, ha="right",
            va="center", fontsize=NORMAL, color=INK, parse_math=False,
        )  # fmt: skip
        tidy(axes)
        axes.spines[["left", "bottom"]].set_visible(False)
        last = number == len(rows) - 1
        axes.tick_params(bottom=last, labelbottom=last)
        if last:
            axes.set_xlabel("time (s)", fontsize=NORMAL, color=INK, labelpad=1)
        top += _BAR + _GAP
