"""Runs that die, and what they must leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from kinestream.training.checkpoints import load_latest

CHILD = """
import json, os, sys
from pathlib import Path
from kinestream.training.config import TrainConfig
from kinestream.training.loop import train
from kinestream.training.run_folder import RunFolder
from kinestream.training.signals import EXIT_CODE, StoppedError, stop_signals

class Talk:
    def step(self, epoch, done, steps, loss):
        print("step", epoch, done, flush=True)
    def epoch(self, row):
        print("epoch", row["epoch"], flush=True)

folder, resume = Path(sys.argv[1]), sys.argv[2] == "resume"
config = TrainConfig.model_validate(json.loads(sys.argv[3]))
with stop_signals(last=True) as stop:
    print("ready", flush=True)
    try:
        train(config, RunFolder(folder), resume=resume, progress=Talk(), stop=stop)
    except StoppedError:
        sys.exit(EXIT_CODE)
"""


def child(folder: Path, values: dict[str, Any], *, resume: bool) -> subprocess.Popen[str]:
    """A process of its own that trains and prints a line per step and epoch."""
    how = "resume" if resume else "new"
    command = [sys.executable, "-c", CHILD, str(folder), how, json.dumps(values)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl`` without how long they took."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def same_end(one: Path, other: Path) -> bool:
    """Whether two runs ended with the same lines, weights, averages and optimizer, bit for bit."""
    ends = [load_latest(run / "checkpoints") for run in (one, other)]
    names = ends[0].tensors.keys()
    return (
        rows_of(one) == rows_of(other)
        and ends[0].epoch == ends[1].epoch
        and names == ends[1].tensors.keys()
        and all(torch.equal(ends[0].tensors[name], ends[1].tensors[name]) for name in names)
    )
