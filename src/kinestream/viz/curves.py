"""Training curves: one panel for each figure, one line for each part of the data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = Sequence[Mapping[str, float]]
Points = tuple[list[float], list[float]]

MAX_PANELS = 24

_NAMES = {
    "loss": "loss",
    "frame_accuracy": "frame accuracy (%)",
    "accuracy": "accuracy (%)",
    "edit": "edit score (%)",
    "f1_10": "F1@10 (%)",
    "f1_25": "F1@25 (%)",
    "f1_50": "F1@50 (%)",
    "learning_rate": "learning rate",
}
_COLOURS = {"train": PALETTE[0], "valid": PALETTE[1], "test": PALETTE[2]}
_MARKERS = {"train": "o", "valid": "s", "test": "^"}
_PANEL_IN = (3.15, 2.15)  # width, height
_PITCH_IN = (3.95, 3.2)
_LEFT, _TOP = 0.65, 0.62
_KEYED = 6  # lines of a panel that are named, three to a row


def plot_curves(rows: Rows, path: str | Path, title: str = "") -> Path:
    """Draw the figures of each epoch.

    Args:
        rows: One mapping for each epoch. ``epoch`` gives the number (else rows count from 1); every
            other key is ``part/figure`` such as ``train/loss`` or ``test/f1_50``, or a figure
            alone. A row without a key is passed over; a value that is not finite leaves a gap.
        path: ``.png``, ``.pdf`` or ``.svg``.
        title: Drawn above all.

    Raises:
        DataError: No row holds a figure, or there are more than 24 figures.
        MissingExtraError: matplotlib is not installed.
        ConfigError: The path has another ending.
    """
    panels = _panels(rows)
    if not 1 <= len(panels) <= MAX_PANELS:
        raise DataError(
            f"curves need 1 to {MAX_PANELS} figures such as 'train/loss', got {len(panels)} in "
            f"{len(rows)} rows."
        )
    columns = 2 if len(panels) == 4 else min(3, len(panels))
    lines = -(-len(panels) // columns)
    head = 0.25 if title else 0.0
    figure = new_figure(columns * _PITCH_IN[0], head + lines * _PITCH_IN[1])
    if title:
        write(figure, _LEFT, 0.14, clean(title, 40 * columns), LARGE, weight="bold")
    epochs = [float(row.get("epoch", number)) for number, row in enumerate(rows, start=1)]
    for number, (name, keys) in enumerate(panels.items()):
        left = _LEFT + number % columns * _PITCH_IN[0]
        top = head + _TOP + number // columns * _PITCH_IN[1]
        axes = place(figure, left, top, *_PANEL_IN)
        _draw_panel(axes, name, {key: _points(rows, epochs, key) for key in keys})
    return save_figure(figure, path)


def _panels(rows: Rows) -> dict[str, list[str]]:
    """Keys by the figure they hold, known figures first, in the order of their first mention."""
    keys = dict.fromkeys(key for row in rows for key in row if key != "epoch")
    panels: dict[str, list[str]] = {}
    for key in keys:
        if any(math.isfinite(row[key]) for row in rows if key in row):
            panels.setdefault(_figure_of(key), []).append(key)
    order = list(_NAMES)
    known = sorted((name for name in panels if name in _NAMES), key=order.index)
    return {name: panels[name] for name in dict.fromkeys([*known, *panels])}


def _figure_of(key: str) -> str:
    return key.rpartition("/")[2].lower().replace("@", "_")


def _points(rows: Rows, epochs: list[float], key: str) -> Points:
    """Epochs and values of the rows that hold the key."""
    held = [(epoch, float(row[key])) for epoch, row in zip(epochs, rows, strict=True) if key in row]
    return (
        [epoch for epoch, _ in held],
        [value if math.isfinite(value) else math.nan for _, value in held],
    )


def _draw_panel(axes: Axes, name: str, lines: Mapping[str, Points]) -> None:
    from matplotlib.ticker import MaxNLocator

    for number, (key, (epochs, values)) in enumerate(lines.items()):
        part = key.rpartition("/")[0]
        last = next(value for value in reversed(values) if not math.isnan(value))
        axes.plot(
            epochs,
            values,
            color=_COLOURS.get(part, PALETTE[(number + 3) % len(PALETTE)]),
            marker=_MARKERS.get(part, "o") if len(epochs) <= 30 else "",
            markersize=3,
            linewidth=1.3,
            label=clean(f"{part} {last:.4g}".strip(), 28) if number < _KEYED else "_",
        )
    axes.set_title(
        clean(_NAMES.get(name, name.replace("_", " ")), 34),
        fontsize=NORMAL,
        loc="left",
        color=INK,
        pad=6 + 12 * -(-min(len(lines), _KEYED) // 3),
        parse_math=False,
    )
    axes.set_xlabel("epoch", fontsize=SMALL, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    # No factor beside the axis, where the key stands.
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}")
    if len({epoch for epochs, _ in lines.values() for epoch in epochs}) == 1:
        axes.margins(x=1)  # one epoch: a span that has whole numbers only
    axes.grid(color=FAINT, alpha=0.25, linewidth=0.5)
    tidy(axes)
    _draw_key(axes)


def _draw_key(axes: Axes) -> None:
    """Names with their last values, between the title and the panel."""
    legend = axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.005, 1.0),
        ncols=3,
        fontsize=SMALL,
        frameon=False,
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=1.1,
        borderaxespad=0.2,
        borderpad=0.1,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
