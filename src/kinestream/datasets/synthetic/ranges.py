"""Numbers that are asked for, checked."""

from __future__ import annotations

import math

from kinestream.errors import ConfigError

UNTOLD = 10**9  # a limit from here on is told only to who is above it


def whole(name: str, value: object, lowest: int, highest: int) -> None:
    """Refuse anything but a whole number in a range.

    Raises:
        ConfigError: Says what was seen.

    >>> whole("seed", -1, 0, 2**63)
    Traceback (most recent call last):
    kinestream.errors.ConfigError: seed must be a whole number, 0 or more, got -1.
    """
    right = isinstance(value, int) and not isinstance(value, bool)
    if not right or not lowest <= value <= highest:  # type: ignore[operator]
        told = highest < UNTOLD or (right and value > highest)  # type: ignore[operator]
        allowed = f" from {lowest} to {highest}" if told else f", {lowest} or more"
        raise ConfigError(f"{name} must be a whole number{allowed}, got {value!r}.")


def within(name: str, value: object, lowest: float, highest: float) -> None:
    """Refuse anything but a number in a range.

    Raises:
        ConfigError: Says what was seen.
    """
    right = isinstance(value, int | float) and not isinstance(value, bool)
    if not right or not (math.isfinite(value) and lowest <= value <= highest):  # type: ignore[arg-type, operator]
        raise ConfigError(f"{name} must be {lowest:g} to {highest:g}, got {value!r}.")
