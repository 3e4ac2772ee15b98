"""Long recordings in pieces, so that a body of many points and axes is never whole in memory."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK = 16_384


def blocks(count: int) -> Iterator[tuple[int, int]]:
    """First and last-but-one of each piece.

    >>> list(blocks(20_000))
    [(0, 16384), (16384, 20000)]
    """
    for start in range(0, count, BLOCK):
        yield start, min(start + BLOCK, count)
