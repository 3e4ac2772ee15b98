"""The real training in a job: preempted within an epoch, it ends as if it never had been."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kinestream.cluster.following import follow
from kinestream.cluster.job import attend
from kinestream.cluster.state import read_state
from kinestream.cluster.submission import ClusterFolder, Submission
from kinestream.cluster.training_command import Place

pytest.importorskip("torch")

Submitted = Callable[..., tuple[ClusterFolder, Submission]]

# The command line, in which the second step of the first start calls for a preemption and waits until
# the job has passed it on.
PREEMPTED = """
import os, signal, sys, time
from kinestream.cli import main, train
from kinestream.training.signals import StopFlag

heard, steps = [], []
told, shown = StopFlag.raise_it, train.Bars.step

def raise_it(self, number, frame=None):
    heard.append(number)
    told(self, number, frame)

def step(self, *args):
    steps.append(args)
    if len(steps) == 2 and "--resume" not in sys.argv:
        os.kill(os.getppid(), signal.SIGUSR1)
        while not heard:
            time.sleep(0.01)

StopFlag.raise_it, train.Bars.step = raise_it, step
main()
"""


def test_a_preempted_training_ends_bit_for_bit(submitted: Submitted, run_path: Path) -> None:
    from tests.training.killing import same_end

    folder, _ = submitted(program=(sys.executable, "-c", PREEMPTED))
    told: list[str] = []
    ended = follow(folder, told.append, every_s=0.1)
    assert (ended.state, ended.starts, ended.exit_code) == ("done", 2, 0), told
    assert any("stopped and saved after step 2 of epoch 1" in line for line in told)
    assert same_end(folder.run, run_path)


RANK = """
import os, signal, sys, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
run = sys.argv[4]
open(f"{run}/rank" + os.environ["RANK"], "w").write(os.environ["WORLD_SIZE"])
while len([name for name in os.listdir(run) if name.startswith("rank")]) < 2:
    time.sleep(0.01)
if os.environ["RANK"] == "0":
    os.kill(%d, signal.SIGUSR1)
while not asked:
    time.sleep(0.01)
open(f"{run}/saved" + os.environ["RANK"], "w").close()
sys.exit(75)
"""


def test_torchrun_passes_a_preemption_on_to_all_processes(still: Submitted) -> None:
    """And what it exits with, which is never 75, is understood."""
    program = (sys.executable, "-c", RANK % os.getpid())
    folder, submission = still(program=program, processes=2, requeues=0)
    before = signal.getsignal(signal.SIGUSR1)
    assert attend(folder, submission, Place(0, 1, "here", "4711")) == 75
    assert signal.getsignal(signal.SIGUSR1) is before
    assert read_state(folder).state == "stopped"
    assert {p.name for p in folder.run.glob("*[01]")} == {"rank0", "rank1", "saved0", "saved1"}
    assert (folder.run / "rank0").read_text() == "2"
