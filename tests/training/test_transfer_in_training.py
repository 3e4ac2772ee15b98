"""A run that starts from another run: what it takes, what it writes down, and how it goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from tests.conftest import make_clip

from kinestream.datasets import Entry, write_dataset
from kinestream.errors import ConfigError
from kinestream.training import loop
from kinestream.training.checkpoints import load_latest
from kinestream.training.config import TrainConfig
from kinestream.training.run_folder import RunFolder
from kinestream.training.signals import StoppedError
from kinestream.training.source import load_source


@pytest.fixture
def other(settings: dict[str, Any], tmp_path: Path) -> TrainConfig:
    """The same bodies, other classes: two of them."""
    entries = []
    for split, seeds in (("train", range(11, 15)), ("test", range(15, 17))):
        for seed in seeds:
            clip = make_clip(30, seed)
            assert clip.labels is not None
            labels = (clip.labels > 0).astype("int64")
            entries.append(
                Entry(split, f"s{seed}", replace(clip, classes=("low", "high"), labels=labels))
            )
    write_dataset(tmp_path / "set", entries, name="other", units="m", licence="CC0")
    data = {"path": str(tmp_path / "set")}
    return TrainConfig.model_validate(
        settings | {"name": "other", "data": data, "background": ["low"]}
    )


def weights(run: RunFolder) -> dict[str, torch.Tensor]:
    return load_latest(run.checkpoints).tensors


def test_a_run_from_another_says_so_and_resumes_without_it(
    other: TrainConfig, run_path: Path, tmp_path: Path
) -> None:
    source = load_source(run_path)
    whole, cut, scratch = (RunFolder(tmp_path / name) for name in ("whole", "cut", "scratch"))
    loop.train(other, whole, source=source)
    loop.train(other, scratch)
    record = json.loads((whole.path / "transfer.json").read_bytes())
    assert (record["source"], record["weights"]) == ("tiny", "last")
    assert [(left["layer"], left["why"]) for left in record["left"]] == [
        ("head.product", "other classes there")
    ]
    assert not (scratch.path / "transfer.json").exists()

    steps = iter(range(99))
    with pytest.raises(StoppedError):
        loop.train(other, cut, source=source, stop=lambda: next(steps) >= 2)
    loop.train(other, cut, resume=True)
    ours, theirs = weights(whole), weights(cut)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert not all(torch.equal(value, weights(scratch)[name]) for name, value in ours.items())


def test_a_source_that_does_not_fit_leaves_no_folder(
    other: TrainConfig, run_path: Path, tmp_path: Path
) -> None:
    other.network.arguments = {"channels": [7, 9], "kernel": 7, "edges": "fixed", "norm_in": "none"}
    with pytest.raises(ConfigError, match="no layer of the source fits"):
        loop.train(other, RunFolder(tmp_path / "run"), source=load_source(run_path))
    assert not (tmp_path / "run").exists()
