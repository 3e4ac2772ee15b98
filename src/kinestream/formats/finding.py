"""Recordings behind a file name, a folder or a pattern."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from kinestream.errors import DataError, MissingFileError
from kinestream.formats import sp_sw_har, utkinect


def find_recordings(source: str | Path) -> list[Path]:
    """Files that :func:`kinestream.formats.read_clip` can be given, in the order of their names.

    Args:
        source: A file; a folder, searched with its sub-folders for recordings known by name
            (``*.npz``, ``*.npy``, ``joints_sNN_eMM.txt``, ``sNN_EE_sp.csv``); or a pattern with
            ``*``, ``?`` or ``**``. The two device files of an execution count once.

    Raises:
        MissingFileError: There is no such file or folder.
        DataError: No recording was found.
    """
    path = Path(source)
    if path.is_file():
        return [_phone(path)]
    if path.is_dir():
        found = _known(path.rglob("*"))
    elif glob.has_magic(str(source)):
        found = _known(Path(name) for name in glob.iglob(str(source), recursive=True))
    else:
        raise MissingFileError(f"there is no file or folder {source}.")
    if not found:
        raise DataError(
            f"no recordings in {source}: looked for *.npz, *.npy, joints_sNN_eMM.txt and "
            f"sNN_EE_sp.csv."
        )
    return found


def _known(paths: Iterable[Path]) -> list[Path]:
    return sorted({_phone(path) for path in paths if _is_known(path) and path.is_file()})


def _is_known(path: Path) -> bool:
    return (
        path.suffix.lower() in (".npz", ".npy")
        or utkinect.recording_name(path) is not None
        or sp_sw_har.execution_name(path) is not None
    )


def _phone(path: Path) -> Path:
    return path if sp_sw_har.execution_name(path) is None else sp_sw_har.device_files(path)[0]
