"""A run may be killed or asked to stop at any moment; what goes on from there is the same run."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.torch import load
from tests.training.killing import child, rows_of, same_end
from typer.testing import CliRunner

from kinestream.cli import app
from kinestream.errors import CheckpointError
from kinestream.training import guard, loop
from kinestream.training.augment import augment
from kinestream.training.checkpoints import Checkpoint, load_latest
from kinestream.training.config import TrainConfig
from kinestream.training.optimizer import update_average
from kinestream.training.run_folder import RunFolder
from kinestream.training.signals import EXIT_CODE, StopFlag, StoppedError, stop_signals
from kinestream.training.step import accumulate_gradients

EVENTS = ("open", "fsync", "replace", "unlink")


ROOT = Path(__file__).parents[2]


class PowerCut(BaseException):
    """Nothing catches this, as nothing runs after a power cut."""


def saving_often(settings: dict[str, Any], epochs: int = 4) -> dict[str, Any]:
    values = copy.deepcopy(settings)
    values["training"] |= {"save_every": 1, "epochs": epochs}
    return values


def config_of(values: dict[str, Any]) -> TrainConfig:
    return TrainConfig.model_validate(values)


class AskedAt:
    """Asks to stop when it is asked for the n-th time."""

    def __init__(self, time: int) -> None:
        self.left = time

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, nth: int, error: BaseException) -> Iterator[list[str]]:
    """The n-th call that touches a file of the disk fails; yields what was called."""
    seen: list[str] = []

    def wrapped(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            seen.append(name)
            if len(seen) == nth:
                raise error
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in EVENTS:
            patch.setattr(os, name, wrapped(name, getattr(os, name)))
        yield seen


@pytest.mark.parametrize("asked", [1, 2, 3, 4, 5, 7, 8, 9])
def test_a_run_that_is_asked_to_stop_goes_on_bit_for_bit(
    settings: dict[str, Any], run_path: Path, tmp_path: Path, asked: int
) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(StoppedError, match="stopped and saved after (step|epoch)"):
        loop.train(config_of(settings), run, stop=AskedAt(asked))
    loop.train(config_of(settings), run, resume=True)
    assert same_end(run.path, run_path)


def test_five_stops_within_one_epoch(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = copy.deepcopy(settings)
    values["training"] |= {"batch_size": 1, "epochs": 2}
    seen: list[str] = []
    real = augment

    def watched(clip: Any, *rest: Any) -> Any:
        seen.append(clip.subject)
        return real(clip, *rest)

    monkeypatch.setattr("kinestream.training.loop.augment", watched)
    loop.train(config_of(values), RunFolder(tmp_path / "whole"))
    order, run = seen.copy(), RunFolder(tmp_path / "run")
    seen.clear()
    for time_ in range(5):
        with pytest.raises(StoppedError):
            loop.train(config_of(values), run, resume=time_ > 0, stop=AskedAt(1))
    assert load_latest(run.checkpoints).epoch == 0
    loop.train(config_of(values), run, resume=True)
    assert seen == order
    assert same_end(run.path, tmp_path / "whole")


@pytest.mark.parametrize("lost", ["steps", "loss"])
def test_the_comparison_notices_what_is_forgotten_within_an_epoch(
    settings: dict[str, Any],
    run_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lost: str,
) -> None:
    """A twin that loses one part of where it stood must not pass for the real one."""
    run = RunFolder(tmp_path / "run")
    with pytest.raises(StoppedError):
        loop.train(config_of(settings), run, stop=AskedAt(5))

    def forgets(folder: Path) -> Checkpoint:
        found = load_latest(folder)
        if lost == "steps":
            found.standing.tally.steps = 0
        else:
            found.standing.tally.loss = 0.0
        return found

    monkeypatch.setattr("kinestream.training.job.load_latest", forgets)
    loop.train(config_of(settings), run, resume=True)
    assert not same_end(run.path, run_path)


def test_a_power_cut_at_any_touch_of_the_disk(
    settings: dict[str, Any], run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the second save on: every open, fsync, rename and removal is the last in turn."""
    values = saving_often(settings)
    start = RunFolder(tmp_path / "start")
    with pytest.raises(StoppedError):
        loop.train(config_of(values), start, stop=AskedAt(2))
    with failing(monkeypatch, 0, PowerCut()) as calls:
        _save_once(values, start.path, tmp_path / "counted")
    assert set(calls) == set(EVENTS)
    for nth in range(1, len(calls) + 1):
        cut = tmp_path / f"cut{nth}"
        with failing(monkeypatch, nth, PowerCut()), pytest.raises(PowerCut):
            _save_once(values, start.path, cut)
        assert all_whole(cut)
        if nth % 3 == 1:  # the rest only have to be readable
            loop.train(config_of(values), RunFolder(cut), resume=True)
            assert same_end(cut, run_path)
        else:
            assert load_latest(cut / "checkpoints").standing.tally.steps >= 2


def all_whole(run: Path) -> bool:
    """Whether every file with a checkpoint's name is a whole one."""
    for path in (run / "checkpoints").glob("*.safetensors"):
        try:
            load(path.read_bytes())
        except SafetensorError:
            return False
    return True


def _save_once(values: dict[str, Any], start: Path, folder: Path) -> None:
    """Save what a run holds once more, one step on."""
    for source in [start, start / "checkpoints"]:
        target = folder / source.relative_to(start)
        target.mkdir(exist_ok=True)
        for path in source.iterdir():
            if path.is_file():
                (target / path.name).write_bytes(path.read_bytes())
    with pytest.raises(StoppedError):
        loop.train(config_of(values), RunFolder(folder), resume=True, stop=AskedAt(1))


def _naive_save(path: Path, data: bytes) -> Path:
    """A writer that does what torch.save does: into the file itself."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(descriptor, data[: len(data) // 2])
    os.fsync(descriptor)
    os.write(descriptor, data[len(data) // 2 :])
    os.close(descriptor)
    return path


def test_a_naive_writer_leaves_half_a_checkpoint(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: the same power cuts leave a file that is no checkpoint."""
    values = saving_often(settings)
    start = RunFolder(tmp_path / "start")
    with pytest.raises(StoppedError):
        loop.train(config_of(values), start, stop=AskedAt(2))
    monkeypatch.setattr("kinestream.training.checkpoints.write_atomically", _naive_save)
    with failing(monkeypatch, 0, PowerCut()) as calls:
        _save_once(values, start.path, tmp_path / "counted")
    whole = []
    for nth in range(1, len(calls) + 1):
        cut = tmp_path / f"cut{nth}"
        with failing(monkeypatch, nth, PowerCut()), pytest.raises(PowerCut):
            _save_once(values, start.path, cut)
        whole.append(all_whole(cut))
    assert not all(whole)


@pytest.mark.parametrize("code", [28, 5, 30])  # no space left, input/output error, read-only
def test_a_disk_that_fails_costs_no_checkpoint(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    values = saving_often(settings)
    start = RunFolder(tmp_path / "start")
    with pytest.raises(StoppedError):
        loop.train(config_of(values), start, stop=AskedAt(2))
    with failing(monkeypatch, 0, PowerCut()) as calls:
        _save_once(values, start.path, tmp_path / "counted")
    for nth in range(1, len(calls) + 1):
        folder = tmp_path / f"{code}-{nth}"
        error = OSError(code, os.strerror(code))
        with (
            failing(monkeypatch, nth, error),
            pytest.raises(CheckpointError, match=r"cannot be written: .* bytes are free there"),
        ):
            _save_once(values, start.path, folder)
        assert load_latest(folder / "checkpoints").standing.tally.steps >= 2


def test_signals_only_set_a_flag_and_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_signals() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()
        assert stop.signal == "SIGUSR1"
    assert signal.getsignal(signal.SIGTERM) is before


def test_signals_are_ignored_after_the_last_block() -> None:
    with stop_signals(last=True) as stop:
        pass
    for number in (signal.SIGUSR1, signal.SIGTERM):  # either would end the process
        os.kill(os.getpid(), number)
    assert not stop()


@pytest.mark.parametrize("instant", range(10))
def test_a_signal_at_any_instant_of_a_step(
    settings: dict[str, Any],
    run_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    instant: int,
) -> None:
    """The handler runs in the middle of batches, gradients, steps, saves and tests."""
    places = (
        ("kinestream.training.loop", "augment", 3),
        ("kinestream.training.guard", "accumulate_gradients", 2),
        ("kinestream.training.guard", "update_average", 4),
        ("kinestream.training.loop", "save_checkpoint", 1),
        ("kinestream.training.loop", "figures_of", 1),
    )
    module, name, nth = places[instant % len(places)]
    number = (signal.SIGTERM, signal.SIGUSR1)[instant // len(places)]
    stop, left = StopFlag(), [nth + instant // len(places)]
    real = __import__(module, fromlist=[name]).__dict__[name]

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        result = real(*args, **kwargs)
        if left[0] == 0:
            stop.raise_it(number)
        return result

    monkeypatch.setattr(f"{module}.{name}", interrupted)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(StoppedError):
        loop.train(config_of(settings), run, stop=stop)
    monkeypatch.undo()
    loop.train(config_of(settings), run, resume=True)
    assert same_end(run.path, run_path)


def test_a_handler_that_acts_at_once_is_caught(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin ends the run from the handler: the steps since the last checkpoint are gone."""
    left = [2]

    def interrupted(*args: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise StoppedError("stopped where it stood")
        return accumulate_gradients(*args)

    monkeypatch.setattr(guard, "accumulate_gradients", interrupted)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(StoppedError):
        loop.train(config_of(settings), run)
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        load_latest(run.checkpoints)


def _end(process: subprocess.Popen[str], number: int, line: int, wait: float) -> int:
    """Send a signal ``wait`` seconds after a line was printed; returns the exit code."""
    assert process.stdout is not None
    for _ in range(line):
        process.stdout.readline()
    time.sleep(wait)
    process.send_signal(number)
    process.communicate(timeout=120)
    return process.returncode


def _killed(
    values: dict[str, Any], folder: Path, number: int, times: int, rng: np.random.Generator
) -> list[int]:
    """Train in processes of their own that are ended ``times`` times; returns the exit codes."""
    codes = [_end(child(folder, values, resume=False), number, 3, 0.0)]  # "step 1 2" was said
    for _ in range(times - 1):
        after = int(rng.integers(2, 4))
        wait = float(rng.uniform(0, 0.02))
        codes.append(_end(child(folder, values, resume=True), number, after, wait))
    return codes


def test_killed_and_terminated_processes_go_on_bit_for_bit(
    settings: dict[str, Any], run_path: Path, tmp_path: Path
) -> None:
    """Four times killed outright, then four times asked to end."""
    values = saving_often(settings)
    rng = np.random.default_rng(0)
    for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, EXIT_CODE)):
        folder = tmp_path / number.name
        codes = _killed(values, folder, number, 4, rng)
        assert set(codes) == {code}
        assert len(rows_of(folder)) < 4
        loop.train(config_of(values), RunFolder(folder), resume=True)
        assert same_end(folder, run_path)


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2))])
def test_twenty_kills_at_random_moments(
    settings: dict[str, Any], tmp_path: Path, seed: int
) -> None:
    values = saving_often(settings, epochs=40)
    values["training"]["test_every"] = 40
    loop.train(config_of(values), RunFolder(tmp_path / "whole"))
    arguments = [str(tmp_path / "run"), json.dumps(values), "20", str(seed)]
    command = [sys.executable, "-m", "tests.training.many_kills", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["killed", "20"]
    assert same_end(tmp_path / "run", tmp_path / "whole")


@pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX")
def test_checkpoints_are_as_readable_as_the_user_says(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    before = os.umask(0o027)
    try:
        loop.train(config_of(saving_often(settings, epochs=1)), RunFolder(tmp_path / "run"))
    finally:
        os.umask(before)
    for path in (tmp_path / "run").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o750 if path.is_dir() else 0o640), path


def test_the_command_says_that_it_stopped_and_exits_with_its_own_code(
    settings: dict[str, Any], run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings))
    command = ["train", str(tmp_path / "config.json"), "--run", str(tmp_path / "run")]
    real = update_average

    def signalled(*args: Any) -> None:
        real(*args)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(guard, "update_average", signalled)
    result = CliRunner().invoke(app, command)
    assert result.exit_code == EXIT_CODE == 75
    said = " ".join(result.output.split())
    assert "stopped and saved after step 1 of epoch 1. The same command with --resume" in said
    monkeypatch.undo()
    assert CliRunner().invoke(app, [*command, "--resume"]).exit_code == 0
    assert same_end(tmp_path / "run", run_path)
