"""A run that was interrupted and resumed is the run that never was, bit for bit."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.training.killing import rows_of

from kinestream.clips import Clip
from kinestream.errors import ConfigError, InputError
from kinestream.training import loop
from kinestream.training.augment import augment
from kinestream.training.checkpoints import Checkpoint, load_latest, restore, save_checkpoint
from kinestream.training.config import AugmentConfig, TrainConfig
from kinestream.training.run_folder import RunFolder

Change = Callable[[dict[str, Any]], object]


class Stop(Exception):
    """The power goes out."""


class StopAt:
    """Interrupts after a step of an epoch, or after the epoch when ``step`` is 0."""

    def __init__(self, epoch: int, step: int = 0) -> None:
        self.at = epoch, step

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        if (epoch, done) == self.at:
            raise Stop

    def epoch(self, row: dict[str, Any]) -> None:
        if (row["epoch"], 0) == self.at:
            raise Stop


def config_of(settings: dict[str, Any], change: Change = lambda values: None) -> TrainConfig:
    values = copy.deepcopy(settings)
    change(values)
    return TrainConfig.model_validate(values)


def interrupted(settings: dict[str, Any], folder: Path, stop: StopAt) -> RunFolder:
    with pytest.raises(Stop):
        loop.train(config_of(settings), RunFolder(folder), progress=stop)
    return RunFolder(folder)


def same_tensors(one: Checkpoint, other: Checkpoint) -> bool:
    return one.tensors.keys() == other.tensors.keys() and all(
        torch.equal(value, other.tensors[name]) for name, value in one.tensors.items()
    )


def test_a_run_leaves_what_is_needed_behind(settings: dict[str, Any], run_path: Path) -> None:
    run = RunFolder(run_path)
    assert run.config() == config_of(settings)
    setup = run.setup()
    assert setup.classes == ["rest", "raise", "turn"]
    assert (setup.graph().name, setup.channels, setup.fps) == ("body5", ["x", "y", "z"], 25.0)
    assert setup.subjects == ["s01", "s02", "s03", "s04", "s05"]  # s06 is held out
    assert [feature["name"] for feature in setup.features] == settings["features"]
    assert any(mean != 0 for mean in setup.features[2]["mean"][0])
    rows = rows_of(run_path)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        assert {"learning_rate", "train/loss", "train/frame_accuracy"} <= set(row)
        tested = {"valid/frame_accuracy", "test/frame_accuracy", "test/edit", "test/f1@50"}
        assert (tested <= set(row)) == (row["epoch"] % 2 == 0)
    assert rows[-1]["learning_rate"] == pytest.approx(0, abs=1e-12)
    kept = sorted(path.name for path in run.checkpoints.iterdir())
    assert kept == [f"epoch-0000{n}.{kind}" for n in (3, 4) for kind in ("json", "safetensors")]
    checkpoint = load_latest(run.checkpoints)
    for part in ("network", "average", "optimizer"):
        assert checkpoint.part(part)
    assert not any(part.name.startswith(".") for part in run.path.rglob("*"))


@pytest.mark.parametrize("stop", [StopAt(1), StopAt(3), StopAt(2, step=1), StopAt(4, step=3)])
def test_resuming_is_bit_for_bit(
    settings: dict[str, Any], run_path: Path, tmp_path: Path, stop: StopAt
) -> None:
    run = interrupted(settings, tmp_path / "run", stop)
    assert len(rows_of(run.path)) < 4 or stop.at[1]
    last = loop.train(config_of(settings), run, resume=True)
    assert last["epoch"] == 4
    assert rows_of(run.path) == rows_of(run_path)
    assert same_tensors(load_latest(run.checkpoints), load_latest(RunFolder(run_path).checkpoints))


@pytest.mark.parametrize("what", ["line", "checkpoint"])
def test_a_line_and_its_checkpoint_go_together(
    settings: dict[str, Any],
    run_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    """The power goes out before the line or before the checkpoint of epoch 3 is written."""
    add_metrics = RunFolder.add_metrics

    def no_checkpoint(folder: Path, epoch: int, *rest: Any) -> Path:
        if epoch == 3 and what == "checkpoint":
            raise Stop
        return save_checkpoint(folder, epoch, *rest)

    def no_line(run: RunFolder, row: dict[str, Any]) -> None:
        if row["epoch"] == 3 and what == "line":
            raise Stop
        add_metrics(run, row)

    monkeypatch.setattr("kinestream.training.loop.save_checkpoint", no_checkpoint)
    monkeypatch.setattr(RunFolder, "add_metrics", no_line)
    run = interrupted(settings, tmp_path / "run", StopAt(9))
    monkeypatch.undo()
    with open(run.path / "metrics.jsonl", "a") as file:
        file.write('{"epoch": 3, "train/lo')  # and the line itself was cut off
    loop.train(config_of(settings), run, resume=True)
    assert rows_of(run.path) == rows_of(run_path)


def test_a_damaged_checkpoint_costs_one_epoch_and_nothing_else(
    settings: dict[str, Any], run_path: Path, tmp_path: Path
) -> None:
    run = RunFolder(Path(shutil.copytree(run_path, tmp_path / "run")))
    newest = run.checkpoints / "epoch-00004.safetensors"
    newest.write_bytes(newest.read_bytes()[:-1])
    row = loop.train(config_of(settings), run, resume=True)
    assert row["damaged_checkpoints"] == ["epoch-00004.safetensors"]
    assert newest.with_suffix(".damaged").is_file()
    rows = rows_of(run.path)
    assert rows[-1].pop("damaged_checkpoints")
    assert rows == rows_of(run_path)
    assert same_tensors(load_latest(run.checkpoints), load_latest(RunFolder(run_path).checkpoints))


@pytest.mark.parametrize("lost", ["optimizer", "average", "seed"])
def test_the_comparison_notices_what_is_lost(
    settings: dict[str, Any],
    run_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lost: str,
) -> None:
    """A twin that forgets one part of the checkpoint must not pass for the real one."""
    run = interrupted(settings, tmp_path / "run", StopAt(2))

    def forgets(checkpoint: Checkpoint, *rest: Any) -> dict[str, torch.Tensor]:
        kept = {k: v for k, v in checkpoint.tensors.items() if not k.startswith(lost)}
        average = restore(Checkpoint(checkpoint.epoch, kept), *rest)
        return average or checkpoint.part("network")

    monkeypatch.setattr("kinestream.training.job.restore", forgets)
    monkeypatch.setattr(RunFolder, "check_same", lambda *_: None)
    again = config_of(settings, lambda v: v["training"].update(seed=int(lost == "seed")))
    loop.train(again, run, resume=True)
    one, other = load_latest(run.checkpoints), load_latest(RunFolder(run_path).checkpoints)
    assert not same_tensors(one, other)


def test_chance_is_new_in_every_epoch_and_the_same_in_every_run(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bytes]] = []

    def watched(clip: Clip, config: AugmentConfig, rng: np.random.Generator) -> Clip:
        changed = augment(clip, config, rng)
        seen.append((clip.subject, changed.data.tobytes()))
        return changed

    monkeypatch.setattr("kinestream.training.loop.augment", watched)
    config = config_of(settings, lambda v: v["training"].update(epochs=3))
    for name in ("one", "two"):
        loop.train(config, RunFolder(tmp_path / name))
    assert seen[:15] == seen[15:]
    epochs = [seen[start : start + 5] for start in (0, 5, 10)]
    for epoch in epochs:
        assert sorted(who for who, _ in epoch) == ["s01", "s02", "s03", "s04", "s05"]
    assert len({tuple(who for who, _ in epoch) for epoch in epochs}) > 1
    for who in ("s01", "s02", "s03", "s04", "s05"):
        assert len({dict(epoch)[who] for epoch in epochs}) == 3


def test_another_seed_gives_another_run(
    settings: dict[str, Any], run_path: Path, tmp_path: Path
) -> None:
    config = config_of(settings, lambda v: v["training"].update(seed=1, epochs=1))
    loop.train(config, RunFolder(tmp_path / "run"))
    assert rows_of(tmp_path / "run")[0]["train/loss"] != rows_of(run_path)[0]["train/loss"]


def test_a_finished_run_has_nothing_left_to_do(
    settings: dict[str, Any], run_path: Path, tmp_path: Path
) -> None:
    run = RunFolder(Path(shutil.copytree(run_path, tmp_path / "run")))
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    assert loop.train(config_of(settings), run, resume=True)["epoch"] == 4
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_resuming_needs_a_run_of_these_settings(
    settings: dict[str, Any], run_path: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="there is no run folder .*none"):
        loop.train(config_of(settings), RunFolder(tmp_path / "none"), resume=True)
    wider = config_of(settings, lambda v: v["network"]["arguments"].update(channels=[7, 7]))
    with pytest.raises(
        ConfigError, match="began with other settings: network.arguments.channels was"
    ):
        loop.train(wider, RunFolder(run_path), resume=True)
    rougher = config_of(settings, lambda v: v["loss"].update(truncated_mse={"weight": 9.0}))
    with pytest.raises(ConfigError, match="loss.truncated_mse.weight was"):
        loop.train(rougher, RunFolder(run_path), resume=True)


def test_a_folder_in_use_is_left_alone(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    for path in (tmp_path / "taken", tmp_path / "taken" / "notes.txt"):
        with pytest.raises(ConfigError, match="is not empty: name another folder, or pass --resum"):
            loop.train(config_of(settings), RunFolder(path))
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda v: v["network"].update(name="lstm"), ConfigError, "unknown network 'lstm'"),
        (lambda v: v["network"]["arguments"].update(depth=3), ConfigError, "network 'stgcn': "),
        (lambda v: v["network"]["arguments"].update(lookahead=99), ConfigError, "0 to 4 frames"),
        (
            lambda v: v["training"].update(segment=16),
            ConfigError,
            "set training.segment to 0, train",
        ),
        (lambda v: v.update(features=["bones"]), ConfigError, "unknown feature 'bones'"),
        (
            lambda v: v.update(background=["sleep"]),
            ConfigError,
            "background: 'sleep' is not a clas",
        ),
        (
            lambda v: v.update(events={"idle": ["nap"]}),
            ConfigError,
            "events.idle: 'nap' is not a cla",
        ),
        (lambda v: v.update(custom={"mine": 1}), ConfigError, "network 'stgcn': .*custom"),
        (
            lambda v: v["data"].update(valid_subjects=["s99"]),
            ConfigError,
            r"\['s99'\] are not in split 'train', which has s01, s02",
        ),
        (
            lambda v: v["data"].update(valid_subjects=[f"s0{n}" for n in range(1, 7)]),
            ConfigError,
            "no training recording is left",
        ),
        (lambda v: v["data"].update(test="exam"), InputError, "has no split 'exam'"),
        (lambda v: v["data"].update(fps=30), InputError, "25 frames per second, got "),
        (lambda v: v["augment"].update(turn_over=["knee"]), ConfigError, "no sensor 'knee'"),
        (
            lambda v: v["graph"].update(normalisation="symmetric", max_hop=2),
            ConfigError,
            "one hop only",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    settings: dict[str, Any], tmp_path: Path, change: Change, error: type[InputError], says: str
) -> None:
    values = {**settings, "graph": {}}
    with pytest.raises(error, match=says):
        loop.train(config_of(values, change), RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
