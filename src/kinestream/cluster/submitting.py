"""A submission handed over to SLURM, or to a process of this machine."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kinestream.cluster.job import TrainingJob
from kinestream.cluster.state import JobState, write_state
from kinestream.cluster.submission import ClusterFolder, Submission
from kinestream.config import dump_config
from kinestream.errors import ConfigError
from kinestream.extras import needs
from kinestream.training.config import TrainConfig

_DETACHED = "from kinestream.cluster.submitting import hand_over_apart; hand_over_apart()"


def submit(folder: ClusterFolder, submission: Submission, config: TrainConfig) -> Submission:
    """Write the records of a checked submission and submit it.

    Returns:
        The submission with the job's number.

    Raises:
        MissingExtraError: submitit is not installed.
        ConfigError: The scheduler refuses the job.
    """
    with needs("submitting to a cluster", "cluster", "submitit", "cloudpickle"):
        import submitit  # noqa: F401
    folder.jobs.mkdir(parents=True, exist_ok=True)
    dump_config(config, folder.config)
    write_state(folder, JobState())
    folder.write(submission)
    give = _hand_over_locally if submission.executor == "local" else hand_over
    submission = submission.model_copy(update={"job": give(folder, submission)})
    folder.write(submission)
    return submission


def hand_over(folder: ClusterFolder, submission: Submission) -> str:
    """Submit a job; returns its number.

    Raises:
        ConfigError: The scheduler refuses it.
    """
    import submitit
    from submitit.core.utils import FailedSubmissionError, UncompletedJobError

    executor = submitit.AutoExecutor(
        folder=folder.jobs,
        cluster=submission.executor,
        slurm_max_num_timeout=submission.requeues,
        local_max_num_timeout=submission.requeues,
    )
    executor.update_parameters(**_parameters(submission))
    try:
        return executor.submit(TrainingJob(submission.run)).job_id
    except (UncompletedJobError, FailedSubmissionError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        said = next((line for line in reversed(lines) if "error" in line.lower()), lines[-1])
        raise ConfigError(f"sbatch refused the job: {said[:300].rstrip('.')}.") from None


def _parameters(submission: Submission) -> dict[str, Any]:
    """In submitit's words; None leaves a choice to the cluster."""
    # submitit would have SLURM send SIGUSR2, which the training itself does not know.
    more = {"signal": f"USR1@{submission.grace_s}", "requeue": True, **submission.slurm}
    # Since release 22.05 srun does not take over how many cores the job was given for a task.
    cores = None if submission.cpus is None else [f"--cpus-per-task={submission.cpus}"]
    return {
        "name": submission.name,
        "timeout_min": submission.minutes,
        "nodes": submission.nodes,
        "tasks_per_node": 1,
        "cpus_per_task": submission.cpus,
        "gpus_per_node": submission.gpus or None,
        "mem_gb": submission.memory_gb,
        "stderr_to_stdout": True,
        "slurm_partition": submission.partition,
        "slurm_additional_parameters": more,
        "slurm_srun_args": cores,
    }


def _hand_over_locally(folder: ClusterFolder, _submission: Submission) -> str:
    """From a session of its own: neither Ctrl-C nor the end of the terminal may reach the job."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as answer:
        done = subprocess.run(
            [sys.executable, "-c", _DETACHED, str(folder.run)],
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
        )
        answer.seek(0)
        words = answer.read().split()
    if done.returncode or not words or not words[-1].isdigit():
        raise ConfigError(f"the local job could not be started: {' '.join(words)[-300:]}")
    return words[-1]


def hand_over_apart() -> None:
    """The other end of a local submission: takes the run folder, prints the job's number."""
    folder = ClusterFolder(Path(sys.argv[1]))
    print(hand_over(folder, folder.read()), flush=True)
