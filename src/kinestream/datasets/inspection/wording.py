"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts; without ``many`` the plural takes an s.

    >>> counted(1, "recording"), counted(3, "joint is", "joints are")
    ('1 recording', '3 joints are')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
