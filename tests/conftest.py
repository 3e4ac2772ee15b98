"""What several folders share: small recordings, a run trained on them, the bundle made of it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings as hypothesis_settings

from kinestream.bundle import Bundle, load
from kinestream.clips import Clip
from kinestream.skeletons import Skeleton

# Small tensors run fastest on one thread, and on a busy machine many threads wait for one another.
# Read when torch is first imported, which the tests do later.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test may depend on how busy the machine is, nor on luck.
hypothesis_settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis_settings.load_profile("steady")

BODY = Skeleton(
    "body5",
    ("hip", "left_hip", "right_hip", "chest", "head"),
    ((1, 0), (2, 0), (3, 0), (4, 3)),
    pairs=((1, 2),),
)
CLASSES = ("rest", "raise", "turn")


def make_clip(frames: int = 40, seed: int = 0, people: int = 1, fps: float = 25.0) -> Clip:
    """A body that sways; the label follows how high its head is, a few frames are unlabelled."""
    rng = np.random.default_rng(seed)
    data = rng.normal(0, 0.1, (3, frames, 5, people)).cumsum(axis=1)
    data += rng.normal(0, 0.5, (3, 1, 5, people))
    labels = np.digitize(data[1, :, 4, 0], [-0.3, 0.3])
    labels[rng.random(frames) < 0.05] = -1
    return Clip(
        data=data.astype(np.float32),
        skeleton=BODY,
        fps=fps,
        classes=CLASSES,
        labels=labels,
        subject=f"s{seed:02d}",
    )


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """Commands ignore signals at their end, which is that of their process; here it is not."""
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGUSR1)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.fixture(scope="session")
def clip_of() -> Callable[..., Clip]:
    """Makes recordings that fit the bundle: ``clip_of(frames, seed, people, fps)``."""
    return make_clip


@pytest.fixture(scope="session")
def data_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set: six short recordings to train on, two to test."""
    from kinestream.datasets import Entry, write_dataset

    folder = tmp_path_factory.mktemp("data")
    splits = {"train": range(1, 7), "test": range(7, 9)}
    entries = [
        Entry(split, f"s{seed:02d}", make_clip(20 + 7 * seed, seed))
        for split, seeds in splits.items()
        for seed in seeds
    ]
    write_dataset(folder / "set", entries, name="swaying", units="m", licence="CC0")
    return folder / "set"


@pytest.fixture(scope="session")
def settings(data_path: Path) -> dict[str, Any]:
    """A configuration with all that makes resuming hard: chance, averages, running statistics."""
    return {
        "name": "tiny",
        "data": {"path": str(data_path), "valid_subjects": ["s06"]},
        "features": ["centre", "displacement", "standardise"],
        "network": {
            "name": "stgcn",
            "arguments": {
                "channels": [6, 6],
                "kernel": 5,
                "lookahead": 3,
                "norm": "batch",
                "dropout": 0.2,
            },
        },
        "augment": {"rotate_deg": 30, "scale": 0.1, "noise": 0.01, "speed": 0.2, "mirror": True},
        "loss": {"cross_entropy": {"class_weights": "balanced"}},
        "optimizer": {"learning_rate": 0.01, "ema": 0.9, "clip_norm": 5},
        "training": {"epochs": 4, "batch_size": 2, "test_every": 2, "threads": 1},
        "background": ["rest"],
        "card": {"title": "A tiny bundle"},
    }


@pytest.fixture(scope="session")
def run_path(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was never interrupted."""
    pytest.importorskip("torch")
    from kinestream.training.config import TrainConfig
    from kinestream.training.loop import train
    from kinestream.training.run_folder import RunFolder

    folder = tmp_path_factory.mktemp("run") / "tiny"
    train(TrainConfig.model_validate(settings), RunFolder(folder))
    return folder


@pytest.fixture(scope="session")
def bundle_path(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of that run: five joints, three classes, 25 fps, 3 frames of delay."""
    pytest.importorskip("onnxscript")
    from kinestream.export import export_run
    from kinestream.training.run_folder import RunFolder

    return export_run(RunFolder(run_path), tmp_path_factory.mktemp("bundle") / "tiny").path


@pytest.fixture(scope="session")
def bundle(bundle_path: Path) -> Bundle:
    """The bundle, opened once."""
    return load(bundle_path)


@pytest.fixture
def own_bundle(bundle_path: Path, tmp_path: Path) -> Path:
    """A copy of the bundle that a test may damage."""
    return Path(shutil.copytree(bundle_path, tmp_path / "bundle"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many promises of networks were checked."""
    passed = [r for r in terminalreporter.stats.get("passed", []) if "test_contract[" in r.nodeid]
    if passed:
        from tests.contracts.checks import CHECKS
        from tests.contracts.zoo import CASES, MATRIX

        terminalreporter.write_line(
            f"contracts: {len(passed)} cells hold, of {len(CHECKS)} checks x {len(CASES)} networks "
            f"({len(MATRIX)} of them every network x causal, centred x batch, layer norm)"
        )
