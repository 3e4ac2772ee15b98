"""A run that is killed many times at random moments after its first checkpoint.

    python -m tests.training.many_kills FOLDER CONFIG KILLS SEED

torch is imported once; every attempt is a process forked from there. Prints how many attempts were
killed while they trained, then trains to the end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from kinestream.training.config import TrainConfig
from kinestream.training.loop import train
from kinestream.training.run_folder import RunFolder


def attempt(config: TrainConfig, run: RunFolder, *, resume: bool) -> int:
    """Train in a process of its own; returns its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        train(config, run, resume=resume)
        code = 0
    finally:
        os._exit(code)


def main(folder: str, config: str, kills: str, seed: str) -> int:
    """Kill, and kill again; returns the exit code."""
    run, settings = RunFolder(Path(folder)), TrainConfig.model_validate(json.loads(config))
    rng, killed = np.random.default_rng(int(seed)), 0
    pid = attempt(settings, run, resume=False)
    while not list(run.checkpoints.glob("epoch-*.safetensors")):
        time.sleep(0.002)
    for _ in range(int(kills)):
        time.sleep(float(rng.uniform(0, 0.25)))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            return 1
        killed += os.WIFSIGNALED(status)
        pid = attempt(settings, run, resume=True)
    _, status = os.waitpid(pid, 0)
    print("killed", killed, flush=True)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
