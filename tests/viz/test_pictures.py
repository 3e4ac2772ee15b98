"""Pictures: what is drawn, that no text hides another, and that hostile input does no harm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import ConfigError, DataError, MissingExtraError
from kinestream.skeletons import skeleton
from kinestream.timeline import Timeline
from kinestream.viz import plot_confusion, plot_curves, plot_skeleton, plot_timeline
from kinestream.viz.canvas import save_figure
from kinestream.viz.colours import PALETTE, class_colour, rgb
from kinestream.viz.skeleton import project

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

pytest.importorskip("matplotlib")

Image = NDArray[np.float64]
HOSTILE = ("a$b^{$", "_hidden", "line\nbreak\x07", r"$\frac{$", "<b>&amp;", "x" * 500, "")


def timeline(count: int, frames: int = 240, truth: bool = True, **changes: Any) -> Timeline:
    random = np.random.default_rng(count)
    labels = np.repeat(random.integers(count, size=frames), 12)[:frames]
    scores = np.full((frames, count), 0.1 / max(count - 1, 1), dtype=np.float32)
    scores[np.arange(frames), labels] = 0.9
    shifted = np.roll(labels, 5)
    shifted[30:50] = -1
    settings: dict[str, Any] = {
        "classes": tuple(f"take something out of the pocket {k}" for k in range(count)),
        "truth": shifted if truth else None,
        "source": "recordings/of/the/second/day/at/home/S07_walk.skeleton",
        "delay_frames": 12,
    }
    return Timeline(fps=30.0, scores=scores, times_s=np.arange(frames) / 30, **settings | changes)


def walk(people: int = 1) -> Clip:
    layout = skeleton("ntu25")
    data = np.random.default_rng(0).normal(size=(3, 20, 25, people)).astype(np.float32)
    data[:, 4, 7] = np.nan
    labels = np.repeat([0, -1], 10)
    return Clip(data, layout, 30.0, classes=("walk",), labels=labels)


def rows(epochs: int, every: int = 1) -> list[dict[str, float]]:
    parts = {"train": 1, "valid": 1, "test": every}
    names = ("loss", "frame_accuracy", "edit", "f1_10", "f1_50")
    return [
        {"epoch": epoch, "learning_rate": 1e-3 / epoch}
        | {
            f"{part}/{name}": 99.999 / epoch
            for part, period in parts.items()
            for name in names
            if epoch % period == 0
        }
        for epoch in range(1, epochs + 1)
    ]


def counts(classes: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(0, 50, (classes, classes))


def names(classes: int) -> list[str]:
    return [f"take something out of the pocket {k}" for k in range(classes)]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """The figures that were saved, as they were."""
    figures: list[Figure] = []

    def keep(figure: Figure, path: str | Path) -> Path:
        figures.append(figure)
        return save_figure(figure, path)

    for module in ("timeline", "curves", "confusion", "skeleton"):
        monkeypatch.setattr(f"kinestream.viz.{module}.save_figure", keep)
    yield figures


def texts(figure: Figure) -> list[Text]:
    """All texts that can be seen."""
    found: list[Text] = list(figure.texts)
    for axes in figure.axes:
        found += axes.texts
        legend = axes.get_legend()
        found += legend.get_texts() if legend else []
        if not axes.axison:
            continue
        found += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]  # type: ignore[attr-defined]
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            for tick in axis.get_major_ticks():
                if min(low, high) <= tick.get_loc() <= max(low, high):  # type: ignore[attr-defined]
                    found += [tick.label1, tick.label2]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


CALLS: dict[str, Callable[[Path], Path]] = {
    "timeline of 1": lambda path: plot_timeline(timeline(1, truth=False), path),
    "timeline of 10": lambda path: plot_timeline(timeline(10), path, title="Ten"),
    "timeline of 60": lambda path: plot_timeline(timeline(60, 2000), path, title="Sixty"),
    "three timelines": lambda path: plot_timeline([timeline(10) for _ in range(3)], path),
    "curves": lambda path: plot_curves(rows(40, every=5), path, title="Run 7"),
    "one epoch": lambda path: plot_curves(rows(1), path),
    "one curve": lambda path: plot_curves([{"train/loss": 1.0}, {"train/loss": 0.5}], path),
    "confusion of 1": lambda path: plot_confusion([[5]], ["walk"], path, title="A long title here"),
    "confusion of 10": lambda path: plot_confusion(counts(10), names(10), path, title="Ten"),
    "confusion of 60": lambda path: plot_confusion(counts(60), names(60), path, title="Sixty"),
    "skeletons": lambda path: plot_skeleton(walk(2), range(0, 20, 2), path, title="Walk"),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_text_leaves_the_picture_or_hides_another(
    name: str, drawn: list[Figure], tmp_path: Path
) -> None:
    CALLS[name](tmp_path / "picture.png")
    (figure,) = drawn
    figure.canvas.draw()
    page = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    assert boxes
    for text, box in boxes:
        assert page.x0 <= box.x0 < box.x1 <= page.x1, text
        assert page.y0 <= box.y0 < box.y1 <= page.y1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(across, down) <= 1, f"{one!r} hides {other!r}"  # a pixel of the font's margin


def read(path: Path) -> Image:
    from matplotlib.image import imread

    return np.asarray(imread(path), dtype=np.float64)[..., :3]


def spans(image: Image, colours: list[str]) -> set[tuple[str, ...]]:
    """For every line of pixels the order in which colours come, each run named once."""
    table = np.array([rgb(colour) for colour in colours])
    near = np.abs(image[:, :, None] - table).max(axis=-1) < 0.01  # (height, width, colours)
    found = set()
    for line in near:
        order = [int(cell.argmax()) for cell in line if cell.any()]
        kept = [k for at, k in enumerate(order) if at == 0 or order[at - 1] != k]
        found.add(tuple(colours[k] for k in kept))
    return found


def test_bars_show_prediction_and_truth_in_class_colours(tmp_path: Path) -> None:
    labels = np.repeat([3, 0, 1], 40)
    truth = np.repeat([3, 0, 2], 40)
    scores = np.eye(4, dtype=np.float32)[labels]
    line = Timeline(tuple("abcd"), 10.0, scores, np.arange(120) / 10, truth=truth, background=(0,))
    image = read(line.plot(tmp_path / "line.png"))
    wanted = [class_colour(k, line.background) for k in range(4)]
    found = spans(image, wanted)
    assert tuple(wanted[k] for k in (3, 0, 1)) in found
    assert tuple(wanted[k] for k in (3, 0, 2)) in found


def test_a_name_is_written_only_where_it_fits(tmp_path: Path, drawn: list[Figure]) -> None:
    labels = np.repeat([0, 1, 0, 1], [200, 8, 3, 89])
    scores = np.eye(2, dtype=np.float32)[labels]
    long, short = "a name that needs much room", "walk"
    line = Timeline((long, short), 10.0, scores, np.arange(300) / 10)
    plot_timeline(line, tmp_path / "line.png")
    bar = drawn[0].axes[0]
    drawn[0].canvas.draw()
    assert [text.get_text() for text in bar.texts] == [long, "1", short]
    for text, (start_s, end_s) in zip(bar.texts, [(0, 20), (20, 20.8), (21.1, 30)], strict=True):
        left, right = bar.transData.transform([(start_s, 0), (end_s, 0)])[:, 0]
        box = text.get_window_extent()
        assert left <= box.x0 < box.x1 <= right
    plot_timeline(timeline(60, 400), tmp_path / "many.png")
    truth = drawn[1].axes[1].texts
    assert truth and all(text.get_text().isdigit() for text in truth)


def test_a_pause_in_time_is_drawn_as_long_as_it_was(tmp_path: Path) -> None:
    scores = np.eye(2, dtype=np.float32)[[0, 1]]
    line = Timeline(("a", "b"), 10.0, scores, np.array([0.0, 0.9]))
    image = read(line.plot(tmp_path / "line.png"))
    first, second = (
        (np.abs(image - rgb(class_colour(k))).max(axis=-1) < 0.01).sum(axis=1).max() for k in (0, 1)
    )
    assert first / second == pytest.approx(9, rel=0.03)


def test_long_recordings_are_drawn_in_columns(tmp_path: Path, drawn: list[Figure]) -> None:
    line = timeline(5, frames=300_000, truth=False)
    plot_timeline(line, tmp_path / "long.png")
    artists = sum(len(axes.get_children()) for axes in drawn[0].axes)
    assert artists < 200
    assert max(len(each.get_xdata()) for axes in drawn[0].axes for each in axes.lines) < 5000  # type: ignore[arg-type]


def test_hostile_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    count = len(HOSTILE)
    line = timeline(count, classes=HOSTILE, source="x" * 4000 + "$^{$\n")
    for form in ("png", "pdf", "svg"):
        assert plot_timeline(line, tmp_path / f"a.{form}", title="$^{$").stat().st_size > 1000
    plot_confusion(counts(count), HOSTILE, tmp_path / "b.png", title="$^{$")
    plot_curves([{f"{name}/loss": 1.0 for name in HOSTILE} | {"$^{$": 2.0}], tmp_path / "c.png")
    clip = walk()
    odd = Clip(clip.data, clip.skeleton, 30.0, classes=("$^{$",), labels=clip.labels)
    plot_skeleton(odd, [0], tmp_path / "d.png", title="$^{$")


def test_confusion_is_percent_of_the_true_class(tmp_path: Path, drawn: list[Figure]) -> None:
    plot_confusion([[3, 1, 0], [0, 0, 0], [1, 0, 1]], ["a", "b", "c"], tmp_path / "m.png")
    axes = drawn[0].axes[0]
    cells = {(text.get_position()[::-1], text.get_text()) for text in axes.texts}
    assert cells == {((0, 0), "75"), ((0, 1), "25"), ((2, 0), "50"), ((2, 2), "50")}
    drawn.clear()
    plot_confusion(counts(21), names(21), tmp_path / "m.png")
    assert not drawn[0].axes[0].texts


def test_curves_join_over_epochs_without_a_value(tmp_path: Path, drawn: list[Figure]) -> None:
    held = [
        {"epoch": 1, "train/loss": 3.0, "test/F1@50": 10.0},
        {"epoch": 2, "train/loss": float("nan")},
        {"epoch": 4, "train/loss": 1.0, "test/F1@50": 20.0, "valid/edit": float("inf")},
    ]
    plot_curves(held, tmp_path / "c.png")
    loss, f1 = drawn[0].axes
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), [3, np.nan, 1])
    np.testing.assert_array_equal(f1.lines[0].get_xdata(), [1, 4])
    assert f1.get_title(loc="left") == "F1@50 (%)"


def test_skeletons_stand_upright(tmp_path: Path, drawn: list[Figure]) -> None:
    layout = skeleton("coco17")  # pixels: y points down
    data = np.zeros((2, 1, 17, 1), dtype=np.float32)
    data[1, 0, :, 0] = np.arange(17)  # the nose is joint 0, the ankles come last
    clip = Clip(data, layout, 10.0, channels=("x", "y"))
    plot_skeleton(clip, [-1], tmp_path / "s.png")
    heights = np.asarray(drawn[0].axes[0].collections[1].get_offsets())[:, 1]
    assert heights[0] == heights.max()
    plot_skeleton(clip, [-1], tmp_path / "s.png", up="y")
    heights = np.asarray(drawn[1].axes[0].collections[1].get_offsets())[:, 1]
    assert heights[0] == heights.min()


@pytest.mark.parametrize(
    ("layout", "units", "turned"),
    [("sbu15", "normalised", True), ("mediapipe33", "image", True), ("ntu25", "m", False)],
)
def test_y_points_down_in_units_of_pictures(layout: str, units: str, turned: bool) -> None:
    found = replace(skeleton(layout), units=units)
    data = np.zeros((3, 1, found.num_joints, 1), dtype=np.float32)
    data[1, 0, :, 0] = np.arange(found.num_joints)
    heights = project(Clip(data, found, 10.0), [0], None)[0, :, 0, 1]
    assert heights.tolist() == [(-1 if turned else 1) * k for k in range(found.num_joints)]


def test_wrong_input_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    with pytest.raises(DataError, match="1 to 32 timelines, got 0"):
        plot_timeline([], path)
    with pytest.raises(DataError, match="without a frame"):
        plot_timeline(timeline(2, frames=0, truth=False), path)
    with pytest.raises(DataError, match="same classes"):
        plot_timeline([timeline(2), timeline(3)], path)
    with pytest.raises(ConfigError, match=r"\.png, \.pdf, \.svg"):
        plot_timeline(timeline(2), tmp_path / "x.exe")
    with pytest.raises(DataError, match="1 to 24 figures"):
        plot_curves([{"epoch": 1, "train/loss": float("nan")}], path)
    with pytest.raises(DataError, match=r"\(2, 2\) counts"):
        plot_confusion(counts(3), ["a", "b"], path)
    with pytest.raises(DataError, match="1 to 200 classes"):
        plot_confusion(counts(1), [], path)
    with pytest.raises(DataError, match="frame 20 is outside"):
        plot_skeleton(walk(), [20], path)
    with pytest.raises(DataError, match="name 1 to 64 frames to draw, got 0"):
        plot_skeleton(walk(), [], path)
    with pytest.raises(ConfigError, match="up must be one of x, y, z, -x, -y, -z for this clip"):
        plot_skeleton(walk(), [0], path, up="w")  # type: ignore[arg-type]
    imu = Clip(np.zeros((6, 2, 6, 1)), skeleton("hugadb6"), 60.0, channels=tuple("abcdef"))
    with pytest.raises(DataError, match="positions"):
        plot_skeleton(imu, [0], path)
    gone = Clip(np.full((3, 2, 25, 1), np.nan), skeleton("ntu25"), 30.0)
    with pytest.raises(DataError, match="a joint to draw"):
        plot_skeleton(gone, [0], path)
    assert not list(tmp_path.iterdir())


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for call in CALLS.values():
        with pytest.raises(MissingExtraError, match=r"kinestream\[plot\]"):
            call(tmp_path / "x.png")


def test_matplotlib_is_loaded_late_and_pyplot_never(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from kinestream.viz import plot_curves\n"
        "assert 'matplotlib' not in sys.modules\n"
        "plot_curves([{'train/loss': 1.0}], sys.argv[1])\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "x.png")], check=True)


def test_one_figure_gives_one_file(tmp_path: Path) -> None:
    for form in ("png", "pdf"):
        one, other = (plot_curves(rows(3), tmp_path / f"{k}.{form}") for k in "ab")
        assert one.read_bytes() == other.read_bytes()


def test_colours_can_be_told_apart() -> None:
    assert len(set(PALETTE)) == len(PALETTE) == 60
    assert [class_colour(k) for k in range(60)] == list(PALETTE)
    colours = np.array([rgb(colour) for colour in PALETTE])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    # Deuteranopia, Machado et al. (2009), severity 1.
    green_blind = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    )
    for seen, first, apart in (
        (linear, 60, 0.05),
        (np.clip(linear @ green_blind.T, 0, 1), 10, 0.07),
    ):
        lab = oklab(seen[:first])
        gaps = [float(np.linalg.norm(a - b)) for a, b in combinations(lab, 2)]
        assert min(gaps) > apart


def oklab(linear: Image) -> Image:
    """Ottosson (2020): distances near those an eye sees."""
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    mixed = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.asarray(np.cbrt(np.clip(linear @ cones.T, 0, None)) @ mixed.T)


def test_a_picture_names_the_recording_and_not_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(
        "kinestream.viz.timeline.clean_end", lambda text, *_: drawn.append(text) or text
    )
    scores = np.full((4, 2), 0.5, np.float32)
    timeline = Timeline(("a", "b"), 10.0, scores, np.arange(4) / 10, source="home/me/walk.npz")
    plot_timeline([timeline], tmp_path / "t.png")
    assert "walk.npz" in drawn and not any("home" in text for text in drawn)
