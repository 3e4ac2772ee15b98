"""What the scheduler says about a job, as far as it can be asked from here."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from kinestream.cluster.submission import Submission

PATIENCE_S = 15.0

WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "SUSPENDED"}
RUNNING = {"RUNNING", "SIGNALING", "STAGE_OUT", "RESIZING"}
ENDING = {"COMPLETING", "STOPPED"}
GONE = "GONE"
"""A local job whose process has ended."""
UNKNOWN = ""
"""Nobody could be asked, or nobody knew the job."""


def scheduler_state(submission: Submission) -> str:
    """SLURM's word for the state of a job, ``RUNNING`` or ``GONE`` for a local one.

    Returns:
        A word in capitals; empty when nobody knows.
    """
    if submission.job is None:
        return UNKNOWN
    if submission.executor == "local":
        return _local_state(submission)
    queue = ["squeue", "--noheader", "--jobs", submission.job, "--format", "%T"]
    books = ["sacct", "--noheader", "--allocations", "--parsable2"]
    books += ["--jobs", submission.job, "--format", "State"]
    return _first_word(queue) or _first_word(books)


def _first_word(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    words = done.stdout.split() if done.returncode == 0 else []
    return words[0].strip("+").upper() if words else UNKNOWN


def _local_state(submission: Submission) -> str:
    if submission.host != socket.gethostname() or submission.job is None:
        return UNKNOWN
    status = Path("/proc") / submission.job / "stat"
    if status.parent.parent.joinpath("self").exists():
        try:
            # The name in brackets may hold anything; the state is the first word behind it.
            word = status.read_text(errors="replace").rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return GONE
        return GONE if word in "ZX" else "RUNNING"
    try:
        os.kill(int(submission.job), 0)
    except ProcessLookupError:
        return GONE
    except OSError:
        return "RUNNING"
    return "RUNNING"
