"""Runs on two processes: in lockstep whatever happens to one of them, and safe to kill."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training.killing import rows_of, same_end
from tests.training.processes import finish, start

from kinestream.training import loop
from kinestream.training.checkpoints import load_latest
from kinestream.training.config import TrainConfig
from kinestream.training.run_folder import RunFolder
from kinestream.training.signals import EXIT_CODE

Settings = dict[str, Any]


@pytest.fixture(scope="module")
def values(settings: Settings) -> Settings:
    """No dropout, which every process draws for itself; three trials a step, so shares are uneven."""
    made = copy.deepcopy(settings)
    made["network"]["arguments"]["dropout"] = 0
    made["training"] |= {"epochs": 3, "batch_size": 3, "save_every": 1, "device": "cpu"}
    return made


def launch(
    folder: Path, values: Settings, how: str = "new", sabotage: Settings | None = None
) -> list[subprocess.Popen[str]]:
    """Two processes; the second one finds ``sabotage`` in its way."""
    plain = ["-m", "tests.training.rank_run", str(folder), how, json.dumps(values)]
    return start(plain, 2, [["{}"], [json.dumps(sabotage or {})]])


def weights_of(said: str) -> list[str]:
    return [line.split()[1] for line in said.splitlines() if line.startswith("weights")]


@pytest.fixture(scope="module")
def undisturbed(values: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two") / "run"
    assert finish(launch(folder, values), 120) == [0, 0]
    return folder


def test_two_processes_learn_what_one_learns(
    values: Settings, undisturbed: Path, tmp_path: Path
) -> None:
    """Up to the rounding of sums in single precision; chance does not depend on who draws it."""
    loop.train(TrainConfig.model_validate(values), RunFolder(tmp_path / "one"))
    pairs = zip(rows_of(tmp_path / "one"), rows_of(undisturbed), strict=True)
    for one, two in pairs:
        assert one.keys() == two.keys()
        assert two["train/loss"] == pytest.approx(one["train/loss"], rel=1e-3)


def test_what_one_cannot_compute_all_skip(
    values: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    assert finish(launch(folder, values, sabotage={"poison": [2, 3]}), 120) == [0, 0]
    assert [row.get("skipped_steps", 0) for row in rows_of(folder)] == [1, 1, 0]
    tensors = load_latest(folder / "checkpoints").tensors
    assert all(bool(t.isfinite().all()) for t in tensors.values() if t.is_floating_point())
    assert {float(v) for k, v in tensors.items() if k.endswith(".step")} == {6 - 2}
    ends = weights_of(capfd.readouterr().out)
    assert len(ends) == 2 and len(set(ends)) == 1


def test_where_one_runs_out_of_memory_all_shorten_their_segments(
    values: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    changed = copy.deepcopy(values)
    changed["network"]["arguments"]["norm"] = "layer"
    changed["training"] |= {"segment": "auto", "epochs": 1}
    assert finish(launch(tmp_path / "run", changed, sabotage={"memory": 40}), 120) == [0, 0]
    said = capfd.readouterr().out
    assert 16 <= load_latest(tmp_path / "run" / "checkpoints").standing.segment < 40
    assert len(set(weights_of(said))) == 1
    halvings = said.count("segment is now")
    assert halvings >= 2 and halvings % 2 == 0, said


def test_a_signal_to_one_stops_all(values: Settings, undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    processes = launch(folder, values)
    _wait_for(processes[0], "step 1 1")
    processes[1].send_signal(signal.SIGTERM)
    assert finish(processes, 120) == [EXIT_CODE, EXIT_CODE]
    assert finish(launch(folder, values, "resume"), 120) == [0, 0]
    assert same_end(folder, undisturbed)


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
def test_killed_runs_go_on_bit_for_bit(
    values: Settings, undisturbed: Path, tmp_path: Path, kills: int
) -> None:
    folder, rng = tmp_path / "run", np.random.default_rng(kills)
    for kill in range(kills):
        processes = launch(folder, values, "resume" if kill else "new")
        _wait_for(processes[0], "step")
        if not kill:  # the first checkpoint is promised after the first line that follows it
            _wait_for(processes[0], "step")
        time.sleep(float(rng.uniform(0, 0.1)))
        for process in processes:
            process.kill()
        codes = finish(processes)
        assert set(codes) <= {0, -signal.SIGKILL}
        if codes[0] == 0:
            break
    assert finish(launch(folder, values, "resume"), 120) == [0, 0]
    assert same_end(folder, undisturbed)


def _wait_for(process: subprocess.Popen[str], beginning: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(beginning):
            return


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_fifty_signals(values: Settings, undisturbed: Path, tmp_path: Path) -> None:
    """At random instants, to a process chosen at random, also while it saves or sends back."""
    rng, folder = np.random.default_rng(0), tmp_path / "run"
    how, stops = "new", 0
    while stops < 50:
        processes = launch(folder, values, how)
        _wait_for(processes[0], "step")
        time.sleep(float(rng.uniform(0, 0.05)))
        number = (signal.SIGTERM, signal.SIGUSR1)[int(rng.integers(2))]
        os.kill(processes[int(rng.integers(2))].pid, number)
        codes = finish(processes, 120)
        assert codes in ([0, 0], [EXIT_CODE, EXIT_CODE])
        stops += codes[0] == EXIT_CODE
        how = "resume"
        if codes == [0, 0]:
            assert same_end(folder, undisturbed)
            how, folder = "new", tmp_path / f"run{stops}"


def test_lines_are_written_once(undisturbed: Path, values: Settings) -> None:
    epochs: Sequence[int] = [row["epoch"] for row in rows_of(undisturbed)]
    assert epochs == [1, 2, 3]
