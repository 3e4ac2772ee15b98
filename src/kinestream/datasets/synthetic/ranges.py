"""Numbers that are asked for, checked."""

from __future__ import annotations

import math

from kinestream.errors import ConfigError


def whole(name: str, value: object, lowest: int, highest: int) -> None:
    """Refuse anything but a whole number in a range.

    Raises:
        ConfigError: Says what was seen.
    """
    right = isinstance(value, int) and not isinstance(value, bool)
    if not right or not lowest <= value <= highest:  # type: ignore[operator]
        raise ConfigError(
            f"{name} must be a whole number from {lowest} to {highest}, got {value!r}."
        )


def within(name: str, value: object, lowest: float, highest: float) -> None:
    """Refuse anything but a number in a range.

    Raises:
        ConfigError: Says what was seen.
    """
    right = isinstance(value, int | float) and not isinstance(value, bool)
    if not right or not (math.isfinite(value) and lowest <= value <= highest):  # type: ignore[arg-type, operator]
        raise ConfigError(f"{name} must be {lowest:g} to {highest:g}, got {value!r}.")
