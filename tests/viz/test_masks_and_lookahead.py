"""Masks of several runs, and figures against look-ahead."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kinestream.errors import ConfigError, DataError
from kinestream.viz import curves_lookahead, masks
from kinestream.viz.canvas import save_figure
from kinestream.viz.colours import BACKGROUND, PALETTE, rgb
from kinestream.viz.curves_lookahead import plot_lookahead
from kinestream.viz.masks import COLUMNS, Mask, plot_masks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

pytest.importorskip("matplotlib")

CLASSES = ("rest", "a$b^{$", "turn")
HOSTILE = ("a$b^{$", "_hidden", "line\nbreak\x07", "x" * 500)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """Every figure that is saved."""
    figures: list[Any] = []

    def keep(figure: Figure, path: str | Path) -> Path:
        figures.append(figure)
        return save_figure(figure, path)

    for module in (masks, curves_lookahead):
        monkeypatch.setattr(module, "save_figure", keep)
    yield figures


def test_every_bar_shows_the_label_of_its_frame(drawn: list[Figure], tmp_path: Path) -> None:
    truth, seen = [0, 0, 1, 1, -1, 2, 2, 2], [0, 1, 1, 1, 1, 2, 2, 0]
    mask = Mask("day 1", {"truth": truth, "run": seen}, fps=2.0)
    plot_masks([mask], CLASSES, tmp_path / "m.png", background=(0,))
    bars = [axes for axes in drawn[0].axes if axes.images]
    colours = {0: (*rgb(BACKGROUND), 1), 1: (*rgb(PALETTE[1]), 1), 2: (*rgb(PALETTE[2]), 1)}
    for axes, labels in zip(bars, (truth, seen), strict=True):
        picture = np.asarray(axes.images[0].get_array())
        assert picture.shape == (1, COLUMNS, 4)
        middles = picture[0, [(2 * t + 1) * COLUMNS // 16 for t in range(8)]]
        for label, colour in zip(labels, middles, strict=True):
            assert tuple(colour) == pytest.approx(colours.get(label, (1, 1, 1, 0)))
        assert axes.get_xlim() == (0, 4)  # 8 frames at 2 per second
    names = [text.get_text() for axes in bars for text in axes.texts]
    assert names == ["truth", "run"]
    assert bars[0].get_window_extent().y0 > bars[1].get_window_extent().y1


def test_names_do_no_harm_and_no_texts_overlap(drawn: list[Figure], tmp_path: Path) -> None:
    shown = [
        Mask(name, {"truth": [0, 1], **dict.fromkeys(HOSTILE, [1, -1])}, 25.0) for name in HOSTILE
    ]
    plot_masks(shown, CLASSES, tmp_path / "m.png", title=HOSTILE[3])
    (figure,) = drawn
    figure.canvas.draw()
    boxes = [t.get_window_extent() for axes in figure.axes for t in axes.texts if t.get_text()]
    boxes += [text.get_window_extent() for text in figure.texts]
    width, height = figure.get_size_inches() * figure.dpi
    for number, box in enumerate(boxes):
        assert -1 <= box.x0 <= box.x1 <= width + 1
        assert -1 <= box.y0 <= box.y1 <= height + 1
        for other in boxes[:number]:
            assert not box.shrunk(0.98, 0.9).overlaps(other.shrunk(0.98, 0.9))


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        ([], "got 0"),
        ([Mask("a", {}, 25.0)], "got shapes none"),
        ([Mask("a", {"truth": []}, 25.0)], "a label for each frame"),
        ([Mask("a", {"truth": [0], "run": [0, 1]}, 25.0)], "a label for each frame"),
        ([Mask("a", {"truth": [3]}, 25.0)], "labels from -1 to 2"),
        ([Mask("a", {"truth": [0]}, math.nan)], "fps must be above 0"),
        ([Mask("a", {"truth": [0]}, 25.0)] * 97, "choose fewer"),
    ],
)
def test_masks_that_cannot_be_drawn(shown: list[Mask], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        plot_masks(shown, CLASSES, tmp_path / "m.png")
    with pytest.raises(ConfigError, match=r"ends in \.png"):
        plot_masks([Mask("a", {"t": [0]}, 25.0)], CLASSES, tmp_path / "m.gif")


def test_look_ahead_is_drawn_in_order(drawn: list[Figure], tmp_path: Path) -> None:
    points = [(0.4, {"F1@10": 80.0, "F1@50": math.nan}), (0.0, {"F1@10": 60.0, "F1@50": 50.0})]
    plot_lookahead(points, tmp_path / "l.png", title="a$b^{$")
    (axes,) = drawn[0].axes
    first, second = axes.lines
    assert np.asarray(first.get_xdata()).tolist() == [0.0, 0.4]
    assert np.asarray(first.get_ydata()).tolist() == [60.0, 80.0]
    assert np.isnan(np.asarray(second.get_ydata())).tolist() == [False, True]


@pytest.mark.parametrize("waits", [(), (0.0,), (0.2, 0.2), (0.0, -1.0), (0.0, math.inf)])
def test_look_ahead_needs_two_models(waits: tuple[float, ...], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="look-ahead"):
        plot_lookahead([(wait, {"F1@10": 1.0}) for wait in waits], tmp_path / "l.png")
