"""Arrays, numbers and bytes as a pickle says to make them, without the functions it names.

NumPy pickles an array as a call that makes an empty one, and a state that fills it: shape, type and
bytes. :data:`MADE` holds what stands in for each name; all of it checks what it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinestream.formats.parsing.jsonfile import shown

ARRAY = "numpy.ndarray"

_NUMBERS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}


class Refused(Exception):
    """What is wrong with a pickle, without the file's name."""


@dataclass(frozen=True)
class Global:
    """A name that the pickle asks for."""

    name: str


@dataclass(eq=False)
class Unbuilt:
    """An array or its type before its state was told, and where the pickle remembers it."""

    build: Callable[[Any], object]
    places: list[int] = field(default_factory=list)


def _type(code: object, *flags: object) -> Unbuilt:
    """``numpy.dtype("f4", ...)``: its byte order follows as its state."""
    if type(code) is not str or code not in _NUMBERS:
        raise Refused(f"it has an array of type {shown(code)}, which is no number")

    def built(state: tuple[object, ...]) -> np.dtype[Any]:
        order, *parts = state[1:5]
        if type(order) is not str or order not in "<>|=" or any(part is not None for part in parts):
            raise Refused("it has an array of a type with parts")
        return np.dtype(f"{order}{code}")

    return Unbuilt(built)


def _array(kind: object, *arguments: object) -> Unbuilt:
    """``_reconstruct(ndarray, (0,), b"b")``: shape, type and bytes follow as its state."""
    if type(kind) is not Global or kind.name != ARRAY:
        raise Refused("it has an array of a class of its own")

    def built(state: tuple[Any, ...]) -> np.ndarray[Any, Any]:
        _, shape, kind, fortran, content = state
        return _filled(content, kind, shape, "F" if fortran is True else "C")

    return Unbuilt(built)


def _filled(content: Any, kind: object, shape: object, order: Any = "C") -> np.ndarray[Any, Any]:
    if type(content) is str:  # Python 2 has no bytes
        content = content.encode("latin-1")
    if type(content) not in (bytes, bytearray) or not isinstance(kind, np.dtype):
        raise Refused("it has an array without bytes or without a type")
    if type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
        raise Refused("it has an array with a shape that is none")
    if len(shape) > 16 or math.prod(shape) * kind.itemsize != len(content):
        raise Refused(f"{len(content)} bytes stand for an array of shape {shape[:8]}")
    values = np.frombuffer(content, kind) if content else np.empty(0, kind)
    return values.reshape(shape, order="F" if type(order) is str and order == "F" else "C")


def _number(kind: object, content: object) -> object:
    """``scalar(dtype, bytes)``."""
    return _filled(content, kind, ()).item()


def _bytes(text: object = "", encoding: object = "latin1") -> bytes:
    """``_codecs.encode(text, "latin1")`` or ``bytes()``: how protocol 2 keeps bytes."""
    if type(text) is not str or type(encoding) is not str or encoding != "latin1":
        raise Refused("it encodes something in another way than bytes are kept")
    return text.encode("latin-1")


MADE: dict[str, Callable[..., object]] = {
    "numpy.dtype": _type,
    "numpy.core.multiarray._reconstruct": _array,
    "numpy.core.multiarray.scalar": _number,
    "numpy.core.numeric._frombuffer": _filled,
    "_codecs.encode": _bytes,
    "builtins.bytes": _bytes,
    "__builtin__.bytes": _bytes,
}
"""What is done for each name; nothing else can be asked for but :data:`ARRAY`, as a class."""
