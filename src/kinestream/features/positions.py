"""Which channels hold positions."""

from __future__ import annotations

from kinestream.errors import ConfigError


def position_channels(channels: tuple[str, ...], feature: str) -> list[int]:
    """Indices of the channels ``x``, ``y``, ``z``.

    Raises:
        ConfigError: There are none, so that ``feature`` makes no sense here.

    >>> position_channels(("x", "y", "score"), "centre")
    [0, 1]
    """
    rows = [i for i, channel in enumerate(channels) if channel in ("x", "y", "z")]
    if not rows:
        raise ConfigError(f"feature {feature!r} needs positions x, y, z among channels {channels}.")
    return rows
