"""A benchmark as files, from times made by hand."""

from __future__ import annotations

import csv
import io
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from kinestream.benchmarking import Benchmark, Peer, Row, Settings, Times
from kinestream.benchmarking.facts import Facts
from kinestream.benchmarking.report import table, write_report
from kinestream.errors import ConfigError

FACTS = Facts("stgcn", 1000, 2_000_000, 500, 4000, 9000, 3, 81, 1)


def times(milliseconds: float, people: int = 1) -> Times:
    """Four rounds of five equal steps."""
    return Times(np.full((4, 5), milliseconds / 1000), people)


def made() -> Benchmark:
    """Two bundles, of which the second tells less, and a peer of the first."""
    first = Row(
        bundle="one",
        folder="runs/one",
        label="one",
        engine="onnxruntime",
        precision="float32",
        facts=FACTS,
        push=times(2),
        step=times(1),
        crowds={1: times(2), 8: times(8, people=8)},
        times_as_long=1.0,
        memory={"people": 8, "bytes": 12_000, "peak_bytes": 99_000},
        accuracy={"frame_accuracy": 91.25, "f1@50": None, "recordings": 3},
    )
    second = Row(
        bundle="two",
        folder="two",
        label="two",
        engine="numpy",
        precision="int8",
        facts=Facts("mstcn", 7, None, 5, 4, 9, 0, 1, 1),
        push=times(5),
        step=times(4),
        crowds={1: times(5), 8: times(40, people=8)},
        times_as_long=2.5,
    )
    peer = Peer("window 50", first, times(30), 30.0)
    return Benchmark({"cpu": "a"}, Settings(people=(1, 8)), (first, second), (peer,), ("why not.",))


def test_the_table_holds_every_row() -> None:
    rows = list(csv.DictReader(io.StringIO(table(made()))))
    assert [(row["name"], row["kind"]) for row in rows] == [
        ("one", "push"),
        ("one", "step"),
        ("two", "push"),
        ("two", "step"),
        ("window 50", "peer"),
    ]
    assert [row["folder"] for row in rows] == ["runs/one"] * 2 + ["two"] * 2 + ["runs/one"]
    first, step, second, _, peer = rows
    assert (first["p50_us"], first["frames_per_s"]) == ("2000.0", "500.0")
    assert first["people_at_30_fps_with_8"] == "33.3"  # 8 people in 8 ms
    assert (first["macs"], first["memory_bytes"]) == ("2000000", "12000")
    assert (first["frame_accuracy"], first["f1@50"]) == ("91.25", "")
    assert step["p99_us"] == "1000.0" and step["macs"] == ""
    assert (second["macs"], second["times_as_long"]) == ("", "2.5")
    assert second["compared_with"] == "one, onnxruntime"
    assert (peer["times_as_long"], peer["compared_with"]) == ("30.0", "one, onnxruntime")


def test_titles_name_a_precision_where_it_is_not_the_usual_one() -> None:
    assert [row.title for row in made().rows] == ["one, onnxruntime", "two, numpy, int8"]


def test_a_report_is_three_files_and_replaces_an_older_one(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    folder = tmp_path / "new" / "report"
    for _ in range(2):
        written = write_report(made(), folder)
    names = ["benchmark.json", "benchmark.csv", "benchmark.png"]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    read = json.loads((folder / "benchmark.json").read_text())
    assert read["rows"][0]["people_at_30_fps"] == {"1": 16.7, "8": 33.3}
    assert read["left_out"] == ["why not."]
    drawn = image.imread(folder / "benchmark.png")
    assert (drawn[..., :3] < 0.9).any(axis=-1).mean() > 0.005


def test_without_matplotlib_there_is_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with caplog.at_level(logging.WARNING, logger="kinestream.benchmarking.report"):
        written = write_report(made(), tmp_path)
    assert [path.name for path in written] == ["benchmark.json", "benchmark.csv"]
    assert "no picture" in caplog.text


def test_a_file_is_no_place_for_a_report(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(ConfigError, match="is a file; name a folder"):
        write_report(made(), place)
