"""``kinestream data inspect``: a report in the terminal, as a page and as numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinestream.datasets import Entry, write_dataset, write_store
from kinestream.datasets.synthetic import generate
from kinestream.formats import Annotations, Span, write_annotations
from tests.cli.conftest import Run


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    """A data set with the same recording in both splits, and a hole in another."""
    one = generate("kinect", seed=1)
    data = generate("kinect", seed=2)
    data.data[:, 3:9, 4] = np.nan
    entries = [Entry("train", "a", one), Entry("train", "b", data), Entry("test", "c", one)]
    write_dataset(tmp_path / "set", entries, name="leaking", units="m")
    return tmp_path / "set"


def test_what_is_wrong_is_printed_and_told_by_the_exit_code(run: Run, leaking: Path) -> None:
    done = run("data", "inspect", leaking)
    assert done.code == 1
    assert "1 recording of 'test' is also in 'train' (a = c)" in done.out
    assert "6 joints are missing (NaN), most often left_shoulder" in done.out
    assert "background" in done.out
    assert done.err == ""


def test_a_sound_set_exits_with_0(run: Run, tmp_path: Path) -> None:
    generate("kinect", seed=1).save(tmp_path / "a.npz")
    done = run("data", "inspect", tmp_path / "a.npz")
    assert done.code == 0
    assert "Nothing found that could spoil a model." in done.out


def test_page_and_numbers_are_written(run: Run, leaking: Path, tmp_path: Path) -> None:
    page, numbers = tmp_path / "a.html", tmp_path / "a.json"
    done = run("data", "inspect", leaking, "--html", page, "--json", numbers)
    assert f"wrote {page}" in done.out.replace("\n", "")
    assert "is also in" in page.read_text()
    found = json.loads(numbers.read_text())
    assert found["totals"]["recordings"] == 3
    assert found["leaks"][0]["recordings"] == [["a", "c"]]
    assert {each["severity"] for each in found["findings"]} >= {"error", "note"}


def test_a_store_is_divided_by_its_protocol(run: Run, tmp_path: Path) -> None:
    clips = {name: replace(generate("kinect", seed=k), subject=name) for k, name in enumerate("ab")}
    write_store(
        tmp_path / "store", [Entry("all", name, clip) for name, clip in clips.items()], name="two"
    )
    done = run("data", "inspect", tmp_path / "store", "--protocol", "loso:b")
    assert done.code == 0, done
    rows = [line.split() for line in done.out.splitlines() if line.startswith(("train", "test"))]
    assert [row[:2] for row in rows] == [["train", "1"], ["test", "1"]]


def test_a_file_of_many_recordings_is_looked_into(run: Run, tmp_path: Path) -> None:
    from kinestream.formats.pyskl_writing import write_pyskl

    clips = {f"r{k}": replace(generate("kinect", seed=k), labels=None) for k in range(3)}
    labelled = {
        name: replace(clip, labels=np.zeros(clip.num_frames, np.int64))
        for name, clip in clips.items()
    }
    write_pyskl(tmp_path / "a.pkl", labelled, {})
    done = run("data", "inspect", tmp_path / "a.pkl", "--skeleton", "kinect20", "--fps", "15")
    rows = [line.split() for line in done.out.splitlines() if line.startswith("all")]
    assert [row[:2] for row in rows] == [["all", "3"]]


def test_the_command_looks_at_labels(run: Run, tmp_path: Path) -> None:
    spans = Annotations((Span(0, 1, "sit"), Span(2, 4, "walk")))
    write_annotations(spans, tmp_path / "a.srt")
    done = run("data", "inspect", tmp_path / "a.srt")
    assert done.code == 0
    assert "1 gap without a label, 1.0 s in all" in done.out


def test_labels_are_written_as_page_and_numbers(run: Run, tmp_path: Path) -> None:
    spans = Annotations((Span(0, 1, "<b>"), Span(2, 4, "walk"), Span(3, 5, "<b>")))
    write_annotations(spans, tmp_path / "a.vtt")
    page, numbers = tmp_path / "a.html", tmp_path / "a.json"
    assert run("data", "inspect", tmp_path / "a.vtt", "--html", page, "--json", numbers).code == 0
    found = json.loads(numbers.read_text())
    assert found["seconds"] == {"<b>": 3.0, "walk": 2.0}
    assert found["gaps"] == [[1.0, 2.0]]
    assert found["overlaps"][0][1] == {"start_s": 3.0, "end_s": 5.0, "label": "<b>"}
    assert [each["severity"] for each in found["findings"]] == ["warning", "note"]
    text = page.read_text()
    assert "1 gap without a label" in text and "2.00 s (1 span)" in text and "<b>" not in text


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--html", "a.npz", "must end in .html"),
        ("--json", "a.npz", "must end in .json"),
        ("--html", "mine.html", "no report of this command"),
        ("--json", "mine.json", "no report of this command"),
        ("--html", "folder.html", "no report of this command"),
    ],
)
def test_no_file_of_others_is_overwritten(
    run: Run, tmp_path: Path, option: str, name: str, says: str
) -> None:
    generate("kinect", seed=1).save(tmp_path / "a.npz")
    (tmp_path / "mine.html").write_text("<p>mine</p>")
    (tmp_path / "mine.json").write_text('{"mine": 1}')
    (tmp_path / "folder.html").mkdir()
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    done = run("data", "inspect", tmp_path / "a.npz", option, tmp_path / name)
    assert done.code == 2 and says in done.err and done.out == ""
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_report_is_not_put_among_recordings_but_replaces_an_earlier_one(
    run: Run, leaking: Path, tmp_path: Path
) -> None:
    done = run("data", "inspect", leaking, "--json", leaking / "train" / "a.json")
    assert done.code == 2 and "(in) what is read" in done.err
    page, numbers = tmp_path / "a.html", tmp_path / "a.json"
    for _ in range(2):
        done = run("data", "inspect", leaking, "--html", page, "--json", numbers)
        assert (done.code, done.err) == (1, "")
