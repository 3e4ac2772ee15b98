"""The page of an inspection: complete, harmless, and of one file."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from kinestream.datasets.inspection import Inspection, Survey, facts_of, findings_of, inspect
from kinestream.datasets.synthetic import generate
from kinestream.viz.page import bars, page, strip, text, trace

pytest.importorskip("matplotlib")


class Tags(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Tags:
    from kinestream.viz.survey_page import write_survey

    folder = tmp_path_factory.mktemp("set")
    hostile = '<script>alert("x")</script>'
    clip = replace(generate("kinect", seed=1), subject=hostile)
    data = clip.data.copy()
    data[:, 5:20, 3] = np.nan
    classes = (hostile, *clip.classes[1:])
    replace(clip, data=data, classes=classes).save(folder / "<img onerror=x>.npz")
    generate("phonewatch", seed=2).save(folder / "b.npz")
    inspection = inspect(folder)
    path = write_survey(inspection, findings_of(inspection.survey), folder / "page.html")
    return Tags(path.read_text())


def test_the_page_shows_what_was_found(written: Tags) -> None:
    for words in ("Findings", "Splits", "Frames of each class", "Lengths", "head"):
        assert words in written.words
    assert "15 joints are missing" in written.words
    assert "phone, length of the acceleration" in written.words
    assert sum(tag == "img" for tag in written.open) == 1
    assert sum(tag == "svg" for tag in written.open) == 4


def test_nothing_on_the_page_runs_or_comes_from_elsewhere(written: Tags) -> None:
    assert "script" not in written.open
    assert not [name for name, _ in written.attributes if name.startswith("on")]
    links = [value or "" for name, value in written.attributes if name in ("src", "href")]
    assert links
    assert all(link.startswith("data:image/png") for link in links)
    policy = [value for _, value in written.attributes if value and "default-src" in value]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_bars_of_all_splits_have_one_scale(tmp_path: Path) -> None:
    from kinestream.viz.survey_page import write_survey

    clip = generate("phonewatch", seed=1)
    classes = ("a", "b")
    labels = np.zeros(clip.num_frames, dtype=np.int64)
    half = (np.arange(clip.num_frames) >= clip.num_frames / 2).astype(np.int64)
    clips = (replace(clip, classes=classes, labels=each) for each in (labels, half))
    facts = [facts_of(each, split=s) for each, s in zip(clips, ("train", "test"), strict=True)]
    inspection = Inspection(Survey("here", facts, classes=classes))
    content = write_survey(inspection, [], tmp_path / "p.html").read_text()
    classes_only = content.split("Frames of each class")[1].split("</section>")[0]
    assert re.findall(r"width:([\d.]+)%", classes_only) == [
        "100.0",
        "0.0",
        *(f"{100 * (half == k).mean():.1f}" for k in range(2)),
    ]


def test_one_long_recording_does_not_flatten_the_lengths() -> None:
    from kinestream.viz.survey_page import length_bins

    seconds = np.array([*np.linspace(1.0, 7.0, 99), 900.0])
    bins = length_bins(seconds)
    assert len(bins) == 13 and bins[-1] == ("over 7.0 s", 1)
    assert bins[0][0] == "1.0 to 1.5 s" and max(count for _, count in bins) < 15
    assert sum(count for _, count in length_bins(np.linspace(1.0, 7.0, 99))) == 99
    assert length_bins(np.array([3.0])) == [("3.0 s", 1)]


def test_text_is_never_html() -> None:
    assert text('<b a="1">\x1b') == "&lt;b a=&quot;1&quot;&gt;\N{REPLACEMENT CHARACTER}"
    assert "<b>" not in page("<b>", "<b>", []) + bars([("<b>", "<b>", 1, "#000000")])
    assert "<b>" not in strip([(0, 1, "#000000", "<b>")], "<b>") + trace([0, 1], [1, 2], "<b>")


def test_a_page_is_written_next_to_an_empty_survey(tmp_path: Path) -> None:
    from kinestream.viz.survey_page import write_survey

    generate("kinect", seed=1).save(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"PK\3\4")
    inspection = inspect(tmp_path)
    page_path = write_survey(inspection, findings_of(inspection.survey), tmp_path / "p.html")
    assert "cannot be read" in page_path.read_text()
