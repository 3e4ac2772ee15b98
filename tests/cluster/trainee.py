"""Stands in for ``kinestream train CONFIG --run RUN [--resume]``: quick, and as obedient.

It does ten steps, each of them an epoch with a checkpoint. A file ``orders`` beside the run says what
else: ``slow`` takes a while for every step, ``crash 3`` exits with code 3 after the second step,
``kill`` kills itself there, ``early`` crashes before its first checkpoint on its first start.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

STEPS = 10
STOPPED = 75


def main(run: Path, resume: bool) -> int:
    """Train; returns the exit code."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda number, _frame: asked.append(number))
    orders = run.with_name("orders")
    order, _, value = orders.read_text().partition(" ") if orders.is_file() else ("", "", "")
    checkpoints, metrics = run / "checkpoints", run / "metrics.jsonl"
    done = sorted(checkpoints.glob("*.safetensors"))
    if bool(done) != resume or (not resume and {p.name for p in run.iterdir()} != {"cluster"}):
        print("kinestream: this is not how to start", [*run.iterdir()])
        return 2
    checkpoints.mkdir(exist_ok=True)
    metrics.touch()
    (run / "config.yaml").write_bytes((run / "cluster" / "config.yaml").read_bytes())
    if order == "early" and len((run.parent / "starts").read_text()) == 1:
        return 1
    total = int(done[-1].read_text()) if done else 0
    for step in range(len(metrics.read_text().splitlines()) + 1, STEPS + 1):
        total = (total * 31 + step) % 100003
        print("step", step, flush=True)
        save(checkpoints / f"epoch-{step:05d}.safetensors", str(total).encode())
        row: dict[str, Any] = {"epoch": step, "loss": 1 / step, "test/f1@50": 8.0 * step}
        with open(metrics, "a") as file:
            file.write(json.dumps(row) + "\n")
        if asked:
            return STOPPED
        if step == 2 and order == "crash":
            return int(value)
        if step == 2 and order == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05 if order == "slow" else 0)
    return 0


def save(path: Path, content: bytes) -> None:
    """A checkpoint with its checksum."""
    path.write_bytes(content)
    digest = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    path.with_suffix(".json").write_text(json.dumps(digest))


if __name__ == "__main__":
    assert sys.argv[1] == "train" and sys.argv[3] == "--run", sys.argv
    folder = Path(sys.argv[4])
    with open(folder.parent / "starts", "a") as starts:
        starts.write("x")
    sys.exit(main(folder, "--resume" in sys.argv))
