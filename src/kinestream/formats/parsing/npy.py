"""NumPy array files from outside: the header is believed only as far as the file bears it out."""

from __future__ import annotations

import math
import tokenize
import warnings
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU, MAX_VALUES, XYZ
from kinestream.errors import DataError, MissingFileError

_MAGIC = b"\x93NUMPY"


class Header(NamedTuple):
    """Shape and type of an array, the byte where its values start, and their order."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    start: int
    order: Literal["C", "F"]


def read_joints(path: str | Path) -> NDArray[np.float32]:
    """Read a ``.npy`` file of joints, (C, T, V, M), as float32.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is no ``.npy`` file of four axes of numbers, it is damaged or too large.
    """
    path = Path(path)
    shape, dtype, start, order = read_header(path)
    if len(shape) != 4:
        raise DataError(
            f"{path} holds an array of shape {shape}; joints must be (C, T, V, M), with M = 1 for "
            f"one person."
        )
    if dtype.kind not in "fiu":
        raise DataError(f"{path} holds {dtype}, joints must be numbers such as float32.")
    count = math.prod(shape)
    if min(shape) < 1:
        raise DataError(f"{path}: the recording is empty: shape (C, T, V, M) = {shape}.")
    if count > MAX_VALUES:
        raise DataError(f"{path} claims {count} values, a recording may hold {MAX_VALUES}.")
    if path.stat().st_size != start + count * dtype.itemsize:
        raise DataError(
            f"{path} is damaged: shape {shape} of {dtype} needs {start + count * dtype.itemsize} "
            f"bytes, the file has {path.stat().st_size}."
        )
    values = np.memmap(path, dtype, "r", offset=start, shape=shape, order=order)
    try:
        with np.errstate(over="raise"):
            return np.array(values, dtype=np.float32, order="C")
    except FloatingPointError:
        raise DataError(f"{path} holds values that are too large for float32.") from None


def channels_for(count: int) -> tuple[str, ...]:
    """Channel names that C values stand for when nothing else tells.

    >>> channels_for(2)
    ('x', 'y')
    """
    known = {2: XYZ[:2], 3: XYZ, 6: IMU}
    return known.get(count) or tuple(f"channel{c}" for c in range(count))


def read_header(path: Path) -> Header:
    """What a ``.npy`` file says about its array.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is no ``.npy`` file.
    """
    if not path.is_file():
        raise MissingFileError(f"there is no recording {path}.")
    with open(path, "rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DataError(f"{path} is not a .npy file as numpy.save writes it.")
        file.seek(0)
        try:
            version = np.lib.format.read_magic(file)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            with warnings.catch_warnings():  # at headers that Python 2 wrote, or seems to have
                warnings.simplefilter("ignore", UserWarning)
                shape, fortran, dtype = read(file)
        except (ValueError, KeyError, SyntaxError, tokenize.TokenError, RecursionError):
            raise DataError(f"{path} is a damaged .npy file: its header cannot be read.") from None
        return Header(tuple(map(int, shape)), dtype, file.tell(), "F" if fortran else "C")
