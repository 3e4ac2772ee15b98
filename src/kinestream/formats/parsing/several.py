"""One recording of a file or folder that holds several."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kinestream.errors import DataError
from kinestream.formats.format import Named, Reading
from kinestream.formats.parsing.joints import listed


def chosen(path: Path, recordings: Iterable[Named], wanted: str | None) -> Reading:
    """The recording of the name that is wanted, or the only one there is.

    Raises:
        DataError: There is none of that name, or no name was given and there are several.
    """
    names: list[str] = []
    found: Named | None = None
    for each in recordings:
        names.append(each.name)
        if wanted in (None, each.name):
            found = each
    if found is None or (wanted is None and len(names) > 1):
        raise DataError(
            f"{path} holds {len(names)} recordings ({listed(names)}); "
            + (
                f"none is {wanted!r}."
                if wanted is not None
                else "name one with --recording NAME, recording=... in Python."
            )
        )
    return Reading(found.clip, found.repairs)
