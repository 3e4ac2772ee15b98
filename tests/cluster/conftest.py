"""A configuration on disk, and jobs that run a quick stand-in for the training."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinestream.cluster.checking import Wishes, check
from kinestream.cluster.submission import ClusterFolder, Submission

TRAINEE = (sys.executable, str(Path(__file__).parent / "trainee.py"))

Wish = Callable[..., Wishes]


@pytest.fixture
def config_path(settings: dict[str, Any], tmp_path: Path) -> Path:
    """The tiny configuration as a file."""
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(settings))
    return path


@pytest.fixture
def wish(config_path: Path, tmp_path: Path) -> Wish:
    """``wish(gpus=2)``: a local job in ``tmp_path/runs/tiny`` unless said otherwise."""

    def make(**changes: Any) -> Wishes:
        plain: dict[str, Any] = {
            "config": (config_path,),
            "run": tmp_path / "runs" / "tiny",
            "executor": "local",
            "program": TRAINEE,
        }
        return Wishes(**(plain | changes))

    return make


@pytest.fixture
def submitted(wish: Wish) -> Callable[..., tuple[ClusterFolder, Submission]]:
    """Submit a local job with the stand-in; what it shall do is written beside the run first."""
    pytest.importorskip("submitit")
    from kinestream.cluster.submitting import submit

    def make(orders: str = "", **changes: Any) -> tuple[ClusterFolder, Submission]:
        folder, submission, config = check(wish(**changes))
        folder.run.parent.mkdir(parents=True, exist_ok=True)
        folder.run.with_name("orders").write_text(orders)
        return folder, submit(folder, submission, config)

    return make


@pytest.fixture
def still(
    submitted: Callable[..., tuple[ClusterFolder, Submission]], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[ClusterFolder, Submission]]:
    """As ``submitted``, only that nobody runs the job: the test does, in its own process."""
    from kinestream.cluster import submitting

    monkeypatch.setattr(submitting, "_hand_over_locally", lambda *_: "4711")
    return submitted


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pretended SLURM on the path: it writes down what it is told into this folder.

    ``squeue`` and ``sacct`` print the files of their names; ``srun`` runs what follows its options.
    """
    folder = tmp_path / "slurm"
    folder.mkdir()
    programs = {
        "sbatch": f'cp "$1" {folder}/script; echo "Submitted batch job 4711"',
        "scontrol": f'echo "$@" >> {folder}/asked',
        "squeue": f'echo "$@" >> {folder}/asked; cat {folder}/queue',
        "sacct": f'echo "$@" >> {folder}/asked; cat {folder}/books',
        "srun": f'echo "$@" >> {folder}/asked; while [ "${{1#--}}" != "$1" ]; do '
        'case $1 in --output) shift 2;; *) shift;; esac; done; exec "$@"',
    }
    for name, line in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder
