"""How a job fares, as the job itself writes it down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kinestream.cluster.submission import ClusterFolder, read_record, write_record

Word = Literal["waiting", "running", "requeued", "stopped", "done", "failed"]


class JobState(BaseModel):
    """A moment of a job.

    Attributes:
        state: ``waiting`` in the queue, ``running``, ``requeued`` by itself after it was told to stop,
            ``stopped`` and saved because the scheduler ends the job, ``done`` or ``failed``.
        starts: How often the job has started.
        exit_code: Of the training, once it has ended.
        note: What there is to say about it.
        troubles: What went wrong beside the training: notification or backup.
        host: The machine that wrote this.
        since: When, UTC.
    """

    model_config = ConfigDict(extra="forbid")

    state: Word = "waiting"
    starts: int = Field(default=0, ge=0)
    exit_code: int | None = None
    note: str = ""
    troubles: list[str] = []
    host: str = ""
    since: str = Field(default_factory=lambda: now())


def now() -> str:
    """This moment, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_state(folder: ClusterFolder) -> JobState:
    """The newest state; ``waiting`` while the job has written none.

    Raises:
        CheckpointError: The file is damaged.
    """
    return read_record(folder.state, JobState) if folder.state.is_file() else JobState()


def write_state(folder: ClusterFolder, state: JobState) -> None:
    """Write a state, whole or not at all."""
    write_record(folder.state, state)
