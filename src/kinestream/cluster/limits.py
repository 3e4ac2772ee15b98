"""Time and memory of a job, as SLURM writes them."""

from __future__ import annotations

import math
import re

from kinestream.errors import ConfigError

_TIME = re.compile(r"(?:(\d{1,4})-)?(\d{1,6})(?::(\d{1,4}))?(?::(\d{1,4}))?", re.ASCII)
_MEMORY = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([MGT])B?", re.IGNORECASE | re.ASCII)
_GIGABYTES = {"M": 1 / 1024, "G": 1.0, "T": 1024.0}
_DAY_S = 24 * 3600


def minutes_of(text: str) -> int:
    """Minutes of a time limit, rounded up.

    Args:
        text: ``MINUTES``, ``MINUTES:SECONDS``, ``HOURS:MINUTES:SECONDS``, ``DAYS-HOURS``,
            ``DAYS-HOURS:MINUTES`` or ``DAYS-HOURS:MINUTES:SECONDS``.

    Raises:
        ConfigError: It is something else, or no time at all.

    Source:
        The option ``--time`` of SLURM's ``sbatch``.

    >>> minutes_of("04:00:00"), minutes_of("1-12"), minutes_of("90"), minutes_of("10:30")
    (240, 2160, 90, 11)
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise ConfigError(
            f"time must be such as 04:00:00 or 2-12:00:00 (days-hours:minutes:seconds), got "
            f"{text[:40]!r}."
        )
    days, *rest = found.groups()
    numbers = [int(part) for part in rest if part is not None]
    if days is not None:
        weights = [3600, 60, 1]
    else:
        weights = {1: [60], 2: [60, 1], 3: [3600, 60, 1]}[len(numbers)]
    seconds = int(days or 0) * _DAY_S
    seconds += sum(n * weight for n, weight in zip(numbers, weights, strict=False))
    if seconds == 0:
        raise ConfigError(f"time must be above zero, got {text[:40]!r}.")
    return math.ceil(seconds / 60)


def gigabytes_of(text: str) -> float:
    """Gigabytes of memory.

    Raises:
        ConfigError: It is not a number with M, G or T behind it.

    >>> gigabytes_of("32G"), gigabytes_of("512M"), gigabytes_of("1.5TB")
    (32.0, 0.5, 1536.0)
    """
    found = _MEMORY.fullmatch(text.strip())
    if not found or float(found[1]) == 0:
        raise ConfigError(f"memory must be such as 32G, 800M or 1T, got {text[:40]!r}.")
    return float(found[1]) * _GIGABYTES[found[2].upper()]
