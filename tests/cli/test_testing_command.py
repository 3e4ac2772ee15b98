"""``kinestream test``: the files it writes, what it prints, and what it refuses."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Run

pytest.importorskip("torch")

PICTURES = {"confusion.png", "masks.png", "curves.png"}
FILES = {"report.json", "per_class.csv", "per_trial.csv", "confusion.csv"}


@pytest.fixture(scope="module")
def quick_run(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that waits for nothing, and learned for one epoch."""
    from kinestream.training.config import TrainConfig
    from kinestream.training.loop import train
    from kinestream.training.run_folder import RunFolder

    folder = tmp_path_factory.mktemp("runs") / "quick"
    network = {"name": "stgcn", "arguments": {"channels": [4], "kernel": 3}}
    changes = {"name": "quick", "network": network, "training": {"epochs": 1, "threads": 1}}
    train(TrainConfig.model_validate(settings | changes), RunFolder(folder))
    return folder


@pytest.fixture
def own_run(run_path: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may write into or damage."""
    return Path(shutil.copytree(run_path, tmp_path / "own"))


def test_a_report_lies_in_the_run(run: Run, own_run: Path) -> None:
    pytest.importorskip("matplotlib")
    done = run("test", own_run)
    assert (done.code, done.err) == (0, "")
    folder = own_run / "test" / "test"
    assert {path.name for path in folder.iterdir()} == FILES | PICTURES
    report = json.loads((folder / "report.json").read_text())
    last = json.loads((own_run / "metrics.jsonl").read_text().splitlines()[-1])
    assert report["frame_accuracy"] == last["test/frame_accuracy"]
    for text in ("last epoch, epoch 4", f"{last['test/f1@50']:.2f}", "4/4", "0.12 s", "2 record"):
        assert text in done.out
    again = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert run("test", own_run).code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == again


def test_runs_are_drawn_beside_one_another(
    run: Run, own_run: Path, quick_run: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    done = run("test", own_run, "--against", quick_run, "--trials", "1, 0", "--out", out)
    assert (done.code, done.err) == (0, "")
    assert {path.name for path in out.iterdir()} == FILES | PICTURES | {"lookahead.png"}
    (other,) = json.loads((out / "report.json").read_text())["against"]
    last = json.loads((quick_run / "metrics.jsonl").read_text().splitlines()[-1])
    assert other["run"] == "quick"
    assert other["frame_accuracy"] == last["test/frame_accuracy"]
    assert not (own_run / "test").exists()
    assert run("test", own_run, "--out", out).code == 0
    assert not (out / "lookahead.png").exists()  # it would speak of a run that was not tested


def test_people_seen_in_training_are_named(run: Run, own_run: Path) -> None:
    done = run("test", own_run, "--split", "train")
    assert done.code == 0
    assert "has learned from people who are seen here: s01, s02, s03, s04, s05" in done.out
    assert (own_run / "test" / "train" / "report.json").is_file()


def test_data_may_have_moved(run: Run, own_run: Path, data_path: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(data_path, tmp_path / "moved")
    config = own_run / "config.yaml"
    config.write_text(config.read_text().replace(str(data_path), "/nowhere"))
    assert run("test", own_run).code == 2
    assert run("test", own_run, "--data", moved).code == 0


def test_without_matplotlib_the_figures_are_still_there(
    run: Run, own_run: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert run("test", own_run).code == 0
    assert {path.name for path in (own_run / "test" / "test").iterdir()} == FILES
    assert "pictures were left out" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "tset"], "no split 'tset'"),
        (["--split", "../test"], "a split is a name"),
        (["--trials", "0,9"], "no recording 9: the split has 2"),
        (["--trials", "all"], "trials must be numbers such as 0,3"),
        (["--weights", "best_test"], "would prove nothing"),
        (["--weights", "best_valid"], "did not keep"),
        (["--protocol", "xsub"], "divided when it was written"),
        (["--data", "/nowhere"], "no data set /nowhere"),
        (["--against", "/nowhere"], "no run folder /nowhere"),
    ],
)
def test_wrong_choices_cost_one_sentence(
    arguments: list[str], message: str, run: Run, own_run: Path
) -> None:
    done = run("test", own_run, *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not (own_run / "test").exists()


def spoil(path: Path, what: str) -> None:
    match what:
        case "nothing here":
            shutil.rmtree(path)
        case "no run":
            (path / "config.yaml").unlink()
        case "unfinished":
            shutil.rmtree(path / "checkpoints")
        case "other classes":
            setup = json.loads((path / "setup.json").read_text())
            setup["classes"] = ["rest", "raise", "jump"]
            (path / "setup.json").write_text(json.dumps(setup))
        case "other weights":
            config = path / "config.yaml"
            config.write_text(config.read_text().replace("kernel: 5", "kernel: 7"))
        case "other background":
            config = path / "config.yaml"
            config.write_text(config.read_text().replace("background:\n- rest", "background:\n- x"))
        case "report is a file":
            (path / "test").mkdir()
            (path / "test" / "test").write_text("")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nothing here", "no run folder"),
        ("no run", "is it a run folder?"),
        ("unfinished", "has not done an epoch"),
        ("other classes", "class 'turn' that the run does not know"),
        ("other weights", "another network than the configuration says"),
        ("other background", "background class 'x'"),
        ("report is a file", "is a file"),
    ],
)
def test_a_run_that_cannot_be_tested(what: str, message: str, run: Run, own_run: Path) -> None:
    spoil(own_run, what)
    done = run("test", own_run)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1


def test_recordings_without_labels(
    run: Run, own_run: Path, data_path: Path, tmp_path: Path, clip_of: Callable[..., Any]
) -> None:
    from dataclasses import replace

    from kinestream.datasets import Entry, write_dataset

    clip = clip_of()
    entry = Entry("test", "a", replace(clip, labels=np.full(clip.num_frames, -1)))
    write_dataset(tmp_path / "set", [entry], name="bare", units="m", licence="CC0")
    done = run("test", own_run, "--data", tmp_path / "set")
    assert done.code == 2
    assert "none of the frames" in done.err
