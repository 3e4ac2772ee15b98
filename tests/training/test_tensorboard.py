"""Event files for TensorBoard: read back, they are the rows of the run, whatever interrupted it."""

from __future__ import annotations

import builtins
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.errors import CheckpointError, MissingExtraError
from kinestream.training.run_folder import RunFolder
from kinestream.training.tensorboard import check_tensorboard, event_file

pytest.importorskip("torch")

ROWS: list[dict[str, Any]] = [
    {"epoch": 1, "learning_rate": 0.01, "train/loss": 1.5, "seconds": 2},
    {"epoch": 2, "learning_rate": 0.005, "train/loss": 0.7, "test/f1@50": 61.25},
    {"epoch": 3, "learning_rate": 0.0, "train/loss": 0.3, "test/f1@50": 70.5},
]


@pytest.fixture(autouse=True)
def _installed(request: pytest.FixtureRequest) -> None:
    if "without" not in request.node.name:
        pytest.importorskip("tensorboard", reason="event files need the package tensorboard")


def events(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and values under each name, as TensorBoard reads them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(folder / "tensorboard"))
    reader.Reload()
    return {
        name: [(event.step, event.value) for event in reader.Scalars(name)]
        for name in reader.Tags()["scalars"]
    }


def expected(rows: list[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    names = {name for row in rows for name in row} - {"epoch"}
    return {
        name: [(row["epoch"], float(np.float32(row[name]))) for row in rows if name in row]
        for name in names
    }


def add(run: RunFolder, *rows: dict[str, Any]) -> None:
    """As the loop does: the line first, then the events."""
    with event_file(run) as write:
        for row in rows:
            run.add_metrics(row)
            write(row)


def test_every_number_of_a_row_is_there_under_its_name(tmp_path: Path) -> None:
    add(RunFolder(tmp_path), *ROWS)
    assert events(tmp_path) == expected(ROWS)
    assert len(list((tmp_path / "tensorboard").iterdir())) == 1


def test_each_row_can_be_seen_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with event_file(RunFolder(tmp_path)) as write:
        for count, row in enumerate(ROWS, 1):
            write(row)
            assert events(tmp_path) == expected(ROWS[:count])


def test_what_is_no_finite_number_is_left_out(tmp_path: Path) -> None:
    odd = {"a": math.nan, "b": math.inf, "c": True, "d": "2", "e": None, "f": [1], "g": 10**400}
    add(RunFolder(tmp_path), {"epoch": 1, **odd, "h": 1e39, "i": -2})
    assert events(tmp_path) == {"i": [(1, -2.0)]}


def test_rows_that_are_dropped_on_resuming_leave_no_event(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    add(run, *ROWS)
    run.keep_metrics_until(1)
    other = [row | {"train/loss": 9.0} for row in ROWS[1:]]
    add(run, *other)
    assert events(tmp_path) == expected([ROWS[0], *other])
    assert len(list((tmp_path / "tensorboard").iterdir())) == 1


def test_rows_that_were_written_without_an_event_get_one(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    add(run, ROWS[0])
    run.add_metrics(ROWS[1])  # and killed before its event
    add(run, ROWS[2])
    assert events(tmp_path) == expected(ROWS)


def test_killed_between_two_files_the_newer_one_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder(tmp_path)
    add(run, *ROWS)
    (old,) = (tmp_path / "tensorboard").iterdir()
    old.rename(old.with_name("events.out.tfevents.1.older"))
    run.keep_metrics_until(1)

    class Killed(Exception):
        pass

    seen = []

    def kill(*_: object, **__: object) -> None:
        seen.append(events(tmp_path))
        raise Killed

    monkeypatch.setattr(Path, "unlink", kill)
    with pytest.raises(Killed):
        add(run)
    monkeypatch.undo()
    assert len(list((tmp_path / "tensorboard").iterdir())) == 2
    assert seen[0]["train/loss"] == expected(ROWS[:1])["train/loss"]
    add(run)
    assert events(tmp_path) == expected(ROWS[:1])


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").mkdir()
    (tmp_path / "tensorboard" / "notes.txt").write_text("mine")
    add(RunFolder(tmp_path), *ROWS)
    assert (tmp_path / "tensorboard" / "notes.txt").read_text() == "mine"


def test_the_same_run_written_twice_gives_the_same_events(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    add(run, *ROWS)
    shutil.rmtree(tmp_path / "tensorboard")
    add(run)
    assert events(tmp_path) == expected(ROWS)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").write_text("")
    with pytest.raises(CheckpointError, match="tensorboard cannot be written: File exists"):
        add(RunFolder(tmp_path), *ROWS)


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.utils.tensorboard import SummaryWriter

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    says = "tensorboard cannot be written: No space"
    with pytest.raises(CheckpointError, match=says), event_file(RunFolder(tmp_path)) as write:
        monkeypatch.setattr(SummaryWriter, "flush", full)
        write(ROWS[0])


def test_without_the_package_a_run_says_so_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    taken = [name for name in sys.modules if name.split(".")[0] == "tensorboard"]
    for name in [*taken, "torch.utils.tensorboard", "torch.utils.tensorboard.writer"]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    importing = builtins.__import__

    def missing(name: str, *rest: Any, **others: Any) -> Any:
        if name.split(".")[0] == "tensorboard":
            raise ModuleNotFoundError("No module named 'tensorboard'", name="tensorboard")
        return importing(name, *rest, **others)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtraError, match=r"pip install 'kinestream\[tensorboard\]'"):
        check_tensorboard()
    with pytest.raises(MissingExtraError), event_file(RunFolder(tmp_path)):
        pass
    with event_file(RunFolder(tmp_path), wanted=False) as write:
        write(ROWS[0])
    assert not (tmp_path / "tensorboard").exists()
