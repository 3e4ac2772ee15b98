"""File names for recordings that are named by what is in a file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count


def file_name(name: str, ending: str, used: set[str]) -> str:
    """A name that is safe in a folder, and that none of those used before equals; it is added.

    >>> file_name("../walk", ".csv", set()), file_name("a/b", "", {"a_b"})
    ('_walk.csv', 'a_b_2')
    """
    safe = "".join(c if c.isalnum() or c in "-_.+" else "_" for c in name).lstrip(".")[:100]
    safe = safe or "recording"
    free = next(each for each in _numbered(safe) if each.lower() not in used)
    used.add(free.lower())
    return free + ending


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{number}" for number in count(2))
