"""Checkpoints: safetensors with a checksum, written whole or not at all, two kept.

A checkpoint is taken between epochs. What is random in an epoch follows from the seed and the
epoch's number alone, so weights, optimizer and average are all that a resumed run needs.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from kinestream.errors import CheckpointError
from kinestream.files import file_sha256, sha256, write_atomically

KEPT = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory.

    Attributes:
        epoch: Epochs done.
        tensors: ``network.*``, ``average.*`` and ``optimizer.*``.
    """

    epoch: int
    tensors: dict[str, Tensor]

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
) -> Path:
    """Write a checkpoint atomically and drop all but the last two."""
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in (average or {}).items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v for k, v in values.items()}
    tensors = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    data = save(tensors, metadata={"epoch": str(epoch)})
    path = folder / f"epoch-{epoch:05d}.safetensors"
    digest = json.dumps({"sha256": sha256(data), "bytes": len(data)})
    write_atomically(path, data)
    write_atomically(path.with_suffix(".json"), digest.encode())
    for old in sorted(folder.glob("epoch-*.safetensors"))[:-KEPT]:
        old.unlink()
        old.with_suffix(".json").unlink(missing_ok=True)
    return path


def load_latest(folder: Path) -> Checkpoint:
    """Read the newest checkpoint that is whole; says so when the newest one is not.

    Raises:
        CheckpointError: There is none, or none is whole.
    """
    paths = sorted(folder.glob("epoch-*.safetensors"), reverse=True)
    if not paths:
        raise CheckpointError(f"there is no checkpoint in {folder}: the run has not done an epoch.")
    for path in paths:
        problem = _damage(path)
        if problem is None:
            return _read(path)
        log.warning("checkpoint %s is damaged (%s): trying the one before", path, problem)
    raise CheckpointError(f"all checkpoints in {folder} are damaged; train again from the start.")


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
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return Checkpoint(int(metadata["epoch"]), tensors)
    except (SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path} is not a checkpoint: {error}.") from None
