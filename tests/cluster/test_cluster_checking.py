"""Wishes that cannot be fulfilled are refused before anything is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinestream.cluster.checking import LOCAL_REQUEUES, PROGRAM, Wishes, check
from kinestream.cluster.limits import gigabytes_of, minutes_of
from kinestream.cluster.submission import ClusterFolder, Submission
from kinestream.cluster.training_command import FIRST_PORT, PORTS, Place, training_command
from kinestream.errors import CheckpointError, ConfigError, MissingExtraError, MissingFileError

Wish = Callable[..., Wishes]
Submitted = Callable[..., tuple[ClusterFolder, Submission]]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("1", 1),
        ("90", 90),
        ("0:01", 1),
        ("59:01", 60),
        ("00:00:59", 1),
        ("04:00:00", 240),
        ("100:00:00", 6000),
        ("1-0", 1440),
        ("2-12:30", 3630),
        ("1-00:00:01", 1441),
    ],
)
def test_times_are_read_as_slurm_does(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize(
    "text", ["", "0", "0:00", "-5", "4h", "1:2:3:4", "1-", "-1:00", "1.5", "٣", "1\n2", "9" * 5000]
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="time must be"):
        minutes_of(text)


@pytest.mark.parametrize(("text", "size"), [("512m", 0.5), ("32GB", 32), (" 2T ", 2048)])
def test_memory_is_read(text: str, size: float) -> None:
    assert gigabytes_of(text) == size


@pytest.mark.parametrize("text", ["", "32", "G", "0G", "-1G", "1e3G", "32 X", "nanG", "1" * 5000])
def test_other_memory_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="memory must be"):
        gigabytes_of(text)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"gpus": 0}, "gpus must be 1 or more, got 0"),
        ({"gpus": -1}, "gpus must be 1 or more, got -1"),
        ({"gpus": 2, "processes": 3}, "every GPU gets a process"),
        ({"processes": 0}, "processes must be 1 or more"),
        ({"nodes": 0, "executor": "slurm"}, "nodes must be 1 or more"),
        ({"nodes": 2}, "the local executor has one machine"),
        ({"cpus": 0}, "cpus must be 1 or more"),
        ({"executor": "lsf"}, "executor must be slurm or local"),
        ({"time": "soon"}, "time must be"),
        ({"time": "00:04:00"}, "too short"),
        ({"time": "00:10:00", "grace_s": 400}, "too short"),
        ({"grace_s": 0}, "grace must be 1 or more"),
        ({"requeues": -1}, "requeues must be 0 or more"),
        ({"memory": "32"}, "memory must be"),
        ({"partition": "gpu\n#SBATCH --uid=0"}, "partition must be made of"),
        ({"name": "a b"}, "name must be made of"),
        ({"slurm": ("account",)}, "--slurm takes an option"),
        ({"slurm": ("account=a\nrm",)}, "--slurm takes an option"),
        ({"slurm": ("Account;=a",)}, "--slurm takes an option"),
        ({"slurm": ("time=1",)}, "--slurm time cannot be given"),
        ({"notify": "echo 'open"}, "is not a command"),
        ({"notify": "no-such-program-here --now"}, "there is no program 'no-such-program-here'"),
        ({"changes": ("training.epochs=none",)}, "training.epochs"),
        ({"source": Path("/nowhere/at/all")}, "there is no run or bundle"),
        ({"source": Path("/"), "weights": "first"}, "weights must be last or best_valid"),
        ({"changes": ("data.path=/nowhere/at/all",)}, "there is no data set"),
        ({"changes": ("data.test=missing",)}, "missing"),
    ],
)
def test_wrong_wishes_are_refused(
    wish: Wish, slurm: Path, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises((ConfigError, MissingFileError), match=says):
        check(wish(**changes))
    assert not (tmp_path / "runs").exists()


def test_without_slurm_a_sentence_says_what_to_do(
    wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigError, match=r"no sbatch here.*--executor local"):
        check(wish(executor="slurm"))


def test_without_submitit_the_extra_is_named(
    wish: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kinestream.cluster.submitting import submit

    monkeypatch.setitem(sys.modules, "submitit", None)
    folder, submission, config = check(wish())
    with pytest.raises(MissingExtraError, match=r"pip install 'kinestream\[cluster\]'"):
        submit(folder, submission, config)
    assert not (tmp_path / "runs").exists()


def test_what_is_written_down(wish: Wish, tmp_path: Path) -> None:
    _, submission, config = check(
        wish(
            run=None, processes=2, changes=("training.epochs=7",), requeues=50, notify="echo 'a b'"
        )
    )
    assert submission.run == str(Path.cwd() / "runs" / "tiny") and submission.name == "tiny"
    assert submission.notify == ["echo", "a b"] and config.training.epochs == 7
    assert (submission.processes, submission.gpus) == (2, 0)
    assert submission.requeues == LOCAL_REQUEUES


def test_a_taken_run_folder(wish: Wish, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "tiny"
    with pytest.raises(MissingFileError, match="leave --resume out"):
        check(wish(resume=True))
    with pytest.raises(ConfigError, match="pattern"):
        check(wish(run=tmp_path / "100%"))
    run.mkdir(parents=True)
    check(wish())  # empty is free
    (run / "notes.txt").touch()
    with pytest.raises(ConfigError, match="is not empty"):
        check(wish())
    with pytest.raises(ConfigError, match="is a file"):
        check(wish(run=run / "notes.txt"))


def test_a_run_with_a_job_is_not_submitted_again(submitted: Submitted, slurm: Path) -> None:
    folder, _ = submitted(executor="slurm")
    (slurm / "queue").write_text("PENDING")
    for resume in (False, True):
        with pytest.raises(ConfigError, match="job 4711 of .* is waiting"):
            submitted(executor="slurm", resume=resume)
    (slurm / "queue").write_text("CANCELLED")
    with pytest.raises(ConfigError, match="is not empty"):
        submitted(executor="slurm")
    again = submitted(executor="slurm", resume=True)[1]
    assert again.id == json.loads(folder.submission.read_text())["id"]


def test_a_run_goes_on_with_its_own_settings_only(
    submitted: Submitted, wish: Wish, slurm: Path
) -> None:
    folder, _ = submitted(executor="slurm")
    (slurm / "queue").write_text("CANCELLED")
    (folder.run / "checkpoints").mkdir()
    (folder.run / "checkpoints" / "epoch-00001.safetensors").touch()
    (folder.run / "config.yaml").write_bytes(folder.config.read_bytes())
    check(wish(resume=True, changes=("training.epochs=9",)))
    with pytest.raises(ConfigError, match="optimizer.learning_rate was"):
        check(wish(resume=True, changes=("optimizer.learning_rate=1",)))


@pytest.mark.parametrize("content", ["", "{}", "[" * 100_000, '{"id": NaN}', "\0", "x" * 2_000_000])
def test_damaged_records_are_told(submitted: Submitted, slurm: Path, content: str) -> None:
    folder, _ = submitted(executor="slurm")
    folder.submission.write_text(content)
    with pytest.raises(CheckpointError, match=r"submission\.json"):
        folder.read()


HERE = Place(0, 1, "here", "4711")


def test_one_process_needs_no_torchrun(wish: Wish, tmp_path: Path) -> None:
    folder, submission, _ = check(wish(program=PROGRAM))
    run = str(tmp_path / "runs" / "tiny")
    train = ["train", f"{run}/cluster/config.yaml", "--run", run]
    assert training_command(folder, submission, HERE, resume=False) == [*PROGRAM, *train]
    again = training_command(folder, submission, HERE, resume=True)
    assert again == [*PROGRAM, *train, "--resume"]


def test_only_the_first_start_is_told_where_its_weights_come_from(
    wish: Wish, tmp_path: Path
) -> None:
    folder, submission, _ = check(wish(source=tmp_path, weights="best_valid"))
    first = training_command(folder, submission, HERE, resume=False)
    assert first[-4:] == ["--from", str(tmp_path), "--weights", "best_valid"]
    assert "--from" not in training_command(folder, submission, HERE, resume=True)


def test_several_files_are_laid_over_one_another(wish: Wish, tmp_path: Path) -> None:
    (tmp_path / "long.json").write_text('{"training": {"epochs": 99}}')
    files = (*wish().config, tmp_path / "long.json")
    _, submission, config = check(wish(config=files, run=None))
    assert (config.name, config.training.epochs, config.training.batch_size) == ("tiny-long", 99, 2)
    assert submission.run.endswith("/runs/tiny-long")


def test_several_processes_are_started_by_torchrun(wish: Wish, slurm: Path) -> None:
    folder, submission, _ = check(wish(gpus=4, executor="slurm"))
    command = " ".join(training_command(folder, submission, HERE, resume=False))
    assert " -m torch.distributed.run --standalone --nproc-per-node 4 --no-python -- " in command
    folder, submission, _ = check(wish(gpus=1, nodes=2, executor="slurm"))
    commands = [
        " ".join(training_command(folder, submission, place, resume=True))
        for place in (Place(0, 2, "node17", "4711"), Place(1, 2, "node17", "4711"))
    ]
    port = FIRST_PORT + 4711 % PORTS
    for node, command in enumerate(commands):
        meeting = f"--nnodes 2 --node-rank {node} --master-addr node17 --master-port {port}"
        assert f"{meeting} --nproc-per-node 1 --no-python --" in command
        assert command.endswith("--resume")
