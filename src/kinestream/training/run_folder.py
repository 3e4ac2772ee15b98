"""The folder of one training run.

RUN/config.yaml        the resolved configuration
RUN/setup.json         what the data said: classes, skeleton, channels, rate, fitted features
RUN/metrics.jsonl      a line per epoch
RUN/curves.png         the same as a picture
RUN/checkpoints/       the last two, each with its checksum
"""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from kinestream.config import dump_config, explain, load_config
from kinestream.errors import CheckpointError, ConfigError, MissingFileError
from kinestream.files import write_atomically
from kinestream.skeletons import Skeleton
from kinestream.training.config import TrainConfig
from kinestream.training.disk import writing

MAX_LINE_BYTES = 1 << 20
MAX_METRICS_BYTES = 64 << 20
MAX_EPOCH = 10**9


class Setup(BaseModel):
    """What the training data said; with the configuration it rebuilds the network.

    Attributes:
        classes: Class names in the order of the network's outputs.
        skeleton: As :meth:`Skeleton.to_dict` writes it.
        channels: Raw input channels.
        fps: Frames per second of the training data.
        features: Fitted features.
        subjects: Who was trained on.
    """

    model_config = ConfigDict(extra="forbid")

    classes: list[str]
    skeleton: dict[str, Any]
    channels: list[str]
    fps: float
    features: list[dict[str, Any]]
    subjects: list[str]

    def graph(self) -> Skeleton:
        """The skeleton."""
        return Skeleton.from_dict(self.skeleton)


@dataclass(frozen=True)
class RunFolder:
    """Paths and small files of a run."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def best_valid(self) -> Path:
        """Folder of the weights that were best on validation, where they are kept."""
        return self.checkpoints / "best_valid"

    def create(self, config: TrainConfig, setup: Setup) -> None:
        """Write configuration and setup of a new run."""
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        self.write_config(config)
        (self.path / "setup.json").write_text(setup.model_dump_json(indent=1), encoding="utf-8")
        (self.path / "metrics.jsonl").write_text("", encoding="utf-8")

    def write_config(self, config: TrainConfig) -> None:
        """Write the resolved configuration; a run that goes on may have changed parts of it."""
        path = self.path / "config.yaml"
        with writing(path):
            dump_config(config, path)

    def config(self) -> TrainConfig:
        """The run's configuration."""
        self._must_exist()
        return load_config(self.path / "config.yaml", TrainConfig)

    def check_same(self, config: TrainConfig) -> None:
        """Refuse to go on with other settings than the run began with.

        How long to train, how often to save, how often and how to test, where the data lies, how
        many bad steps to bear and what is computed where and in what pieces may change.

        Raises:
            ConfigError: Names the first key that differs.
        """
        change = _first_change(_lasting(self.config()), _lasting(config))
        if change:
            raise ConfigError(
                f"this run began with other settings: {change}; resume it with those of "
                f"{self.path / 'config.yaml'}, or train anew in another folder."
            )

    def setup(self) -> Setup:
        """What the run's data said."""
        self._must_exist()
        try:
            return Setup.model_validate_json((self.path / "setup.json").read_bytes())
        except FileNotFoundError:
            raise CheckpointError(f"{self.path} has no setup.json; is it a run folder?") from None
        except ValidationError as error:
            raise CheckpointError(f"{self.path}/setup.json: {explain(error, Setup)}") from None

    def add_metrics(self, row: dict[str, Any]) -> None:
        """Append one epoch's line; a figure that is no number is null.

        Raises:
            CheckpointError: The disk refuses.
        """
        path = self.path / "metrics.jsonl"
        with writing(path), open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(_plain(row), allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def metrics(self) -> list[dict[str, Any]]:
        """All lines written so far; one that was cut off while it was written does not count.

        Every line has its ``epoch``, a whole number from 1; the other values may be anything.

        Raises:
            CheckpointError: The file is damaged; names the line.
        """
        path = self.path / "metrics.jsonl"
        if not path.is_file():
            return []
        try:
            if (size := path.stat().st_size) > MAX_METRICS_BYTES:
                raise CheckpointError(
                    f"{path} has {size} bytes, more than {MAX_METRICS_BYTES}: it is not the metrics "
                    f"of a run."
                )
            with open(path, "rb") as file:
                return [
                    _row(line, path, number)
                    for number, line in enumerate(file, 1)
                    if line.endswith(b"\n")
                ]
        except OSError as error:
            raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from None

    def keep_metrics_until(self, epoch: int) -> None:
        """Drop lines after ``epoch``: they were written, but their checkpoint was not."""
        rows = [row for row in self.metrics() if row["epoch"] <= epoch]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        path = self.path / "metrics.jsonl"
        with writing(path):
            write_atomically(path, text.encode())

    def _must_exist(self) -> None:
        if not self.path.is_dir():
            raise MissingFileError(f"there is no run folder {self.path}.")
        if not (self.path / "config.yaml").is_file():
            raise CheckpointError(f"{self.path} has no config.yaml; is it a run folder?")


def _row(line: bytes, path: Path, number: int) -> dict[str, Any]:
    problem = f"it has {len(line)} bytes, {MAX_LINE_BYTES} are allowed"
    if len(line) <= MAX_LINE_BYTES:
        problem = "it must hold a JSON object a line"
        with suppress(ValueError, RecursionError):
            row = json.loads(line.decode())
            if isinstance(row, dict):
                if _is_epoch(row.get("epoch")):
                    return row
                problem = f"it needs an 'epoch' from 1 to {MAX_EPOCH}"
    raise CheckpointError(f"{path} is damaged: {problem}; take out or mend line {number}.")


def _first_change(ours: dict[str, Any], theirs: dict[str, Any], above: str = "") -> str:
    """The first key that differs, with both values; empty where none does."""
    for key in {**ours, **theirs}:
        before, now = ours.get(key), theirs.get(key)
        if before == now:
            continue
        if isinstance(before, dict) and isinstance(now, dict):
            return _first_change(before, now, f"{above}{key}.")
        return f"{above}{key} was {before!r:.60}, now {now!r:.60}"
    return ""


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }


def _is_epoch(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_EPOCH


def _lasting(config: TrainConfig) -> dict[str, Any]:
    values = config.model_dump(mode="json")
    for section, key in (
        ("training", "epochs"),
        ("training", "test_every"),
        ("training", "threads"),
        ("training", "save_every"),
        ("training", "max_bad_steps"),
        ("training", "segment"),
        ("training", "device"),
        ("training", "compile"),
        ("training", "tensorboard"),
        ("data", "path"),
    ):
        del values[section][key]
    free = ["name", "card", "decode", "events"]
    if not config.loss.segmental_f1.weight:
        free.append("background")  # else it says which segments the loss counts
    for key in free:
        del values[key]
    return values
