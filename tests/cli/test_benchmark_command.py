"""``kinestream benchmark``: its tables, its files, and how it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_tables_and_files(run: Run, bundle_path: Path, data_path: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "report"
    options = ("--people", "1,2", "--rounds", 1, "--frames", 2, "--out", out)
    done = run("benchmark", bundle_path, "sp_sw_har", *options, "--data", data_path)
    assert done.code == 2 and "classes" in done.err and not out.exists()
    done = run(
        *("benchmark", bundle_path, *options, "--data", data_path),
        *("--against", "window,jit", "--window", "4,6"),
    )
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert max(map(len, lines[:-3])) <= 200
    assert [line.split()[1] for line in lines if line.startswith("tiny,")] == ["onnxruntime"] * 3
    assert sum(line.startswith("tiny: window ") for line in lines) == 2
    assert any("2 streams" in line for line in lines)
    assert "jit is the plain form of rtstgcn, tiny is stgcn: left out." in lines
    read = json.loads((out / "benchmark.json").read_text())
    accuracy = read["rows"][0]["accuracy"]["frame_accuracy"]
    assert any(f"{accuracy:.1f} %" in line for line in lines)
    assert [peer["peer"] for peer in read["peers"]] == ["window 4", "window 6"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody",), "there is no bundle nobody"),
        (("utkinect", "--people", "0"), "people must be 1 to 1,024, got 0"),
        (("utkinect", "--people", "1,x"), "people must be numbers such as 1,8, got '1,x'"),
        (("utkinect", "--people", "9" * 40), "people must be numbers such as 1,8"),
        (("utkinect", "--frames", "0"), "frames must be 1 to 100,000"),
        (("utkinect", "--engine", "gpu"), "there is no engine 'gpu'"),
        (("utkinect", "--against", "tsm"), "there is no peer 'tsm'"),
        (("utkinect", "--window", "0"), "windows must be 1 to 4,096"),
        (
            ("utkinect", "--window", "abc"),
            "windows must be numbers of frames such as 50,300, got 'abc'",
        ),
        (("utkinect", "--window", ""), "windows must be numbers of frames such as 50,300, got ''"),
        (("utkinect", "--window", "50"), "windows are for the peer 'window'"),
        (("utkinect", "--precision", "fp64"), "there is no precision 'fp64'"),
        (("utkinect", "--precision", "int8"), "utkinect has no int8 graph, only float32"),
        (("utkinect", "--data", "nowhere"), "there is no data set nowhere"),
        (("utkinect", "--out", __file__), "is a file; name a folder"),
    ],
)
def test_wrong_inputs_are_a_sentence(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    done = run("benchmark", *arguments)
    assert done.code == 2
    assert sentence in done.err and "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) == 1
