"""JSON files from outside: bounded, without surprises, and their lists of numbers as arrays."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.format import Head

MAX_BYTES = 1 << 26
LARGEST = float(np.finfo(np.float32).max)

_KEY = re.compile(r'"([A-Za-z_][A-Za-z0-9_]{0,40})"\s{0,8}:')
_NUMBERS = {int, float, type(None)}


def read_json(path: Path, what: str, max_bytes: int = MAX_BYTES, *, nan: bool = False) -> object:
    """The value in a JSON file.

    Args:
        path: The file.
        what: What it should be, as the error names it, for example ``an OpenPose file``.
        max_bytes: Larger files are refused before they are read.
        nan: Whether ``NaN`` and ``Infinity`` stand for a value that is missing. JSON has neither,
            but programs write them; both become NaN.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is too large, no JSON, nested too deeply, or names a key twice.
    """
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}; expected {what}.")
    size = path.stat().st_size
    if size > max_bytes:
        raise DataError(f"{path} has {size} bytes, {what} may have {max_bytes}: cut it first.")
    try:
        return json.loads(
            path.read_bytes().decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_missing if nan else _refused,
        )
    except RecursionError:
        raise DataError(f"{path} is nested too deeply for {what}.") from None
    except _Twice as error:
        raise DataError(
            f"{path} names the key {str(error)[:40]!r} twice; expected {what}."
        ) from None
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({_first(error)}); expected {what}.") from None


def keys_in(head: Head) -> list[str]:
    """Keys at the beginning of a JSON file, in their order and each as often as it is there.

    Nothing where the file does not begin as JSON does.
    """
    text = head.text.lstrip()
    return _KEY.findall(text) if text[:1] in ("{", "[") else []


def numbers(values: object, where: str) -> NDArray[np.float64]:
    """A flat list of numbers; NaN for null and for what float32 cannot hold.

    >>> numbers([1, None, 1e300], "here").tolist()
    [1.0, nan, nan]

    Raises:
        DataError: It is no list, or holds something else; the message begins with ``where``.
    """
    if not isinstance(values, list) or not set(map(type, values)) <= _NUMBERS:
        raise DataError(f"{where} must be a list of numbers, got {shown(values)}.")
    try:
        row = np.array(values, dtype=np.float64)
    except OverflowError:
        raise DataError(f"{where} holds a number that is too large.") from None
    row[~(np.abs(row) <= LARGEST)] = math.nan
    return row


def whole(value: object) -> int | None:
    """The value as a whole number of at most 15 digits, or None where it is none.

    >>> whole(3.0), whole("3"), whole(True)
    (3, None, None)
    """
    if type(value) not in (int, float) or not abs(value) < 1e15:  # type: ignore[arg-type]
        return None
    number = int(value)  # type: ignore[call-overload]
    return number if number == value else None


def shown(value: object) -> str:
    """A value in a few characters, for an error message."""
    return ascii(value)[:40] if isinstance(value, str | int | float) else type(value).__name__


class _Twice(Exception):
    """A key that an object holds twice."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return found


def _missing(constant: str) -> float:
    return math.nan


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}")


def _first(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "no UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno} column {error.colno}: {error.msg}"
    return str(error)[:80]
