"""What SubRip and WebVTT share: times written as on a clock, and blocks of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kinestream.errors import DataError
from kinestream.formats.annotations.annotations import MAX_SECONDS

ARROW = "-->"
_CLOCK = re.compile(r"(?:(\d{1,5}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})")
_TAG = re.compile(r"<[^<>]{0,200}>")


def seconds(text: str) -> float | None:
    """Seconds of a time such as ``01:02:03,500``, or None where it is none.

    >>> seconds("01:02:03,500"), seconds("2:03.5"), seconds("61")
    (3723.5, 123.5, None)
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, whole, part = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + int(part.ljust(3, "0")) / 1000


def clock(time_s: float, point: str) -> str:
    """Seconds as a time of hours, minutes, seconds and milliseconds.

    >>> clock(3723.4996, ",")
    '01:02:03,500'
    """
    whole, ms = divmod(round(min(time_s, MAX_SECONDS) * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{ms:03d}"


def times_of(line: str, where: str) -> tuple[float, float]:
    """Start and end of a line such as ``00:01.000 --> 00:02.000 align:start``.

    Raises:
        DataError: It is no such line.
    """
    first, _, rest = line.partition(ARROW)
    start, end = seconds(first), seconds((rest.split() or [""])[0])
    if start is None or end is None:
        raise DataError(
            f"{where}: {line[:60]!r} is no line of times such as 00:00:01,000 --> 00:00:02,500."
        )
    return start, end


def blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Stretches of lines between blank ones, with the number of their first line."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            block.append(line.strip())
        elif block:
            yield number - len(block), block
            block = []


def plain(lines: list[str]) -> str:
    """The text of a cue on one line, without tags."""
    return " ".join(_TAG.sub("", " ".join(lines)).split())


def check_label(label: str, path: Path) -> str:
    """A label that a cue can carry.

    Raises:
        DataError: It holds the arrow that separates times.
    """
    if ARROW in label:
        raise DataError(f"{path}: the label {label[:40]!r} holds {ARROW!r}; rename it.")
    return label
