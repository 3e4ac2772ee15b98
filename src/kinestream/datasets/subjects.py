"""Lists of subjects as people write them: ``s01-s06,s09``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kinestream.errors import ConfigError

MAX_SUBJECTS = 10_000


def parse_subjects(text: str | Sequence[str]) -> tuple[str, ...]:
    """Subjects of a list with ranges, in its order, each once.

    Raises:
        ConfigError: A part is neither a name nor a range, or the list is empty.

    >>> parse_subjects("s01-s03,s09")
    ('s01', 's02', 's03', 's09')
    """
    parts = text.split(",") if isinstance(text, str) else list(text)
    names = [name for part in parts for name in _expand(part.strip())]
    if not names:
        raise ConfigError("the list of subjects is empty; write one such as s01-s06,s09.")
    return tuple(dict.fromkeys(names))


def _expand(part: str) -> list[str]:
    if re.fullmatch(r"[A-Za-z]*\d+", part):
        return [part]
    ends = re.fullmatch(r"([A-Za-z]*)(\d{1,9})\s*-\s*(?:\1)?(\d{1,9})", part)
    if ends is None:
        raise ConfigError(f"{part!r} names no subjects; write a list such as s01-s06,s09.")
    prefix, first, last = ends.groups()
    if not int(first) <= int(last) < int(first) + MAX_SUBJECTS:
        raise ConfigError(f"the range of subjects {part!r} must go up, by {MAX_SUBJECTS} at most.")
    return [f"{prefix}{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]
