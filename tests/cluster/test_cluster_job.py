"""Jobs on this machine, from submission to end: the training is a stand-in, all else is real."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kinestream.cluster import job as job_module
from kinestream.cluster.child import Forwarding
from kinestream.cluster.following import Situation, follow, situation_of
from kinestream.cluster.job import TrainingJob, attend, can_resume, set_aside
from kinestream.cluster.state import read_state
from kinestream.cluster.submission import ClusterFolder, Submission
from kinestream.cluster.training_command import Place

Submitted = Callable[..., tuple[ClusterFolder, Submission]]

NOTE = "import os; open(r'{path}', 'a').write(' '.join(os.environ['KINESTREAM_' + k] for k in 'STATE EXIT_CODE EPOCH RUN'.split()) + chr(10))"  # noqa: E501


def teller(path: Path) -> str:
    """A notification that adds a line to a file."""
    return f'{sys.executable} -c "{NOTE.format(path=path)}"'


def seen_to_end(folder: ClusterFolder) -> tuple[Situation, list[str]]:
    told: list[str] = []
    return follow(folder, told.append, every_s=0.05), told


def wait_for_step(folder: ClusterFolder, step: int) -> None:
    """Until the stand-in has done a step."""
    path = folder.run / "checkpoints" / f"epoch-{step:05d}.safetensors"
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"no step {step}: {situation_of(folder)}")


def last_total(folder: ClusterFolder) -> str:
    return max((folder.run / "checkpoints").glob("*.safetensors")).read_text()


def undisturbed() -> str:
    """What the stand-in adds up to."""
    total = 0
    for step in range(1, 11):
        total = (total * 31 + step) % 100003
    return str(total)


def test_a_job_trains_tells_and_makes_a_backup(submitted: Submitted, tmp_path: Path) -> None:
    told = tmp_path / "told"
    folder, submission = submitted(notify=teller(told), backup=tmp_path / "backup")
    assert submission.job is not None
    ended, lines = seen_to_end(folder)
    assert (ended.state, ended.starts, ended.exit_code, ended.note) == ("done", 1, 0, "")
    assert f"job {submission.job} is done" in lines
    assert told.read_text() == f"done 0 10 {folder.run}\n"
    kept = tmp_path / "backup" / "tiny"
    assert (kept / "checkpoints" / "epoch-00010.safetensors").read_text() == undisturbed()
    assert (kept / "cluster" / "jobs" / folder.log(submission.job).name).is_file()


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_a_preempted_job_comes_back_and_ends_the_same(
    submitted: Submitted, tmp_path: Path, number: signal.Signals
) -> None:
    told = tmp_path / "told"
    folder, submission = submitted("slow", notify=teller(told))
    wait_for_step(folder, 2)
    (worker,) = children(int(submission.job or 0))
    os.kill(worker, number)
    ended, lines = seen_to_end(folder)
    assert (ended.state, ended.starts, ended.exit_code) == ("done", 2, 0), lines
    assert last_total(folder) == undisturbed()
    first, last = [line.split() for line in told.read_text().splitlines()]
    assert first[:2] == ["requeued", "75"] and 2 <= int(first[2]) < 10
    assert last == ["done", "0", "10", str(folder.run)]


def children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == pid:
            found.append(int(status.parent.name))
    return found


HERE = Place(0, 1, "here", "4711")


def test_requeues_are_bounded(still: Submitted) -> None:
    folder, submission = still("crash 75", requeues=0)
    assert attend(folder, submission, HERE) == 75
    ended = situation_of(folder)
    assert (ended.state, ended.starts, ended.exit_code) == ("stopped", 1, 75)
    assert "requeued 0 times already" in ended.note and "--resume" in ended.note
    # Submitted once more, it goes on where it stopped.
    folder, again = still(resume=True)
    assert again.id == submission.id
    assert attend(folder, again, HERE) == 0
    assert last_total(folder) == undisturbed()


@pytest.mark.parametrize(("orders", "code"), [("crash 3", 3), ("kill", 137)])
def test_a_crash_is_an_exit_code_and_no_requeue(
    still: Submitted, tmp_path: Path, orders: str, code: int
) -> None:
    told = tmp_path / "told"
    folder, submission = still(orders, notify=teller(told))
    assert attend(folder, submission, HERE) == code
    state = read_state(folder)
    assert (state.state, state.starts, state.exit_code) == ("failed", 1, code)
    assert told.read_text().split()[:3] == ["failed", str(code), "2"]


def test_what_failed_before_its_first_checkpoint_begins_anew(still: Submitted) -> None:
    folder, submission = still("early")
    assert attend(folder, submission, HERE) == 1
    assert (folder.run / "metrics.jsonl").exists() and not can_resume(folder.run)
    assert attend(folder, submission, HERE) == 0
    state = read_state(folder)
    assert (state.state, state.starts) == ("done", 2)
    assert last_total(folder) == undisturbed()


def test_damaged_checkpoints_are_no_reason_to_begin_anew(tmp_path: Path) -> None:
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    assert not can_resume(tmp_path)
    (checkpoints / "epoch-00001.damaged").touch()
    assert can_resume(tmp_path)


def test_what_is_set_aside_is_not_lost(tmp_path: Path) -> None:
    folder = ClusterFolder(tmp_path)
    folder.path.mkdir()
    set_aside(folder)
    assert not folder.discarded.exists()
    for time_ in ("first", "second"):
        (tmp_path / "config.yaml").write_text(time_)
        (tmp_path / "checkpoints" / "best_valid").mkdir(parents=True)
        set_aside(folder)
        assert [path.name for path in tmp_path.iterdir()] == ["cluster"]
    kept = [(folder.discarded / n / "config.yaml").read_text() for n in ("1", "2")]
    assert kept == ["first", "second"]


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        (f"{sys.executable} -c 'raise SystemExit(4)'", "exited with code 4"),
        (f"{sys.executable} -c 'import time; time.sleep(60)'", "took longer than 0.2 s"),
    ],
)
def test_a_failing_notification_fails_nothing(
    still: Submitted, monkeypatch: pytest.MonkeyPatch, notify: str, said: str
) -> None:
    monkeypatch.setattr("kinestream.cluster.notifying.TIMEOUT_S", 0.2 if "60" in notify else 20)
    folder, submission = still(notify=notify)
    assert attend(folder, submission, HERE) == 0
    state = read_state(folder)
    assert state.state == "done" and said in state.troubles[0]
    assert said in situation_of(folder).note


def test_notifications_and_backups_that_are_impossible_fail_nothing(
    still: Submitted, tmp_path: Path
) -> None:
    folder, submission = still(backup=tmp_path / "backup")
    (tmp_path / "backup").write_text("a file is in the way")
    submission = submission.model_copy(update={"notify": ["/nowhere/at-all"]})
    assert attend(folder, submission, HERE) == 0
    backup, notification = read_state(folder).troubles
    assert "backup failed" in backup
    assert "'/nowhere/at-all' could not be started" in notification


def test_what_slurm_is_ending_is_not_called_back(
    still: Submitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After scancel the training saves, and the job stays cancelled."""
    folder, submission = still("crash 75")
    submission = submission.model_copy(update={"executor": "slurm"})
    asked: list[str | None] = []

    def completing(job: Submission) -> str:
        asked.append(job.job)
        return "COMPLETING"

    monkeypatch.setattr(job_module, "scheduler_state", completing)
    assert attend(folder, submission, HERE) == 75
    state = read_state(folder)
    assert (state.state, asked) == ("stopped", ["4711"])
    assert "SLURM is ending the job" in state.note


@pytest.fixture
def requeue(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """What was asked of submitit's own handler, which here only takes it down."""
    asked: list[int] = []
    before = signal.signal(signal.SIGUSR2, lambda number, _frame: asked.append(number))
    yield asked
    signal.signal(signal.SIGUSR2, before)


def test_other_machines_leave_the_requeue_to_the_first(
    still: Submitted, requeue: list[int]
) -> None:
    folder, submission = still("crash 75")
    attend(folder, submission, Place(1, 2, "node17", "4711"))
    assert not requeue and read_state(folder).state == "waiting"


def test_a_requeue_that_fails_is_told(still: Submitted) -> None:
    def refuses(number: int, frame: object) -> None:
        raise RuntimeError("scontrol says no")

    folder, submission = still("crash 75")
    before = signal.signal(signal.SIGUSR2, refuses)
    try:
        assert attend(folder, submission, HERE) == 75
    finally:
        signal.signal(signal.SIGUSR2, before)
    state = read_state(folder)
    assert state.state == "stopped" and "scontrol says no" in state.note


def test_the_callable_leaves_with_the_exit_code(
    still: Submitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = still("crash 3")
    monkeypatch.setattr(job_module, "_place", lambda: HERE)
    job = TrainingJob(str(folder.run))
    with pytest.raises(SystemExit) as caught:
        job()
    assert caught.value.code == 3
    assert job.checkpoint().function is job


def test_signals_are_passed_on_once_and_handlers_given_back(tmp_path: Path) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)]
    program = (
        "import os, signal, sys, time\n"
        "got, until = [], time.monotonic() + 20\n"
        "signal.signal(signal.SIGTERM, lambda *_: got.append(1))\n"
        f"os.kill({os.getpid()}, signal.SIGUSR1)\n"
        f"os.kill({os.getpid()}, signal.SIGUSR2)\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\n"  # as SLURM does, to every process of the job
        "while not got and time.monotonic() < until: time.sleep(0.01)\n"
        "time.sleep(0.1)\n"
        "sys.exit(40 + len(got))\n"
    )
    with Forwarding() as signals:
        assert signals.run([sys.executable, "-c", program], tmp_path) == 41
    assert signals.came in ("SIGUSR1", "SIGUSR2")
    assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)] == before


def test_a_signal_that_another_thread_is_given_is_passed_on(tmp_path: Path) -> None:
    """NumPy's threads block no signals, so the kernel may choose them; the wait must notice."""
    caught = threading.Event()

    def elsewhere() -> None:
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        caught.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    with Forwarding() as signals:
        code = signals.run([sys.executable, "-c", "import time; time.sleep(20)"], tmp_path)
    thread.join()
    assert code == -signal.SIGTERM and caught.is_set()


def test_a_signal_before_the_child_is_there_is_not_lost(tmp_path: Path) -> None:
    with Forwarding() as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        code = signals.run([sys.executable, "-c", "import time; time.sleep(20)"], tmp_path)
    assert code == -signal.SIGTERM
