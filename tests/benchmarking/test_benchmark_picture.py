"""The picture of a benchmark: all of it is there, on the page and legible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from kinestream.benchmarking import Benchmark, Peer, Row, Settings, Times
from kinestream.benchmarking.facts import Facts

pytest.importorskip("matplotlib")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kinestream.benchmarking import picture

LONG = (
    "a_bundle_of_the_longest_name_" + "x" * 35,
    "a_bundle_of_the_longest_name_" + "y" * 35,
    "two",
)


def times(milliseconds: float) -> Times:
    return Times(np.full((2, 3), milliseconds / 1000))


def made(names: Sequence[str], peers: int = 1, step: float = 0.3, push: float = 4.0) -> Benchmark:
    """Every bundle in three engines and two precisions, with peers beside the first row of each."""
    ways = [(e, p) for e in ("onnxruntime", "openvino", "numpy") for p in ("float32", "int8")]
    facts = Facts("stgcn", 1, 1, 1, 1, 1, 0, 1, 1)
    rows = tuple(
        Row(name, name, name, *way, facts, times(push), times(step), {}, 1.0)
        for name in names
        for way in ways
    )
    beside = tuple(
        Peer(f"window {number}", row, times(9), 30.0)
        for row in rows[:: len(ways)]
        for number in range(peers)
    )
    return Benchmark({}, Settings(), rows, beside)


def drawn(found: Benchmark) -> Figure:
    """The picture, with every text where it will be."""
    figure = picture.picture_of(found)
    FigureCanvasAgg(figure)
    figure.canvas.draw()
    return figure


def labels_of(found: Benchmark) -> list[str]:
    """What stands beside the lines of the figure."""
    (axes,) = picture.picture_of(found).axes
    return [label.get_text() for label in axes.get_yticklabels()]


@pytest.mark.parametrize("names", [["one"], LONG])
def test_no_text_leaves_the_page_or_covers_another(names: Sequence[str]) -> None:
    figure = drawn(made(names))
    (axes,) = figure.axes
    seen = [label for label in axes.get_yticklabels() if label.get_text()]
    boxes = [text.get_window_extent() for text in (*seen, *figure.texts, axes.xaxis.label)]
    for box in boxes:
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
    for above, below in zip(boxes[: len(seen) - 1], boxes[1 : len(seen)], strict=True):
        assert below.y1 <= above.y0 + 1


def test_engine_precision_and_kind_are_whole_and_all_names_differ() -> None:
    found = made(LONG)
    labels = labels_of(found)
    assert len(labels) == len(set(labels)) == 3 * (6 * 2 + 1)
    for name, row in zip(pushed(labels), found.rows, strict=True):
        assert name.endswith(f", {row.way}: push")
    assert sum("…" in label for label in labels) == 2 * 13


def pushed(labels: Sequence[str]) -> list[str]:
    return [label for label in labels if label.endswith(": push")]


def test_a_peer_is_drawn_once_below_its_row_even_where_titles_repeat() -> None:
    found = made(["same", "same"])
    lines = picture.lines_of(found)
    assert [line.words for line in lines if line.kind == 2] == [
        ""
    ] * 2  # one name: no need to tell it
    assert [number for number, line in enumerate(lines) if line.kind == 2] == [2, 15]


def test_peers_tell_their_bundle_where_there_are_several() -> None:
    assert "window 0" in labels_of(made(["one"]))
    labels = labels_of(made(["one", "two"]))
    assert {"one: window 0", "two: window 0"} <= set(labels)
    assert labels.index("two: window 0") == labels.index("two, onnxruntime: step") + 1


def test_more_lines_than_are_drawn_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MOST", 10)
    figure = drawn(made(["one", "two"]))
    assert len(figure.axes[0].get_yticklabels()) == 10
    assert any("16 more lines are in benchmark.csv" in text.get_text() for text in figure.texts)
    for text in figure.texts:
        box = text.get_window_extent()
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1


@pytest.mark.parametrize(("step", "push"), [(0.3, 4.0), (0.21, 0.22), (0.001, 900.0)])
def test_all_numbers_below_the_axis_stand_on_one_height(step: float, push: float) -> None:
    figure = drawn(made(["one"], step=step, push=push))
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    ticks = [*axes.xaxis.get_major_ticks(), *axes.xaxis.get_minor_ticks()]
    shown = [tick.label1 for tick in ticks if low <= tick.get_loc() <= high]
    boxes = sorted((text.get_window_extent() for text in shown), key=lambda box: float(box.x0))
    assert len(boxes) >= 2
    assert len({round(float(box.y1), 1) for box in boxes}) == 1
    assert all(one.x1 < other.x0 for one, other in zip(boxes, boxes[1:], strict=False))
