"""What SLURM is given, what the job makes of it there, and what is asked of SLURM afterwards."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kinestream.cluster.following import situation_of
from kinestream.cluster.scheduler import scheduler_state
from kinestream.cluster.state import JobState, read_state, write_state
from kinestream.cluster.submission import ClusterFolder, Submission
from kinestream.errors import ConfigError

Submitted = Callable[..., tuple[ClusterFolder, Submission]]

JOB = {
    "SLURM_JOB_ID": "4711",
    "SLURM_NTASKS": "1",
    "SLURM_JOB_NUM_NODES": "1",
    "SLURM_NODEID": "0",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
    "SLURM_JOB_NODELIST": "node17",
}


def directives(slurm: Path) -> dict[str, str | None]:
    """What the submitted script says to sbatch."""
    found: dict[str, str | None] = {}
    for line in (slurm / "script").read_text().splitlines():
        if line.startswith("#SBATCH --"):
            (word,) = shlex.split(line.removeprefix("#SBATCH "))
            key, equals, value = word.removeprefix("--").partition("=")
            found[key] = value if equals else None
    return found


def test_the_script_says_what_was_wished(submitted: Submitted, slurm: Path) -> None:
    folder, submission = submitted(
        executor="slurm",
        partition="gpu",
        nodes=2,
        gpus=4,
        cpus=16,
        memory="32G",
        time="1-06:30:00",
        grace_s=120,
        name="gait",
        slurm=("account=lab 7", "--qos=long"),
    )
    assert submission.job == "4711"
    said = directives(slurm)
    wished = {
        "job-name": "gait",
        "partition": "gpu",
        "nodes": "2",
        "ntasks-per-node": "1",
        "gpus-per-node": "4",
        "cpus-per-task": "16",
        "mem": "32GB",
        "time": str(30 * 60 + 30),
        "signal": "USR1@120",
        "requeue": None,
        "open-mode": "append",
        "account": "lab 7",
        "qos": "long",
    }
    assert {key: said[key] for key in wished} == wished
    assert said["output"] == str(folder.jobs / "%j_0_log.out")


def test_what_was_not_wished_is_left_to_the_cluster(submitted: Submitted, slurm: Path) -> None:
    submitted(executor="slurm")
    said = directives(slurm)
    assert not {"partition", "gpus-per-node", "cpus-per-task", "mem", "account"} & set(said)
    assert (said["nodes"], said["time"], said["signal"]) == ("1", "240", "USR1@90")


def test_the_script_trains_requeues_and_resumes(submitted: Submitted, slurm: Path) -> None:
    """The script itself, run twice: the first start ends with exit code 75."""
    folder, _ = submitted("crash 75", executor="slurm", cpus=2)
    (slurm / "queue").write_text("RUNNING\n")

    def start() -> int:
        script = ["bash", str(slurm / "script")]
        environment = {**os.environ, **JOB}
        return subprocess.run(script, env=environment, capture_output=True, check=False).returncode

    assert start() != 0  # submitit leaves once scontrol has taken the job back
    assert read_state(folder).state == "requeued"
    asked = (slurm / "asked").read_text()
    assert "requeue 4711" in asked.splitlines()
    assert " --cpus-per-task=2 " in asked
    assert start() == 0
    state = read_state(folder)
    assert (state.state, state.starts) == ("done", 2)


def test_a_refusal_of_sbatch_is_one_sentence(submitted: Submitted, slurm: Path) -> None:
    (slurm / "sbatch").write_text(
        "#!/bin/sh\necho 'sbatch: error: invalid partition specified: gpuu' >&2; exit 1\n"
    )
    with pytest.raises(ConfigError, match="sbatch refused the job: .*invalid partition") as caught:
        submitted(executor="slurm", partition="gpuu")
    assert "\n" not in str(caught.value)
    # What was refused is in nobody's way.
    (slurm / "sbatch").write_text("#!/bin/sh\necho Submitted batch job 12\n")
    _, submission = submitted(executor="slurm", partition="gpu")
    assert submission.job == "12"


@pytest.mark.parametrize(
    ("queue", "books", "word"),
    [
        ("PENDING\n", "", "PENDING"),
        ("", "CANCELLED by 1000\n", "CANCELLED"),
        ("", "TIMEOUT+\n", "TIMEOUT"),
        ("", "", ""),
    ],
)
def test_the_queue_is_asked_and_then_the_books(
    submitted: Submitted, slurm: Path, queue: str, books: str, word: str
) -> None:
    _, submission = submitted(executor="slurm")
    (slurm / "queue").write_text(queue)
    (slurm / "books").write_text(books)
    assert scheduler_state(submission) == word
    for program in ("squeue", "sacct"):
        (slurm / program).write_text("#!/bin/sh\nexit 1\n")
    assert scheduler_state(submission) == ""


@pytest.mark.parametrize(
    ("own", "said", "together"),
    [
        ("waiting", "PENDING", "waiting"),
        ("waiting", "RUNNING", "running"),
        ("waiting", "CANCELLED", "lost"),
        ("running", "RUNNING", "running"),
        ("running", "COMPLETING", "running"),
        ("running", "PENDING", "requeued"),  # a machine broke, and SLURM requeued the job
        ("running", "NODE_FAIL", "lost"),
        ("running", "OUT_OF_MEMORY", "lost"),
        ("running", "", "running"),  # nobody to ask: the job's own word counts
        ("requeued", "PENDING", "requeued"),
        ("requeued", "CANCELLED", "lost"),
        ("stopped", "COMPLETING", "stopped"),
        ("stopped", "CANCELLED", "stopped"),
        ("stopped", "PENDING", "requeued"),
        ("done", "RUNNING", "done"),
        ("failed", "COMPLETED", "failed"),
    ],
)
def test_two_words_make_one(
    submitted: Submitted, slurm: Path, own: str, said: str, together: str
) -> None:
    folder, _ = submitted(executor="slurm")
    starts = 0 if own == "waiting" else 1
    write_state(folder, JobState.model_validate({"state": own, "starts": starts, "note": "so"}))
    (slurm / "queue").write_text(said)
    (slurm / "books").write_text("")
    now = situation_of(folder)
    assert now.state == together
    assert now.active == (together in ("waiting", "running", "requeued"))
    if together == "lost":
        assert said in now.note
