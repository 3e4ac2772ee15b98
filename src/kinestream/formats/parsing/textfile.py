"""Text files from outside: bounded, decoded, cut into lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.errors import DataError, MissingFileError

MAX_BYTES = 1 << 26
_LARGEST = float(np.finfo(np.float32).max)


def read_lines(path: Path, what: str, max_bytes: int = MAX_BYTES) -> list[str]:
    """Lines of a UTF-8 file, without line ends and without a byte-order mark.

    Args:
        path: The file.
        what: What it should be, as the error names it, for example ``a UTKinect joints file``.
        max_bytes: Larger files are refused before they are read.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is empty, too large or not text.
    """
    try:
        text = read_bounded(path, what, max_bytes).decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{path} is not a text file in UTF-8; expected {what}.")
    if not text.strip():
        raise DataError(f"{path} is empty; expected {what}.")
    return text.splitlines()


def read_bounded(path: Path, what: str, max_bytes: int = MAX_BYTES) -> bytes:
    """Content of a file that may not be too large; see :func:`read_lines`.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is too large.
    """
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}; expected {what}.")
    size = path.stat().st_size
    if size > max_bytes:
        raise DataError(f"{path} has {size} bytes, {what} may have {max_bytes}: cut it first.")
    return path.read_bytes()


def finite_numbers(cells: list[str]) -> list[float] | None:
    """The cells as floats, or None where one of them is no number that float32 can hold.

    >>> finite_numbers(["1.5", "nan"]) is None
    True
    """
    try:
        row = [float(cell) for cell in cells]
    except ValueError:
        return None
    return row if all(abs(value) <= _LARGEST for value in row) else None
