"""What waiting is worth: figures of several models over the time that their labels wait."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from kinestream.errors import DataError
from kinestream.viz.canvas import (
    LARGE,
    NORMAL,
    SMALL,
    clean,
    new_figure,
    place,
    save_figure,
    tidy,
    write,
)
from kinestream.viz.colours import FAINT, INK, PALETTE

MAX_POINTS = 64

_MARKERS = "os^Dv"
_PANEL_IN = (5.2, 3.0)  # width, height
_LEFT, _TOP, _BELOW, _BESIDE = 0.75, 0.42, 0.62, 1.25


def plot_lookahead(
    points: Sequence[tuple[float, Mapping[str, float]]], path: str | Path, title: str = ""
) -> Path:
    """Draw figures against look-ahead, a line for each figure and a point for each model.

    Args:
        points: Look-ahead of a model in seconds, and its figures in percent. A figure that is not
            finite leaves a gap.
        path: ``.png``, ``.pdf`` or ``.svg``.
        title: Drawn above it.

    Raises:
        DataError: There are not two models of different look-ahead, or a look-ahead is below 0.
        MissingExtraError: matplotlib is not installed.
        ConfigError: The path has another ending.
    """
    waits = {wait for wait, _ in points}
    if not 2 <= len(waits) <= len(points) <= MAX_POINTS:
        raise DataError(
            f"F1 against look-ahead needs 2 to {MAX_POINTS} models, two of them of different "
            f"look-ahead; got {len(points)} of {len(waits)}."
        )
    if not all(math.isfinite(wait) and wait >= 0 for wait in waits):
        raise DataError(f"a look-ahead must be 0 s or more, got {min(waits)}.")
    figure = new_figure(_LEFT + _PANEL_IN[0] + _BESIDE, _TOP + _PANEL_IN[1] + _BELOW)
    if title:
        write(figure, _LEFT, 0.12, clean(title, 56), LARGE, weight="bold")
    axes = place(figure, _LEFT, _TOP, *_PANEL_IN)
    ordered = sorted(points, key=lambda point: point[0])
    for number, key in enumerate(dict.fromkeys(key for _, row in points for key in row)):
        held = [(wait, row[key]) for wait, row in ordered if key in row]
        axes.plot(
            [wait for wait, _ in held],
            [value if math.isfinite(value) else math.nan for _, value in held],
            color=PALETTE[number % len(PALETTE)],
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=4.5,
            linewidth=1.3,
            label=clean(key, 16),
        )
    axes.set_xlabel("look-ahead (s)", fontsize=NORMAL, color=INK)
    axes.set_ylabel("%", fontsize=NORMAL, color=INK)
    axes.grid(color=FAINT, alpha=0.25, linewidth=0.5)
    tidy(axes)
    legend = axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=SMALL, frameon=False
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return save_figure(figure, path)
