"""What runs on the cluster: the training, and what is done at each of its ends.

A job may be stopped and started again any number of times, by itself, by SLURM or by a broken machine.
So it remembers nothing: each start reads the submission and sees from the run folder how far it is.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinestream.cluster.child import Forwarding
from kinestream.cluster.collecting import collect
from kinestream.cluster.notifying import Outcome, notify
from kinestream.cluster.scheduler import ENDING, scheduler_state
from kinestream.cluster.state import JobState, Word, now, read_state, write_state
from kinestream.cluster.submission import ClusterFolder, Submission
from kinestream.cluster.training_command import Place, training_command
from kinestream.errors import KinestreamError
from kinestream.training.run_folder import RunFolder
from kinestream.training.signals import EXIT_CODE

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

SAVING_S = 15
"""Of the grace period, what is kept for the checkpoint once the processes have ended."""

log = logging.getLogger(__name__)


class TrainingJob:
    """The callable that submitit runs, on every machine of a job.

    Args:
        run: The run folder, absolute.
    """

    def __init__(self, run: str) -> None:
        self.run = run

    def __call__(self) -> int:
        """Train; returns 0 or leaves with the exit code of the training."""
        folder = ClusterFolder(Path(self.run))
        code = attend(folder, folder.read(), _place())
        if code:
            raise SystemExit(code)  # the scheduler, too, shall see a job that failed
        return code

    def checkpoint(self) -> DelayedSubmission:
        """What submitit puts back into the queue: the same, for the run folder says the rest."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def attend(folder: ClusterFolder, submission: Submission, place: Place) -> int:
    """Start the training on one machine and see it to its end.

    Returns:
        Its exit code, as a shell would give it. The first machine of a job that goes back into the
        queue does not return: the scheduler ends it.
    """
    back = signal.getsignal(_requeue_signal())
    resume = can_resume(folder.run)
    with Forwarding() as signals:
        state = _begin(folder, resume) if place.first else JobState()
        command = training_command(folder, submission, place, resume=resume)
        patience = {"TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(max(1, submission.grace_s - SAVING_S))}
        code = signals.run(command, Path(submission.folder), patience)
        stopped = code == EXIT_CODE or (code != 0 and signals.came is not None)
        if stopped:
            if place.first:
                _stop(folder, submission, place, state, back)
            return EXIT_CODE if place.first else 0
        code = 128 - code if code < 0 else code
        if place.first:
            word: Word = "failed" if code else "done"
            _finish(folder, submission, state, word, code, f"exit code {code}" if code else "")
        return code


def can_resume(run: Path) -> bool:
    """Whether there is a checkpoint, whole or not: with a damaged one nothing starts from anew."""
    checkpoints = run / "checkpoints"
    return any(checkpoints.glob("epoch-*.safetensors")) or any(checkpoints.glob("*.damaged"))


def set_aside(folder: ClusterFolder) -> None:
    """Move what a start without a checkpoint left out of the way, so that the run can begin anew."""
    left = [path for path in folder.run.iterdir() if path != folder.path]
    if not left:
        return
    folder.discarded.mkdir(exist_ok=True)
    place = folder.discarded / str(1 + len(list(folder.discarded.iterdir())))
    place.mkdir()
    for path in left:
        path.rename(place / path.name)


def epochs_done(run: Path) -> int:
    """Epochs that the run's lines speak of; 0 where they cannot be read."""
    try:
        rows = RunFolder(run).metrics()
        return int(rows[-1]["epoch"]) if rows else 0
    except (KinestreamError, OSError, KeyError, TypeError, ValueError):
        return 0


def _begin(folder: ClusterFolder, resume: bool) -> JobState:
    if not resume:
        set_aside(folder)
    try:
        starts = read_state(folder).starts + 1
    except KinestreamError:
        starts = 1
    state = JobState(state="running", starts=starts, host=socket.gethostname())
    _write(folder, state)
    return state


def _stop(
    folder: ClusterFolder, submission: Submission, place: Place, state: JobState, back: Any
) -> None:
    """Put a stopped job back into the queue through submitit's handler, or write down why not."""
    reason = _why_not_again(submission, place, state)
    if not reason:
        _finish(folder, submission, state, "requeued", EXIT_CODE, "")
        try:
            back(_requeue_signal(), None)
            reason = "submitit did not requeue it"
        except Exception as error:  # scontrol or submitit: whatever it is, the job ends here
            reason = f"it could not be requeued: {error}"
    saved = "saved" if can_resume(folder.run) else "stopped before its first checkpoint"
    note = f"{saved}, but {reason}; submit it again with --resume"
    _finish(folder, submission, state, "stopped", EXIT_CODE, note)


def _why_not_again(submission: Submission, place: Place, state: JobState) -> str:
    """Why a job that was stopped must not go back into the queue; empty when it may."""
    if state.starts > submission.requeues:
        return f"it has been requeued {submission.requeues} times already"
    job = submission.model_copy(update={"job": place.job})
    if submission.executor == "slurm" and scheduler_state(job) in ENDING:
        # After scancel a requeue would call the job back to life; after a preemption SLURM
        # requeues it by itself.
        return "SLURM is ending the job"
    return ""


def _finish(
    folder: ClusterFolder,
    submission: Submission,
    state: JobState,
    word: Word,
    code: int,
    note: str,
) -> None:
    """Make the backup, tell the user, and only then write down that it has ended."""
    outcome: Outcome = "done" if word == "done" else "requeued" if word == "requeued" else "failed"
    troubles = []
    if submission.backup is not None and outcome != "requeued":
        try:
            collect(folder, Path(submission.backup))
        except (KinestreamError, OSError) as error:
            log.warning("the backup failed: %s", error)
            troubles.append(f"the backup failed: {error}")
    epoch = epochs_done(folder.run)
    if trouble := notify(submission.notify, folder.run, outcome, code, epoch):
        troubles.append(trouble)
    new = {"state": word, "exit_code": code, "note": note, "troubles": troubles, "since": now()}
    _write(folder, state.model_copy(update=new))


def _write(folder: ClusterFolder, state: JobState) -> None:
    try:
        write_state(folder, state)
    except KinestreamError as error:  # a full disk: the training says so, and better
        log.warning("%s", error)


def _place() -> Place:
    from submitit import JobEnvironment

    here = JobEnvironment()
    hosts = getattr(here, "hostnames", None) or [here.hostname]
    return Place(here.global_rank, here.num_nodes, hosts[0], here.job_id)


def _requeue_signal() -> signal.Signals:
    """The signal that submitit answers by putting the job back into the queue."""
    return signal.Signals["SIG" + os.environ.get("SUBMITIT_PREEMPT_SIGNAL", "USR2")]
