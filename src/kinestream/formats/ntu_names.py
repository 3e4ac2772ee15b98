"""Names of NTU RGB+D recordings, which tell the action, the subject and how it was filmed."""

from __future__ import annotations

import re
from typing import NamedTuple

from kinestream.formats.parsing.class_lists import class_list


class NtuName(NamedTuple):
    """What the name of an NTU recording tells; all numbers count from 1."""

    setup: int
    camera: int
    subject: int
    repetition: int
    action: int

    @property
    def label(self) -> int | None:
        """Class index of the action, None where it is none of the 120."""
        return self.action - 1 if 1 <= self.action <= len(class_list("ntu120")) else None


def parse_name(name: str) -> NtuName | None:
    """The numbers in a recording's name, None where it is not named so.

    >>> parse_name("S001C002P003R002A013")
    NtuName(setup=1, camera=2, subject=3, repetition=2, action=13)
    """
    found = re.fullmatch(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})", name, re.ASCII)
    return NtuName(*map(int, found.groups())) if found else None
