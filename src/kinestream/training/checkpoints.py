"""Checkpoints: safetensors with a checksum, written whole or not at all, two kept.

epoch-00003.safetensors                three epochs are done
epoch-00003-step-000007.safetensors    and seven steps of the fourth
"""

from __future__ import annotations

import json
import logging
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from kinestream.errors import CheckpointError
from kinestream.files import file_sha256, sha256, write_atomically
from kinestream.training.disk import writing
from kinestream.training.standing import Standing

KEPT = 2
METADATA = "kinestream_run"
_NAME = re.compile(r"epoch-(\d{5,9})(?:-step-(\d{6,12}))?")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory.

    Attributes:
        epoch: Epochs done.
        tensors: ``network.*``, ``average.*`` and ``optimizer.*``.
        standing: Where the run stood beside that.
        damaged: Newer checkpoints that were passed over.
    """

    epoch: int
    tensors: dict[str, Tensor]
    standing: Standing = field(default_factory=Standing)
    damaged: tuple[str, ...] = ()

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors under ``name.``, without it."""
        prefix = f"{name}."
        return {
            key.removeprefix(prefix): value
            for key, value in self.tensors.items()
            if key.startswith(prefix)
        }

    @property
    def weights(self) -> dict[str, Tensor]:
        """What is tested and exported: the averaged weights where there are any."""
        return self.part("average") or self.part("network")


def save_checkpoint(
    folder: Path,
    epoch: int,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
    standing: Standing | None = None,
) -> Path:
    """Write a checkpoint atomically and drop all but the last two.

    Args:
        folder: Of the run's checkpoints.
        epoch: Epochs done.
        network: Its weights and running statistics are kept.
        optimizer: Its state is kept.
        average: Averaged weights.
        standing: Says how far the run is.

    Raises:
        CheckpointError: The place cannot be written; the checkpoints before are still there.
    """
    standing = standing or Standing()
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in (average or {}).items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v for k, v in values.items()}
    name = f"epoch-{epoch:05d}"
    if standing.tally.steps:
        name += f"-step-{standing.tally.steps:06d}"
    tensors = {key: value.detach().cpu().clone().contiguous() for key, value in tensors.items()}
    # One key: safetensors writes several in an order of chance, and equal runs have equal files.
    metadata = {METADATA: json.dumps({"epoch": epoch, "standing": standing.model_dump()})}
    path = folder / f"{name}.safetensors"
    with writing(path):
        _write(path, save(tensors, metadata=metadata))
        for old in _newest_first(folder)[KEPT:]:
            _drop(old)
    return path


def _write(path: Path, data: bytes) -> None:
    """The checksum, then the tensors: as soon as these have their name, both are there."""
    digest = json.dumps({"sha256": sha256(data), "bytes": len(data)})
    write_atomically(path.with_suffix(".json"), digest.encode())
    write_atomically(path, data)
    if os.name == "posix":  # the names, too, must outlive a power cut
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _drop(path: Path) -> None:
    path.unlink()
    path.with_suffix(".json").unlink(missing_ok=True)


def _newest_first(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("epoch-*.safetensors") if _NAME.fullmatch(path.stem)]
    return sorted(found, key=_place, reverse=True)


def _place(path: Path) -> tuple[int, int]:
    """Epochs done, and steps of the next."""
    found = _NAME.fullmatch(path.stem)
    assert found
    return int(found[1]), int(found[2] or 0)


def load_latest(folder: Path) -> Checkpoint:
    """Read the newest checkpoint that is whole; says so when the newest one is not.

    Raises:
        CheckpointError: There is none, or none is whole.
    """
    paths = _newest_first(folder)
    if not paths:
        raise CheckpointError(f"there is no checkpoint in {folder}: the run has not done an epoch.")
    damaged: list[str] = []
    for path in paths:
        problem = _damage(path)
        if problem is None:
            return replace(_read(path), damaged=tuple(damaged))
        damaged.append(path.name)
        log.warning("checkpoint %s is damaged (%s): trying the one before", path, problem)
    raise CheckpointError(f"all checkpoints in {folder} are damaged; train again from the start.")


def clear_away(folder: Path, checkpoint: Checkpoint) -> None:
    """Take what cannot be read out of the way of new checkpoints, under other names."""
    with writing(folder / "epoch"):
        for name in checkpoint.damaged:
            path = folder / name
            path.rename(path.with_suffix(".damaged"))
            path.with_suffix(".json").unlink(missing_ok=True)
        for part in folder.glob(".epoch-*.part"):  # of a run that was killed while it wrote
            part.unlink(missing_ok=True)
        for digest in folder.glob("epoch-*.json"):
            if not digest.with_suffix(".safetensors").is_file():
                digest.unlink(missing_ok=True)


def drop_after(folder: Path, epoch: int) -> None:
    """Drop checkpoints of later epochs: those will come again."""
    with writing(folder / "epoch"):
        for path in _newest_first(folder):
            if _place(path)[0] > epoch:
                _drop(path)


def load_weights(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put a checkpoint's weights into a network.

    Raises:
        CheckpointError: They are the weights of another network.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise CheckpointError(
            "the checkpoint is of another network than the configuration says: use the run's own "
            "config.yaml, unchanged."
        ) from None


def restore(
    checkpoint: Checkpoint, network: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Tensor]:
    """Put a checkpoint back into a network and its optimizer; returns the averaged weights.

    Raises:
        CheckpointError: It is the checkpoint of another network.
    """
    load_weights(network, checkpoint.part("network"))
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in checkpoint.part("optimizer").items():
        index, name = key.split(".")
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return checkpoint.part("average")


def _damage(path: Path) -> str | None:
    try:
        expected = json.loads(path.with_suffix(".json").read_text())["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return "it has no checksum"
    return None if file_sha256(path) == expected else "its checksum does not match"


def _read(path: Path) -> Checkpoint:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})[METADATA])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            standing = Standing.model_validate(metadata["standing"])
            return Checkpoint(int(metadata["epoch"]), tensors, standing)
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a checkpoint: {error}.") from None
