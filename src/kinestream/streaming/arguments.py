"""What callers hand in, checked by its kind: a wrong one gets a sentence, not a traceback."""

from __future__ import annotations

import math
from numbers import Integral, Real
from types import UnionType
from typing import Any

from kinestream.errors import ConfigError, InputError

LARGEST_NUMBER = 2**63 - 1
"""Of a person: what fits 64 bits."""


def check_kind(
    value: object, kind: type | UnionType, says: str, error: type[InputError] = ConfigError
) -> None:
    """Refuse a value of another kind; truth values are no numbers.

    Args:
        value: From outside.
        kind: What it must be an instance of.
        says: What it must be, for the message.
        error: Raised.

    Raises:
        InputError: As ``error``.

    >>> check_kind([], str, "engine must be a name")
    Traceback (most recent call last):
    kinestream.errors.ConfigError: engine must be a name, got list.
    """
    if isinstance(value, bool) or not isinstance(value, kind):
        raise error(f"{says}, got {_shown(value)}.")


def number(value: Any, says: str, error: type[InputError] = ConfigError) -> float:
    """A number as Python's float, infinite where it is too large for one.

    Raises:
        InputError: As ``error``; it is no number.

    >>> number("30", "fps must be a number")
    Traceback (most recent call last):
    kinestream.errors.ConfigError: fps must be a number, got '30'.
    """
    check_kind(value, Real, says, error)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def whole(value: Any, least: int, most: int, name: str) -> int:
    """A whole number of a range as Python's int.

    Raises:
        ConfigError: It is none, or lies outside.
    """
    says = f"{name} must be a whole number, {least} to {most}"
    check_kind(value, Integral, says)
    if not least <= value <= most:
        raise ConfigError(f"{says}, got {number(value, says):g}.")
    return int(value)


def _shown(value: object) -> str:
    """Short values as they are, of others the kind."""
    plain = value is None or isinstance(value, str | float | bool)
    text = repr(value[:60] if isinstance(value, str) else value) if plain else ""
    return text or type(value).__name__
