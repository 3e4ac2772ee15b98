"""Class names of the data sets, one to a line in ``classes/NAME.txt``, in their official order."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "classes"


@cache
def class_list(name: str) -> tuple[str, ...]:
    """Class names of a data set; label 0 is the first line.

    >>> class_list("nw_ucla")[:2]
    ('pick up with one hand', 'pick up with two hands')
    """
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line)
