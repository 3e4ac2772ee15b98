"""From what a user asks for to a submission: all that can be wrong is found before the queue."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from kinestream.bundle import shipped_bundles
from kinestream.cluster.collecting import check_backup
from kinestream.cluster.following import ACTIVE, situation_of
from kinestream.cluster.job import can_resume
from kinestream.cluster.limits import gigabytes_of, minutes_of
from kinestream.cluster.state import now
from kinestream.cluster.submission import ClusterFolder, Executor, Submission
from kinestream.datasets.layouts.opening import open_dataset
from kinestream.errors import ConfigError, MissingFileError
from kinestream.training.config import DataConfig, TrainConfig, load_train_config
from kinestream.training.run_folder import RunFolder

PROGRAM = (sys.executable, "-m", "kinestream")
SHORTEST_MIN = 5
LOCAL_REQUEUES = 5
"""submitit starts a local job six times and not once more."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._,@+-]{0,127}")
_KEY = re.compile(r"[a-z][a-z-]{0,40}")
_OURS = {
    "array", "cpus-per-task", "error", "gpus-per-node", "job-name", "mem", "nodes", "ntasks",
    "ntasks-per-node", "open-mode", "output", "partition", "requeue", "no-requeue", "signal", "time",
    "wrap", "chdir", "parsable", "wait",
}  # fmt: skip


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line, as it was written there."""

    config: tuple[Path, ...]
    run: Path | None = None
    changes: tuple[str, ...] = ()
    source: Path | None = None
    weights: str = "last"
    executor: str = "slurm"
    partition: str | None = None
    nodes: int = 1
    gpus: int | None = None
    processes: int | None = None
    cpus: int | None = None
    memory: str | None = None
    time: str = "04:00:00"
    grace_s: int = 90
    requeues: int = 20
    name: str | None = None
    slurm: tuple[str, ...] = ()
    notify: str = ""
    backup: Path | None = None
    resume: bool = False
    program: tuple[str, ...] = field(default=PROGRAM)


def check(wishes: Wishes) -> tuple[ClusterFolder, Submission, TrainConfig]:
    """Look at everything that can be wrong with a job before it waits in a queue.

    Nothing is written.

    Raises:
        ConfigError: A wish, the configuration or the run folder cannot be used.
        MissingFileError: Configuration or data set are not there.
        DataError: The data set is damaged.
    """
    config = load_train_config(wishes.config, wishes.changes)
    executor = _executor(wishes)
    folder = ClusterFolder((wishes.run or Path("runs") / config.name).absolute())
    limit = minutes_of(wishes.time)
    if limit < SHORTEST_MIN or wishes.grace_s * 2 > limit * 60:
        raise ConfigError(
            f"time {wishes.time!r} is too short: a job needs {SHORTEST_MIN} minutes, and twice the "
            f"{wishes.grace_s} s that it is told before its end."
        )
    submission = Submission(
        id=_identity(folder, wishes.resume),
        name=_word("name", wishes.name or config.name),
        run=str(folder.run),
        folder=str(Path.cwd()),
        program=list(wishes.program),
        start=_source(wishes),
        executor=executor,
        partition=None if wishes.partition is None else _word("partition", wishes.partition),
        nodes=_count("nodes", wishes.nodes),
        gpus=_gpus(wishes.gpus),
        processes=_processes(wishes),
        cpus=None if wishes.cpus is None else _count("cpus", wishes.cpus),
        memory_gb=None if wishes.memory is None else gigabytes_of(wishes.memory),
        minutes=limit,
        grace_s=_count("grace", wishes.grace_s),
        requeues=_requeues(wishes.requeues, executor),
        slurm=_slurm(wishes.slurm),
        notify=_notification(wishes.notify),
        backup=None if wishes.backup is None else str(wishes.backup.absolute()),
        host=socket.gethostname(),
        submitted=now(),
    )
    _check_data(config.data)
    _check_run(folder, config, wishes.resume)
    if wishes.backup is not None:
        check_backup(folder, wishes.backup, submission.id)
    return folder, submission, config


def _executor(wishes: Wishes) -> Executor:
    if wishes.executor == "local":
        if wishes.nodes != 1:
            raise ConfigError(f"the local executor has one machine, got nodes {wishes.nodes}.")
        return "local"
    if wishes.executor != "slurm":
        raise ConfigError(f"executor must be slurm or local, got {wishes.executor[:40]!r}.")
    for program in ("sbatch", "srun"):
        if shutil.which(program) is None:
            raise ConfigError(
                f"there is no {program} here: submit on a login node of a SLURM cluster, or try the "
                f"job on this machine with --executor local."
            )
    return "slurm"


def _check_data(data: DataConfig) -> None:
    for split in (data.train, data.test):
        open_dataset(data.path, split, data.protocol, data.fps)


def _check_run(folder: ClusterFolder, config: TrainConfig, resume: bool) -> None:
    run = folder.run
    if "%" in str(run):
        raise ConfigError(
            f"SLURM reads % in a path as a pattern: name another run folder than {run}."
        )
    if run.exists() and not run.is_dir():
        raise ConfigError(f"{run} is a file: name another run folder.")
    known = folder.submission.is_file()
    if known and (situation := situation_of(folder)).state in ACTIVE:
        raise ConfigError(
            f"job {situation.job} of {run} is {situation.state}: "
            f"`kinestream cluster follow` looks on, scancel ends it."
        )
    began = run.is_dir() and any(path.name != "cluster" for path in run.iterdir())
    submitted = known and folder.read().job is not None
    if not resume and (began or submitted):
        raise ConfigError(f"{run} is not empty: name another folder, or pass --resume.")
    if resume and not began and not submitted:
        raise MissingFileError(f"there is no run in {run} to go on with: leave --resume out.")
    if resume and can_resume(run):
        RunFolder(run).check_same(config)


def _identity(folder: ClusterFolder, resume: bool) -> str:
    return folder.read().id if resume and folder.submission.is_file() else uuid4().hex


def _source(wishes: Wishes) -> list[str]:
    if wishes.source is None:
        return []
    if wishes.weights not in ("last", "best_valid"):
        raise ConfigError(f"weights must be last or best_valid, got {wishes.weights[:40]!r}.")
    if not wishes.source.is_dir() and str(wishes.source) not in shipped_bundles():
        raise MissingFileError(f"there is no run or bundle {wishes.source} to start from.")
    return ["--from", str(wishes.source), "--weights", wishes.weights]


def _count(what: str, value: int) -> int:
    if value < 1:
        raise ConfigError(f"{what} must be 1 or more, got {value}.")
    return value


def _gpus(gpus: int | None) -> int:
    if gpus is not None and gpus < 1:
        raise ConfigError(f"gpus must be 1 or more, got {gpus}: leave it out to train on the CPU.")
    return gpus or 0


def _processes(wishes: Wishes) -> int:
    if wishes.processes is None:
        return wishes.gpus or 1
    if wishes.gpus is not None and wishes.processes != wishes.gpus:
        raise ConfigError(
            f"every GPU gets a process of its own, so {wishes.processes} processes do not fit "
            f"{wishes.gpus} GPUs: leave processes out."
        )
    return _count("processes", wishes.processes)


def _requeues(value: int, executor: Executor) -> int:
    if value < 0:
        raise ConfigError(f"requeues must be 0 or more, got {value}.")
    return min(value, LOCAL_REQUEUES) if executor == "local" else value


def _word(what: str, text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ConfigError(
            f"{what} must be made of letters, digits and any of . _ - , @ +, got {text[:60]!r}."
        )
    return text


def _slurm(options: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for option in options:
        key, equals, value = option.removeprefix("--").partition("=")
        if not equals or not _KEY.fullmatch(key) or not value.isprintable():
            raise ConfigError(
                f"--slurm takes an option of sbatch as key=value, got {option[:60]!r}."
            )
        if key in _OURS:
            raise ConfigError(f"--slurm {key} cannot be given: Kinestream sets it by itself.")
        found[key] = value
    return found


def _notification(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"notify {text[:60]!r} is not a command: {error}.") from None
    if words and shutil.which(words[0]) is None:
        raise ConfigError(f"notify: there is no program {words[0][:60]!r} that could be run.")
    return words
