"""Checkpoints of other projects, read without running anything that they hold."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import load_file

from kinestream.errors import CheckpointError, MissingFileError

MAX_BYTES = 1 << 30
"""Ten times what the largest published network of skeletons takes, optimizer included."""


def read_state(path: str | Path) -> Mapping[str, Any]:
    """Read the weights of a checkpoint: names to tensors, or what holds them.

    Args:
        path: ``.safetensors``, or what ``torch.save`` has written, of which only tensors and plain
            containers are taken.

    Raises:
        MissingFileError: There is no such file.
        CheckpointError: It is too large, damaged, no checkpoint, or holds more than weights.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no checkpoint {path}.")
    if (size := _unpacked_bytes(path)) > MAX_BYTES:
        raise CheckpointError(
            f"{path} holds {size / 2**30:.1f} GiB, {MAX_BYTES >> 30} GiB are allowed: save its "
            f"state dict alone."
        )
    state = _read(path)
    if not isinstance(state, Mapping):
        raise CheckpointError(
            f"{path} holds {type(state).__name__}, not weights: save the network's state dict."
        )
    return state


def _unpacked_bytes(path: Path) -> int:
    """Bytes of a file, or what an archive claims to hold."""
    size = path.stat().st_size
    if size > MAX_BYTES or not zipfile.is_zipfile(path):
        return size
    try:
        with zipfile.ZipFile(path) as archive:
            return max(size, sum(member.file_size for member in archive.infolist()))
    except (zipfile.BadZipFile, ValueError):
        raise _damaged(path) from None


def _read(path: Path) -> object:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        if found := re.search(r"GLOBAL (\S{1,80})", str(error)):
            raise CheckpointError(
                f"{path} is refused: beside weights it holds {found[1]!r}, which would have to be "
                f"run. Save the network's state dict alone."
            ) from None
        raise _damaged(path) from None
    except Exception:  # a damaged file can fail in any way
        raise _damaged(path) from None


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path} is not a checkpoint of torch or safetensors, or it is damaged: copy it again."
    )
