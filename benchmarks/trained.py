"""What benchmarks of trained networks share: their options, prepared data sets, runs that go on."""

from __future__ import annotations

import argparse
import tarfile
from pathlib import Path

from kinestream.config import load_config
from kinestream.datasets import prepare
from kinestream.training.config import TrainConfig
from kinestream.training.loop import train
from kinestream.training.run_folder import RunFolder

CONFIGS = Path(__file__).parents[1] / "configs"


def options_of(text: str | None) -> argparse.Namespace:
    """``archives``, ``work`` and ``out`` from the command line."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--archives", type=Path, required=True, help="folder with NAME.tar.xz")
    parser.add_argument("--work", type=Path, required=True, help="folder for data sets and runs")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def prepared_set(name: str, archives: Path, work: Path) -> Path:
    """Unpack and prepare a data set with its default subjects."""
    target = work / "data" / name
    if not target.exists():
        raw = work / "raw"
        with tarfile.open(archives / f"{name}.tar.xz") as archive:
            archive.extractall(raw, filter="data")
        prepare(name, raw / name, target)
    return target


def trained(name: str, run: RunFolder, data: Path, changes: list[str]) -> None:
    """Train a configuration to its end; a run that was stopped goes on where it stood."""
    config = load_config(CONFIGS / f"{name}.yaml", TrainConfig, [f"data.path={data}", *changes])
    begun = run.checkpoints.is_dir() and any(run.checkpoints.glob("*.safetensors"))
    train(config, run, resume=begun)
