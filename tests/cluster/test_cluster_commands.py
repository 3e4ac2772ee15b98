"""``kinestream cluster`` as it is typed, and what it prints."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from kinestream.cli import main
from kinestream.cluster import checking, following
from kinestream.cluster.following import Log
from kinestream.cluster.submission import ClusterFolder, Submission

Submitted = Callable[..., tuple[ClusterFolder, Submission]]


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """``run("submit", ...)`` calls ``kinestream cluster submit ...``."""

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["kinestream", "cluster", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        return Done(int(caught.value.code or 0), *capfd.readouterr())

    return call


def test_a_submission_is_followed_to_its_end(
    run: Callable[..., Done], config_path: Path, tmp_path: Path, slurm: Path
) -> None:
    pytest.importorskip("submitit")
    folder = tmp_path / "runs" / "first"
    settings = (
        "--set",
        "training.epochs=3",
        "--partition",
        "gpu",
        "--gpus",
        2,
        "--time",
        "1:00:00",
    )
    done = run("submit", config_path, "--run", folder, *settings)
    assert (done.code, done.err) == (0, "")
    assert "submitted tiny to SLURM as job 4711" in done.out
    assert f"kinestream cluster follow {folder}" in done.out
    assert "epochs: 3" in (folder / "cluster" / "config.yaml").read_text()

    (slurm / "queue").write_text("PENDING")
    done = run("status", folder)
    assert done.out.splitlines()[0] == "job 4711 is waiting (pending in the queue)"

    (folder / "cluster" / "jobs" / "4711_0_log.out").write_text("\x1b[31mhello\nhalf")
    (folder / "metrics.jsonl").write_text('{"epoch": 2, "test/f1@50": 81.5}\n')
    (folder / "cluster" / "state.json").write_text('{"state": "done", "starts": 3}')
    done = run("follow", folder, "--every", 0.1)
    assert done.code == 0
    assert done.out.splitlines() == [
        "  | \N{REPLACEMENT CHARACTER}[31mhello",
        "epoch 2: test/f1@50 81.50",
        "job 4711 is done, started 3 times",
    ]
    (folder / "cluster" / "state.json").write_text('{"state": "failed", "exit_code": 3}')
    assert run("follow", folder).code == 1
    done = run("collect", folder, "--backup", tmp_path / "backup")
    assert done.out.strip() == f"wrote {tmp_path / 'backup' / 'first'}"


def test_errors_are_a_sentence(run: Callable[..., Done], config_path: Path, tmp_path: Path) -> None:
    done = run("submit", config_path, "--executor", "local", "--gpus", "0")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("kinestream: gpus must be 1 or more") and done.err.count("\n") == 1
    done = run("status", tmp_path)
    assert done.code == 2 and "was not submitted to a cluster" in done.err


def test_waiting_shows_changes_of_state_only(
    run: Callable[..., Done], config_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("submitit")
    trainee = (sys.executable, str(Path(__file__).parent / "trainee.py"))
    monkeypatch.setattr(checking.Wishes, "__init__", _with_program(checking.Wishes, trainee))
    folder = tmp_path / "runs" / "waited"
    done = run("submit", config_path, "--run", folder, "--executor", "local", "--wait")
    assert done.code == 0, done
    assert "on this machine" in done.out and "is done" in done.out
    assert "step" not in done.out and "loss" not in done.out


def _with_program(wishes: type, program: tuple[str, ...]) -> Callable[..., None]:
    real: Callable[..., None] = wishes.__init__  # type: ignore[misc]

    def init(self: object, *args: object, **kwargs: object) -> None:
        real(self, *args, **kwargs, program=program)

    return init


def test_ctrl_c_leaves_the_job_alone(
    run: Callable[..., Done],
    submitted: Submitted,
    slurm: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, _ = submitted(executor="slurm")
    (slurm / "queue").write_text("RUNNING")

    class Interrupted:
        @staticmethod
        def sleep(_seconds: float) -> None:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(following, "time", Interrupted)
    done = run("follow", folder.run)
    assert done.code == 0 and "the job goes on" in done.out
    assert "cancel" not in (slurm / "asked").read_text()


def test_a_log_is_read_as_it_grows(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    assert log.new_lines() == []
    with open(tmp_path / "log", "w") as file:
        file.write("one\ntw")
        file.flush()
        assert log.new_lines() == ["one"]
        assert log.new_lines() == []
        file.write("o\n\nthree\n")
        file.flush()
        assert log.new_lines() == ["two", "three"]
        file.write("x" * 100 + "\n")
        file.write("y\n" * 100_000)
        file.flush()
        lines = log.new_lines()
    assert set(lines) == {"y"} and len(lines) == (1 << 16) // 2
    (tmp_path / "log").write_text("begun anew\n")
    assert log.new_lines() == ["begun anew"]
