"""Many decimal numbers out of text at once, each just as ``float`` would read it.

Legend: N numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Of a text of 16 characters the digits fit an int64, and those beside a point (15 at most) a double.
# Digits and power of ten are then exact, so their quotient is rounded once, as ``float`` rounds.
_LONGEST = 16
_POWERS = np.array([float(f"1e{power}") for power in range(_LONGEST + 1)])
_POINT = (ord(".") - ord("0")) % 256
_AT_ONCE = 4096  # bounds the memory for intermediate values

Places = NDArray[np.int32]


class Decimals(NamedTuple):
    """Numbers that were read.

    Attributes:
        values: (N,) float64, NaN for what is unreadable.
        unreadable: Indices of texts that are no numbers, in order.
    """

    values: NDArray[np.float64]
    unreadable: list[int]


def parse_decimals(text: bytes, starts: Places, ends: Places) -> Decimals:
    """Read the numbers that stand at these places of a text.

    Plain decimals are read together, character by character; what else ``float`` reads (exponents,
    ``nan``, ``inf``, very long numbers) one by one.

    Args:
        text: ASCII.
        starts: (N,) where each number begins.
        ends: (N,) where each number ends, exclusive.

    >>> parse_decimals(b"0.25 -3 1e-2 x", np.array([0, 5, 8, 13]), np.array([4, 7, 12, 14]))
    Decimals(values=array([ 0.25, -3.  ,  0.01,   nan]), unreadable=[3])
    """
    characters = np.frombuffer(text, np.uint8)
    values = np.empty(len(starts))
    unreadable = []
    for first in range(0, len(starts), _AT_ONCE):
        batch = slice(first, first + _AT_ONCE)
        values[batch], plain = _plain(characters, starts[batch], ends[batch])
        others = first + np.flatnonzero(~plain)
        places = zip(starts[others].tolist(), ends[others].tolist(), strict=True)
        for index, (start, end) in zip(others.tolist(), places, strict=True):
            try:
                values[index] = float(text[start:end])
            except ValueError:
                values[index] = np.nan
                unreadable.append(index)
    return Decimals(values, unreadable)


def _plain(
    characters: NDArray[np.uint8], starts: Places, ends: Places
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of numbers made of a sign, digits and a point; and which of them are made so."""
    length = ends - starts
    whole = np.zeros(len(starts), dtype=np.int64)  # all digits as one number
    decimals = np.zeros(len(starts), dtype=np.uint8)  # digits after the point
    digits = np.zeros(len(starts), dtype=np.uint8)
    points = np.zeros(len(starts), dtype=np.uint8)
    for back in range(min(int(length.max()), _LONGEST), 0, -1):
        inside = length >= back
        digit = characters.take(ends - back, mode="clip") - np.uint8(ord("0"))  # wraps below "0"
        is_digit = (digit <= 9) & inside
        is_point = (digit == _POINT) & inside
        whole = np.where(is_digit, 10 * whole + digit, whole)
        decimals[is_point] = back - 1
        digits += is_digit
        points += is_point
    negative = characters.take(starts, mode="clip") == ord("-")
    plain = (digits > 0) & (points <= 1) & (digits + points + negative == length)
    values = whole / _POWERS[decimals]
    return np.where(negative, -values, values), plain
