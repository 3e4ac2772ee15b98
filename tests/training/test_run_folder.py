"""The metrics of a run: what counts as a line, and what is said of one that is damaged."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from kinestream.errors import CheckpointError
from kinestream.training.run_folder import MAX_LINE_BYTES, MAX_METRICS_BYTES, RunFolder

GOOD = b'{"epoch": 1, "train/loss": 0.5}\n'


def run_with(folder: Path, content: bytes) -> RunFolder:
    (folder / "metrics.jsonl").write_bytes(content)
    return RunFolder(folder)


def test_a_line_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    assert RunFolder(tmp_path).metrics() == []
    assert run_with(tmp_path, b"").metrics() == []
    for rest in (b'{"epoch": 2, "trai', b"\xff\xfe", b'{"epoch": 2}', b"[" * 100_000):
        assert run_with(tmp_path, GOOD + rest).metrics() == [{"epoch": 1, "train/loss": 0.5}]


def test_a_value_may_be_anything_but_the_epoch_may_not(tmp_path: Path) -> None:
    line = '{"epoch": 7, "a": NaN, "b": null, "c": ["d"], "\u2028": 1, "e": -Infinity}\r\n'
    (row,) = run_with(tmp_path, line.encode()).metrics()
    assert (row["epoch"], row["b"], row["c"], row["\u2028"]) == (7, None, ["d"], 1)
    assert math.isnan(row["a"]) and row["e"] == -math.inf


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "JSON object a line"),
        (b"hello", "JSON object a line"),
        (b"[]", "JSON object a line"),
        (b"NaN", "JSON object a line"),
        (b'{"epoch": 2', "JSON object a line"),
        (b'{"epoch": 2} {"epoch": 3}', "JSON object a line"),
        (b"\xff\xfe{\x00}\x00", "JSON object a line"),
        (b'{"epoch": 2, "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON object a line"),
        (b'{"epoch": 2, "a": ' + b"9" * 10_000 + b"}", "JSON object a line"),
        (b"{}", "needs an 'epoch'"),
        (b'{"epoch": 0}', "needs an 'epoch'"),
        (b'{"epoch": -1}', "needs an 'epoch'"),
        (b'{"epoch": true}', "needs an 'epoch'"),
        (b'{"epoch": 2.0}', "needs an 'epoch'"),
        (b'{"epoch": "2"}', "needs an 'epoch'"),
        (b'{"epoch": NaN}', "needs an 'epoch'"),
        (b'{"epoch": Infinity}', "needs an 'epoch'"),
        (b'{"epoch": ' + b"9" * 300 + b"}", "needs an 'epoch'"),
        (b'{"epoch": [[2]]}', "needs an 'epoch'"),
        (b'{"epoch": 2, "a": "' + b"x" * MAX_LINE_BYTES + b'"}', "bytes, 1048576 are allowed"),
    ],
    ids=lambda value: value[:24].decode(errors="replace") if isinstance(value, bytes) else None,
)
def test_a_damaged_line_is_named(line: bytes, says: str, tmp_path: Path) -> None:
    run = run_with(tmp_path, GOOD + line + b"\n" + GOOD)
    for read in (run.metrics, lambda: run.keep_metrics_until(1)):
        with pytest.raises(CheckpointError, match=f"metrics.jsonl is damaged: .*{says}.* line 2.$"):
            read()
    assert (tmp_path / "metrics.jsonl").read_bytes() == GOOD + line + b"\n" + GOOD


def test_a_file_that_cannot_be_the_metrics_of_a_run_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "metrics.jsonl", "wb") as file:
        file.truncate(MAX_METRICS_BYTES + 1)
    with pytest.raises(CheckpointError, match="metrics.jsonl has 67108865 bytes, more than"):
        RunFolder(tmp_path).metrics()


def test_a_file_that_the_disk_does_not_give_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path, GOOD)

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("builtins.open", broken)
    with pytest.raises(CheckpointError, match="metrics.jsonl cannot be read: Input/output error"):
        run.metrics()
