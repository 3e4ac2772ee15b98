"""Looking on from outside: how a job fares, its newest figures, the end of its log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinestream.cluster.scheduler import RUNNING, UNKNOWN, WAITING, scheduler_state
from kinestream.cluster.state import JobState, read_state
from kinestream.cluster.submission import ClusterFolder
from kinestream.training.run_folder import RunFolder

ACTIVE = {"waiting", "running", "requeued"}
TAIL_BYTES = 2000
MOST_BYTES = 1 << 16


@dataclass(frozen=True)
class Situation:
    """How a job fares.

    Attributes:
        job: Its number.
        state: As :class:`~kinestream.cluster.state.JobState` has it, or ``lost`` when the scheduler
            has ended a job that could not say so itself.
        note: What there is to say about it.
        starts: How often it has started.
        exit_code: Of the training, once it has ended.
        row: The newest line of ``metrics.jsonl``; empty before the first.
    """

    job: str
    state: str
    note: str
    starts: int
    exit_code: int | None
    row: dict[str, Any]

    @property
    def active(self) -> bool:
        """Whether there is anything left to wait for."""
        return self.state in ACTIVE


def situation_of(folder: ClusterFolder) -> Situation:
    """Ask the job's own record, and the scheduler where that is not the last word.

    Raises:
        MissingFileError: The run was never submitted.
        CheckpointError: A record is damaged.
    """
    submission = folder.read()
    state = read_state(folder)
    word: str = state.state
    note = state.note
    if submission.job is None:
        word, note = "lost", "it was never handed over to the scheduler"
    elif word not in ("done", "failed"):
        said = scheduler_state(submission)
        state = read_state(folder)  # it may have ended while the scheduler was asked
        word, note = _together(state, said)
    rows = RunFolder(folder.run).metrics()
    return Situation(
        submission.job or "-",
        word,
        "; ".join(filter(None, [note, *state.troubles])),
        state.starts,
        state.exit_code,
        rows[-1] if rows else {},
    )


def _together(state: JobState, said: str) -> tuple[str, str]:
    """The job's word and the scheduler's as one, with a note."""
    word: str = state.state
    if word in ("done", "failed") or said == UNKNOWN:
        return word, state.note
    if word == "stopped":  # and perhaps in the queue again: SLURM does that after some preemptions
        return ("requeued", "by SLURM") if said in WAITING else (word, state.note)
    if said in WAITING:
        return ("requeued" if state.starts else "waiting"), f"{said.lower()} in the queue"
    if said in RUNNING or said in ("COMPLETING", "STOPPED"):
        return ("running" if word == "waiting" else word), state.note
    return "lost", f"the scheduler says {said}; the log may tell more, --resume goes on"


def follow(
    folder: ClusterFolder,
    tell: Callable[[str], None],
    *,
    every_s: float = 5.0,
    quiet: bool = False,
) -> Situation:
    """Look on until a job ends.

    Args:
        folder: Of the run.
        tell: Is given a line whenever there is something new.
        every_s: Seconds between looks; at first they are closer together.
        quiet: Tell changes of state only.

    Returns:
        How it ended.
    """
    before: Situation | None = None
    log = Log(folder.log(folder.read().job or "-"))
    pause_s = min(0.25, every_s)
    while True:
        now = situation_of(folder)
        if not quiet:
            for line in log.new_lines():
                tell(f"  | {line}")
            if now.row and (before is None or now.row != before.row):
                tell(figures(now.row))
        if before is None or sentence(now) != sentence(before):
            tell(sentence(now))
        if not now.active:
            return now
        before = now
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, every_s)


def sentence(now: Situation) -> str:
    """A situation in a line.

    >>> sentence(Situation("4711", "requeued", "pending in the queue", 2, 75, {}))
    'job 4711 is requeued (pending in the queue), started 2 times'
    """
    note = f" ({now.note})" if now.note else ""
    times = "" if now.starts < 2 else f", started {now.starts} times"
    return f"job {now.job} is {now.state}{note}{times}"


def figures(row: dict[str, Any]) -> str:
    """A line of ``metrics.jsonl`` in words.

    >>> figures({"epoch": 3, "loss": 0.25, "test/f1@50": 81.234, "seconds": 1.5})
    'epoch 3: loss 0.25, test/f1@50 81.23, seconds 1.50'
    """
    numbers = [
        f"{name} {value:.2f}"
        for name, value in row.items()
        if name != "epoch" and isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return f"epoch {row.get('epoch', '?')}: {', '.join(numbers)}"


class Log:
    """A log that grows.

    Args:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = -1

    def new_lines(self) -> list[str]:
        """What was added since the last time, at most 64 KiB; at first the end of what is there."""
        try:
            with open(self._path, "rb") as file:
                size = file.seek(0, 2)
                start = max(0, size - TAIL_BYTES) if self._read < 0 else self._read
                start = max(start if start <= size else 0, size - MOST_BYTES)
                file.seek(start)
                text = file.read(MOST_BYTES)
        except OSError:
            return []
        whole = text[: text.rfind(b"\n") + 1]  # half a line waits for its other half
        self._read = start + len(whole)
        return [line for line in whole.decode(errors="replace").splitlines() if line.strip()]
