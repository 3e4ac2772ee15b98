"""The command line that trains: one process, or several that torchrun starts."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from kinestream.cluster.submission import ClusterFolder, Submission

FIRST_PORT, PORTS = 15000, 15000  # below those that Linux hands out by itself


@dataclass(frozen=True)
class Place:
    """Which machine of a job this is.

    Attributes:
        node: From 0; the first one keeps the books.
        nodes: How many there are.
        first_host: Name of the first one.
        job: Number of the job.
    """

    node: int
    nodes: int
    first_host: str
    job: str

    @property
    def first(self) -> bool:
        """Whether this is the machine that keeps the books."""
        return self.node == 0

    @property
    def port(self) -> int:
        """Where the machines of one job meet: jobs that share a machine get different ones.

        >>> Place(0, 2, "node17", "4711").port
        19711
        """
        return FIRST_PORT + int(self.job) % PORTS


def training_command(
    folder: ClusterFolder, submission: Submission, place: Place, *, resume: bool
) -> list[str]:
    """What one machine of a job runs.

    Args:
        folder: Of the run.
        submission: What was asked for.
        place: Which machine this is.
        resume: Go on from the run's newest checkpoint.
    """
    train = ["train", str(folder.config), "--run", str(folder.run)]
    train += ["--resume"] if resume else submission.start
    if submission.nodes * submission.processes == 1:
        return [*submission.program, *train]
    if submission.nodes == 1:
        meeting = ["--standalone"]
    else:
        meeting = ["--nnodes", f"{place.nodes}", "--node-rank", f"{place.node}"]
        meeting += ["--master-addr", place.first_host, "--master-port", f"{place.port}"]
    return [
        sys.executable,
        "-m",
        "torch.distributed.run",
        *meeting,
        "--nproc-per-node",
        f"{submission.processes}",
        "--no-python",
        "--",  # else torchrun takes --run for a short form of an option of its own
        *submission.program,
        *train,
    ]
