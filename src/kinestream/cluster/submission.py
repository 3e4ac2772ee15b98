"""What was submitted, and where its files lie.

RUN/cluster/config.yaml      the resolved configuration that the job trains with
RUN/cluster/submission.json  what was asked for, and the job's number
RUN/cluster/state.json       how the job fares
RUN/cluster/jobs/            the script that was submitted, and the job's log
RUN/cluster/discarded/       what starts without a checkpoint left behind
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kinestream.config import explain
from kinestream.errors import CheckpointError, MissingFileError
from kinestream.files import write_atomically

MAX_BYTES = 1 << 20

Executor = Literal["slurm", "local"]
Record = TypeVar("Record", bound=BaseModel)


class Submission(BaseModel):
    """Everything that the job needs to know; it reads this file when it starts.

    Attributes:
        id: Names the run for good: a backup belongs to one of them.
        name: Of the job.
        run: The run folder, absolute.
        folder: Where the job runs, so that relative paths of the configuration hold.
        program: What starts Kinestream's command line there.
        start: Further arguments of ``kinestream train`` for a start that does not resume.
        executor: Who runs the job.
        partition: Of SLURM; its default one unless given.
        nodes: Machines.
        gpus: On each of them.
        processes: Training processes on each of them.
        cpus: Of the job on each of them; None leaves it to the cluster.
        memory_gb: On each of them; None leaves it to the cluster.
        minutes: Time limit of one start.
        grace_s: How long before the limit the job is told to save.
        requeues: How often the job may put itself back into the queue.
        slurm: Further options of ``sbatch``, such as the account.
        notify: Command and arguments that are run at an end; nothing when empty.
        backup: Folder that the results are copied into at the end.
        host: Where it was submitted from.
        submitted: When, UTC.
        job: Number of the job; None until it is submitted.
    """

    model_config = ConfigDict(extra="forbid")

    id: str
    name: str
    run: str
    folder: str
    program: list[str]
    start: list[str]
    executor: Executor
    partition: str | None
    nodes: int = Field(ge=1)
    gpus: int = Field(ge=0)
    processes: int = Field(ge=1)
    cpus: int | None
    memory_gb: float | None
    minutes: int = Field(ge=1)
    grace_s: int = Field(ge=1)
    requeues: int = Field(ge=0)
    slurm: dict[str, str]
    notify: list[str]
    backup: str | None
    host: str
    submitted: str
    job: str | None = Field(default=None, pattern=r"^\d{1,20}$")


@dataclass(frozen=True)
class ClusterFolder:
    """Paths under RUN/cluster."""

    run: Path

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.run / "cluster"

    @property
    def config(self) -> Path:
        """The configuration that the job trains with."""
        return self.path / "config.yaml"

    @property
    def submission(self) -> Path:
        """What was asked for."""
        return self.path / "submission.json"

    @property
    def state(self) -> Path:
        """How the job fares."""
        return self.path / "state.json"

    @property
    def jobs(self) -> Path:
        """Scripts and logs."""
        return self.path / "jobs"

    @property
    def discarded(self) -> Path:
        """What starts without a checkpoint left behind."""
        return self.path / "discarded"

    def log(self, job: str, node: int = 0) -> Path:
        """What a job printed on one of its machines."""
        return self.jobs / f"{job}_{node}_log.out"

    def read(self) -> Submission:
        """The submission.

        Raises:
            MissingFileError: The run was never submitted.
            CheckpointError: Its record is damaged.
        """
        if not self.submission.is_file():
            raise MissingFileError(
                f"{self.run} was not submitted to a cluster: there is no {self.submission}. "
                f"`kinestream cluster submit` makes it."
            )
        return read_record(self.submission, Submission)

    def write(self, submission: Submission) -> None:
        """Write the submission, whole or not at all."""
        write_record(self.submission, submission)


def read_record(path: Path, model: type[Record]) -> Record:
    """Read a small JSON file of a run.

    Raises:
        CheckpointError: It is damaged, or far too large.
    """
    if path.stat().st_size > MAX_BYTES:
        raise CheckpointError(f"{path} is over 1 MiB; was it written by `kinestream cluster`?")
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise CheckpointError(f"{path} is damaged: {explain(error, model)}") from None


def write_record(path: Path, record: BaseModel) -> None:
    """Write a small JSON file of a run, whole or not at all."""
    write_atomically(path, (record.model_dump_json(indent=1) + "\n").encode())
