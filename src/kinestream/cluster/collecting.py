"""Results of a run, copied to a folder that lasts.

BACKUP/RUN/                 configuration, setup, metrics, curves, reports
BACKUP/RUN/checkpoints/     the newest whole checkpoint, and the one best on validation
BACKUP/RUN/cluster/         submission, scripts, logs
BACKUP/RUN/SHA256SUMS       checksums, as ``sha256sum --check`` reads them
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kinestream.cluster.submission import ClusterFolder, Submission, read_record
from kinestream.errors import CheckpointError, ConfigError, DataError, KinestreamError
from kinestream.files import file_sha256, replaced_folder

SUMS = "SHA256SUMS"
PATTERNS = (
    "*.yaml",
    "*.json",
    "*.jsonl",
    "*.png",
    "test/**/*",
    "cluster/config.yaml",
    "cluster/submission.json",
    "cluster/jobs/*.out",
    "cluster/jobs/*.sh",
)
CHECKPOINTS = ("checkpoints", "checkpoints/best_valid")
PIECE = 1 << 20


def collect(folder: ClusterFolder, backup: Path) -> Path:
    """Copy the results of a run; a copy that was made before is replaced in one go.

    Args:
        folder: Of the run.
        backup: Folder that holds a folder for every run.

    Returns:
        The folder of this run.

    Raises:
        MissingFileError: The run was never submitted.
        ConfigError: The place is taken by another run, or lies in the run itself.
        DataError: A copy is not what was written.
        CheckpointError: The run has checkpoints, and none is whole.
    """
    target = check_backup(folder, backup, folder.read().id)
    with replaced_folder(target) as fresh:
        sums = {name: copy(folder.run / name, fresh / name) for name in _small_files(folder.run)}
        for place in CHECKPOINTS:
            sums |= _copy_newest(folder.run, fresh, place)
        for name, digest in sums.items():
            if file_sha256(fresh / name) != digest:
                raise DataError(f"{fresh / name} was not written as it was read; see to the disk.")
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        (fresh / SUMS).write_text(lines, encoding="utf-8")
    return target


def check_backup(folder: ClusterFolder, backup: Path, run_id: str) -> Path:
    """Where the backup of a run lies, or will.

    Raises:
        ConfigError: The place is taken by something else, or lies in the run itself.
    """
    target = (backup / folder.run.name).absolute()
    if target.resolve().is_relative_to(folder.run.resolve()):
        raise ConfigError(f"the backup {backup} lies in the run itself: name another folder.")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return target
    if _owner(target) != run_id:
        raise ConfigError(
            f"{target} holds something else than a backup of {folder.run}: name another folder."
        )
    return target


def copy(source: Path, target: Path) -> str:
    """Copy a file to the disk itself; returns the checksum of what was read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with open(source, "rb") as read, open(target, "wb") as write:
        while piece := read.read(PIECE):
            digest.update(piece)
            write.write(piece)
        write.flush()
        os.fsync(write.fileno())
    return digest.hexdigest()


def _owner(target: Path) -> str | None:
    """Whose backup a folder is; None where it is none."""
    record = ClusterFolder(target).submission
    try:
        return read_record(record, Submission).id
    except (KinestreamError, OSError):
        return None


def _small_files(run: Path) -> Iterator[str]:
    for pattern in PATTERNS:
        for path in sorted(run.glob(pattern)):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                yield path.relative_to(run).as_posix()


def _copy_newest(run: Path, fresh: Path, place: str) -> dict[str, str]:
    """Copy the newest checkpoint that is whole, with its checksum; returns name to checksum."""
    paths = sorted((run / place).glob("epoch-*.safetensors"), key=lambda p: p.stem, reverse=True)
    for path in paths:
        name, beside = (f"{place}/{file.name}" for file in (path, path.with_suffix(".json")))
        with suppress(OSError, ValueError, KeyError, TypeError):  # the run may have dropped it
            sums = {
                name: copy(run / name, fresh / name),
                beside: copy(run / beside, fresh / beside),
            }
            if json.loads((fresh / beside).read_bytes())["sha256"] == sums[name]:
                return sums
        (fresh / name).unlink(missing_ok=True)
        (fresh / beside).unlink(missing_ok=True)
    if paths:
        raise CheckpointError(f"no checkpoint in {run / place} is whole: nothing was copied.")
    return {}
