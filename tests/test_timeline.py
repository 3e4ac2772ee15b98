"""Timelines: labels, segments, figures, and the files they leave behind."""

from __future__ import annotations

import csv
import json
import logging
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinestream.errors import DataError
from kinestream.files import write_atomically
from kinestream.metrics import evaluate
from kinestream.timeline import FrameLabel, Timeline

NAMES = ("rest", "walk", 'sit, "down"')


def timeline(labels: str = "0011120", truth: str | None = None, **changes: object) -> Timeline:
    """Ten frames a second; the label has probability 0.5 + index / 100, the rest is shared."""
    wanted = np.array([int(char) for char in labels], dtype=np.int64)
    top = 0.5 + np.arange(len(wanted)) / 100
    scores = np.repeat(((1 - top) / 2)[:, None], 3, axis=1).astype(np.float32)
    scores[np.arange(len(wanted)), wanted] = top
    known = None
    if truth is not None:
        known = np.array([-1 if char == "." else int(char) for char in truth], dtype=np.int64)
    base = Timeline(NAMES, 10.0, scores, 5 + np.arange(len(wanted)) / 10, truth=known)
    return replace(base, **changes)  # type: ignore[arg-type]


def test_labels_and_segments() -> None:
    line = timeline(person=2, delay_frames=4)
    assert line.labels.tolist() == [0, 0, 1, 1, 1, 2, 0]
    assert line.delay_s == pytest.approx(0.4)
    walk = line.segments[1]
    assert (walk.label, walk.name, walk.start_frame, walk.stop_frame) == (1, "walk", 2, 5)
    assert (walk.start_s, walk.end_s) == (pytest.approx(5.2), pytest.approx(5.5))
    assert walk.score == pytest.approx(np.mean([0.52, 0.53, 0.54]))
    assert line.segments[-1].end_s == pytest.approx(5.7)  # one frame after the last
    expected = FrameLabel(2, pytest.approx(5.2), 2, 1, "walk", pytest.approx(0.52), 0.4)  # type: ignore[arg-type]
    assert list(line.frames())[2] == expected


def test_it_says_in_a_line_what_it_is() -> None:
    assert repr(timeline()) == "Timeline(7 frames, 3 classes, 10 fps)"


def test_a_segment_lasts_until_the_next_frame_was_seen() -> None:
    line = timeline("001", times_s=np.array([0.0, 0.1, 0.9]))
    assert [(s.start_s, s.end_s) for s in line.segments] == [(0.0, 0.9), (0.9, pytest.approx(1.0))]


def test_background_forms_no_segment() -> None:
    line = timeline(truth="0111220", background=(0,))
    assert [segment.label for segment in line.segments] == [1, 2]
    assert [segment.label for segment in line.truth_segments] == [1, 2]
    assert timeline().truth_segments == []


def test_the_report_is_that_of_evaluate() -> None:
    line = timeline(truth="00.1122", background=(0,))
    assert line.truth is not None
    for protocol in ("ms-tcn", "per-trial"):
        report = line.report(protocol)  # type: ignore[arg-type]
        assert report == evaluate(
            [line.labels],
            [line.truth],
            3,
            protocol=protocol,  # type: ignore[arg-type]
            background=(0,),
        )
    with pytest.raises(DataError, match="no truth"):
        timeline().report()


def test_two_timelines_compare_frame_by_frame() -> None:
    one, other = timeline("0011120"), timeline("0011122")
    assert one.compare(one).equal_frames == 100
    found = one.compare(other)
    assert found.equal_frames == pytest.approx(600 / 7)
    assert found.report.edit == pytest.approx(75)
    with pytest.raises(DataError, match="one has 7 frames"):
        one.compare(timeline("00"))
    with pytest.raises(DataError, match="named differently"):
        one.compare(replace(other, classes=("a", "b", "c")))


def test_latency_percentiles() -> None:
    assert timeline().latency_percentiles() is None
    line = timeline(latency_ms=np.arange(101.0))
    assert line.latency_percentiles() == (50.0, 99.0)


def test_csv_reads_back(tmp_path: Path) -> None:
    line = timeline(person=1)
    with open(line.to_csv(tmp_path / "new" / "labels.csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["index", "time_s", "person", "label", "score"]
    assert [row["label"] for row in rows] == [NAMES[label] for label in line.labels]
    assert [int(row["index"]) for row in rows] == list(range(7))
    np.testing.assert_allclose([float(row["time_s"]) for row in rows], line.times_s, atol=1e-6)
    np.testing.assert_allclose([float(row["score"]) for row in rows], line.confidence, atol=1e-6)


def test_csv_holds_no_formula(tmp_path: Path) -> None:
    line = timeline(classes=("=1+1", "+a\nb", "@x"))
    with open(line.to_csv(tmp_path / "labels.csv"), newline="", encoding="utf-8") as file:
        labels = {row["label"] for row in csv.DictReader(file)}
    assert labels == {"'=1+1", "'+a\nb", "'@x"}


def test_json_holds_segments_and_metrics(tmp_path: Path) -> None:
    line = timeline(truth="0011122", source="walk.csv", delay_frames=3, latency_ms=np.ones(4))
    values = json.loads(line.to_json(tmp_path / "segments.json").read_text("utf-8"))
    assert (values["source"], values["frames"], values["delay_frames"]) == ("walk.csv", 7, 3)
    assert values["classes"] == list(NAMES)
    assert values["latency_ms"] == {"p50": 1.0, "p99": 1.0}
    assert [segment["name"] for segment in values["segments"]] == [
        segment.name for segment in line.segments
    ]
    assert values["metrics"] == line.report().to_dict()
    for truth in (None, "......."):
        assert timeline(truth=truth).to_dict()["metrics"] is None


def test_save_writes_three_files_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    written = timeline().save(tmp_path / "out")
    assert [path.name for path in written] == ["labels.csv", "segments.json", "timeline.png"]
    assert sorted(tmp_path.glob("out/*")) == sorted(written)
    assert written[-1].read_bytes().startswith(b"\x89PNG")


def test_save_without_matplotlib_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with caplog.at_level(logging.WARNING):
        written = timeline().save(tmp_path)
    assert [path.name for path in written] == ["labels.csv", "segments.json"]
    assert "kinestream[plot]" in caplog.text


def test_no_frame_is_no_error(tmp_path: Path) -> None:
    line = timeline("")
    assert line.segments == []
    assert [path.name for path in line.save(tmp_path)] == ["labels.csv", "segments.json"]


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_atomically(tmp_path / "a.txt", b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kinestream.files.os.replace", fail)
    with pytest.raises(DataError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(DataError, match="cannot be written"):
        write_atomically(path / "below" / "b.txt", b"")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fps": 0.0}, "fps must be above 0"),
        ({"classes": ("a",)}, r"scores must be \(T, 1\)"),
        ({"times_s": np.arange(3.0)}, "7 times"),
        ({"times_s": np.arange(7.0)[::-1]}, "never fall"),
        ({"times_s": np.full(7, np.nan)}, "never fall"),
        ({"scores": np.full((7, 3), 2.5)}, "apply softmax first"),
        ({"scores": np.full((7, 3), np.nan)}, "got nan to nan"),
        ({"truth": np.zeros(3)}, r"truth has shape \(3,\)"),
        ({"truth": np.full(7, 3)}, "between -1 and 2"),
        ({"delay_frames": -1}, "delay_frames"),
        ({"background": (3,)}, "background class 3"),
        ({"latency_ms": np.array([-1.0])}, "latency_ms"),
    ],
)
def test_wrong_input_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        timeline(**changes)
