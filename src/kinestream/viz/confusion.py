"""Confusion matrices.

Legend: K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError
from kinestream.viz.canvas import (
    LARGE,
    NORMAL,
    SMALL,
    TINY,
    clean,
    new_figure,
    place,
    save_figure,
    text_width_in,
    write,
)
from kinestream.viz.colours import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_DRAWN = 200
MAX_NUMBERED = 20

_MARGIN = 0.2
_NAME = 32  # characters of a tick label


def plot_confusion(
    matrix: ArrayLike, classes: Sequence[str], path: str | Path, title: str = ""
) -> Path:
    """Draw a confusion matrix, each row as percent of its true class.

    Up to 20 classes the percentages are written into the cells. A class that never occurs is grey.

    Args:
        matrix: (K, K) counts; row is the truth, column the prediction.
        classes: K names.
        path: ``.png``, ``.pdf`` or ``.svg``.
        title: Drawn above it.

    Raises:
        DataError: The matrix is not square, has another size than the names, or more than 200.
        MissingExtraError: matplotlib is not installed.
        ConfigError: The path has another ending.
    """
    counts = _checked(matrix, len(classes))
    few = len(classes) <= MAX_NUMBERED
    names = [clean(name, _NAME) for name in classes]
    if not few:  # names that were cut may look alike
        names = [f"{index}  {name}" for index, name in enumerate(names)]
    figure, axes, bar = _lay_out(names, NORMAL if few else TINY, clean(title, 60))
    _draw(axes, bar, _by_row(counts))
    if few:
        _write_numbers(axes, _by_row(counts))
    return save_figure(figure, path)


def _checked(matrix: ArrayLike, count: int) -> NDArray[np.float64]:
    counts = np.asarray(matrix, dtype=np.float64)
    if not 1 <= count <= MAX_DRAWN:
        raise DataError(f"a confusion matrix is drawn for 1 to {MAX_DRAWN} classes, got {count}.")
    if counts.shape != (count, count) or not np.isfinite(counts).all() or (counts < 0).any():
        raise DataError(
            f"the matrix must hold ({count}, {count}) counts, one row for each class name, got "
            f"shape {counts.shape}."
        )
    return counts


def _lay_out(names: list[str], size: float, title: str) -> tuple[Figure, Axes, Axes]:
    """The figure, the axes of the matrix with its names, and those of the colour bar."""
    figure = new_figure(1, 1)  # before the layout: names are measured with matplotlib
    side = max(len(names) * (0.44 if len(names) <= MAX_NUMBERED else 0.125), 0.9)
    room = max(text_width_in(name, size) for name in names) + 0.36  # names and the axis' own
    left, top = _MARGIN + room, _MARGIN + (0.3 if title else 0)
    width = max(left + side + 0.95, 2 * _MARGIN + text_width_in(title, LARGE) * 1.1)
    figure.set_size_inches(width, top + side + room + _MARGIN)
    if title:
        write(figure, _MARGIN, _MARGIN - 0.06, title, LARGE, weight="bold")
    axes = place(figure, left, top, side, side)
    ticks = range(len(names))
    axes.set_xticks(ticks, names, rotation=90, fontsize=size, parse_math=False)
    axes.set_yticks(ticks, names, fontsize=size, parse_math=False)
    axes.set_xlabel("predicted", fontsize=NORMAL, color=INK)
    axes.set_ylabel("true", fontsize=NORMAL, color=INK)
    return figure, axes, place(figure, left + side + 0.14, top, 0.13, min(side, 2.6))


def _by_row(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percent of each row; NaN where a row is empty."""
    total = counts.sum(axis=1, keepdims=True)
    share = np.full(counts.shape, np.nan)
    np.divide(counts, total, out=share, where=total > 0)
    return np.asarray(100.0 * share)


def _draw(axes: Axes, bar: Axes, percent: NDArray[np.float64]) -> None:
    from matplotlib import colormaps

    shades = colormaps["Blues"].with_extremes(bad="#E6E6E6")
    picture = axes.imshow(np.ma.masked_invalid(percent), cmap=shades, vmin=0, vmax=100)
    scale = axes.figure.colorbar(picture, cax=bar, ticks=[0, 50, 100])
    scale.set_label("% of the true class", fontsize=SMALL, color=INK)
    scale.ax.tick_params(labelsize=SMALL, length=2)
    scale.outline.set_visible(False)
    edges = np.arange(len(percent) + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color="white", linewidth=0.8 if len(percent) <= MAX_NUMBERED else 0.3)
    axes.tick_params(which="both", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _write_numbers(axes: Axes, percent: NDArray[np.float64]) -> None:
    for row, column in np.argwhere(percent >= 0.5):
        value = percent[row, column]
        ink = "white" if value > 55 else INK
        axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=SMALL, color=ink)
