"""Preparation that is killed at any moment and started again ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinestream.datasets import prepare
from kinestream.datasets.preparing import batches as batching
from kinestream.errors import DataError

RECORDINGS = 24

# Batches of three recordings, and time enough between files to be killed there.
SCRIPT = """
import sys, time
from kinestream.datasets import prepare
from kinestream.datasets.layouts import writing
from kinestream.datasets.preparing import batches
batches.MAX_RECORDINGS = 3
whole = writing.write_whole
def slow(path, content):
    time.sleep(0.002)
    return whole(path, content)
writing.write_whole = slow
if __name__ == "__main__":
    _, source, target, layout, jobs = sys.argv
    prepare("utkinect", source, target, layout=layout, jobs=int(jobs))
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "utkinect"
    folder.mkdir()
    labels = ""
    for k in range(RECORDINGS):
        name = f"s{k % 8 + 1:02d}_e{k // 8 + 1:02d}"
        rows = (f"{t} " + f"{(t + k) / 100} " * 60 for t in range(0, 80 + 4 * k, 4))
        (folder / f"joints_{name}.txt").write_text("\n".join(rows) + "\n")
        labels += f"{name}\nwalk: 8 40\n"
    (folder / "joints_s09_e01.txt").write_text("not joints\n")
    (folder / "actionLabel_modified.txt").write_text(labels)
    return folder


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_RECORDINGS", 3)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def started(script: Path, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, script, *map(str, arguments)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )


def begun(target: Path) -> Path:
    return target.parent / f".{target.name}.partial"


@pytest.mark.parametrize(("layout", "jobs"), [("folder", 1), ("store", 1), ("folder", 2)])
def test_killed_and_started_again_gives_the_same_bytes(
    source: Path, tmp_path: Path, layout: str, jobs: int
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    prepare("utkinect", source, tmp_path / "whole", layout=layout)  # type: ignore[arg-type]
    target = tmp_path / "killed"
    chance = random.Random(f"{layout}{jobs}")
    kills = 0
    for _ in range(3):
        process = started(script, source, target, layout, jobs)
        while not (begun(target) / "journal").is_dir() and process.poll() is None:
            time.sleep(0.001)
        seen = len(list((begun(target) / "journal").glob("*.json")))
        time.sleep(chance.uniform(0, 0.1))
        while process.poll() is None and len(list(begun(target).glob("journal/*.json"))) <= seen:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills
    tear_one_file(begun(target) / "tree")
    again = started(script, source, target, layout, jobs)
    assert again.wait(60) == 0
    assert contents(target) == contents(tmp_path / "whole")
    assert not begun(target).exists()


def tear_one_file(tree: Path) -> None:
    """What a power cut leaves: a file that has its name but not its content."""
    files = [path for path in tree.rglob("*") if path.suffix in (".npy", ".values")]
    if files:
        os.truncate(files[0], files[0].stat().st_size // 2)


@pytest.fixture
def interrupted(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A target whose preparation was stopped after three of its batches."""
    target = tmp_path / "set"
    stop_after(3, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        prepare("utkinect", source, target)
    monkeypatch.undo()
    monkeypatch.setattr(batching, "MAX_RECORDINGS", 3)
    assert not target.exists()
    yield target


def stop_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import kinestream.datasets.preparing.workers as workers

    run = workers.run_batch

    def stopping(job: batching.Job, batch: batching.Batch) -> object:
        if batch.number == count:
            raise KeyboardInterrupt
        return run(job, batch)

    monkeypatch.setattr(workers, "run_batch", stopping)


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Collects which recordings are read."""
    seen: list[Path] = []
    read = batching.read_recording

    def counting(path: Path, *rest: object) -> object:
        seen.append(path)
        return read(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(batching, "read_recording", counting)
    return seen


def test_finished_batches_are_not_read_again(
    source: Path, interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, said = reads(monkeypatch), list[str]()
    prepare("utkinect", source, interrupted, tell=said.append)
    assert "Going on" in said[0]
    assert len(seen) == RECORDINGS - 9  # the broken file is in no split


@pytest.mark.parametrize("how", ["truncated", "changed", "missing", "journal"])
def test_what_was_torn_is_done_again(
    source: Path, interrupted: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = begun(interrupted) / "tree"
    file = sorted(tree.glob("train/features/*.npy"))[0]
    content = file.read_bytes()
    if how == "truncated":
        file.write_bytes(content[:-1])
    elif how == "changed":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "missing":
        file.unlink()
    else:
        journal = begun(interrupted) / "journal" / "00000.json"
        journal.write_bytes(journal.read_bytes()[:-20])
    seen = reads(monkeypatch)
    prepare("utkinect", source, interrupted)
    assert len(seen) == RECORDINGS - 6
    assert (interrupted / file.relative_to(tree)).read_bytes() == content


def test_without_checks_a_torn_file_would_be_taken_for_whole(
    source: Path, interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: with a journal that is believed blindly, the torn file stays."""
    monkeypatch.setattr("kinestream.datasets.preparing.journal._is_whole", lambda *_: True)
    tree = begun(interrupted) / "tree"
    file = sorted(tree.glob("train/features/*.npy"))[0]
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    prepare("utkinect", source, interrupted)
    assert (interrupted / file.relative_to(tree)).read_bytes() != content


@pytest.mark.parametrize("change", ["protocol", "layout", "file", "labels", "no resume"])
def test_other_settings_start_anew(
    source: Path, interrupted: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, said = reads(monkeypatch), list[str]()
    if change == "protocol":
        prepare("utkinect", source, interrupted, "loso:s01", tell=said.append)
    elif change == "layout":
        prepare("utkinect", source, interrupted, layout="store", tell=said.append)
    elif change in ("file", "labels"):
        name = "joints_s05_e01.txt" if change == "file" else "actionLabel_modified.txt"
        os.utime(source / name, (1, 1 + (source / name).stat().st_mtime))
        prepare("utkinect", source, interrupted, tell=said.append)
    else:
        prepare("utkinect", source, interrupted, resume=False, tell=said.append)
    assert len(seen) >= RECORDINGS
    assert ("starting anew" in said[0]) == (change != "no resume")


def test_any_number_of_processes_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    for jobs in (1, 3):
        prepare("utkinect", source, tmp_path / str(jobs), "loso:s02", jobs=jobs)
    assert contents(tmp_path / "1") == contents(tmp_path / "3")


def test_rests_of_killed_writers_are_swept_away(source: Path, interrupted: Path) -> None:
    rest = begun(interrupted) / "tree" / "train" / "features" / ".s01_e01.npy.0123.part"
    rest.write_bytes(b"half")
    prepare("utkinect", source, interrupted)
    assert not list(interrupted.rglob(".*"))
    named = json.loads((interrupted / "dataset.json").read_text())["sha256"]
    assert set(contents(interrupted)) == {*named, "dataset.json", "report.json"}


def test_the_old_data_set_stays_until_the_new_one_is_whole(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "set"
    prepare("utkinect", source, target)
    before = contents(target)
    stop_after(2, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        prepare("utkinect", source, target, "loso:s01", overwrite=True)
    assert contents(target) == before


def test_killed_between_the_two_last_moves_nothing_is_lost(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "set"
    prepare("utkinect", source, target)
    before = contents(target)
    begun(target).mkdir()
    target.rename(begun(target) / "old")
    with pytest.raises(DataError, match="does not hold utkinect"):
        prepare("utkinect", tmp_path, target)
    (begun(target) / "settings.json").write_text("{}")
    prepare("utkinect", source, target)
    assert contents(target) == before
    assert not begun(target).exists()


def test_two_preparations_of_one_target_do_not_meet(source: Path, interrupted: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with open(begun(interrupted) / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="another process is preparing"):
            prepare("utkinect", source, interrupted)


def test_ctrl_c_never_reaches_a_worker_that_still_begins(source: Path, tmp_path: Path) -> None:
    """Each process gets Ctrl-C while it imports the script, before it can ask for anything."""
    script = tmp_path / "script.py"
    early = "import os, signal\nif __name__ != '__main__': os.kill(os.getpid(), signal.SIGINT)\n"
    script.write_text(early + SCRIPT)
    done = subprocess.run(
        [sys.executable, script, source, tmp_path / "set", "folder", "2"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "set" / "dataset.json").is_file()
