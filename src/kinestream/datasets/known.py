"""Data sets that Kinestream can prepare: one JSON file each, in ``sets/``.

Such a file says how recordings are found and named, how their clips are made, which protocols there
are, and under which terms the data may be used. To add a data set whose format can be read, write
its JSON file; no code changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from kinestream.datasets.preparing.ntu_people import Choice
from kinestream.datasets.protocols import ALL, Protocol
from kinestream.errors import ConfigError
from kinestream.formats.format import Stated
from kinestream.skeletons import skeleton

SETS = Path(__file__).parent / "sets"


class LeaveOut(BaseModel):
    """Recordings that no protocol uses: a file in ``sets/`` with a name per line, and the reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    why: str

    def names(self) -> frozenset[str]:
        """The recordings' names."""
        return frozenset((SETS / self.file).read_text(encoding="utf-8").split())


class SplitFile(BaseModel):
    """A file that comes with the recordings and lists them under headings.

    It gives each recording an attribute of the split file's name.

    Attributes:
        files: Names the file may have, anywhere in the source.
        headings: For each value of the attribute, the word that its heading begins with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: tuple[str, ...]
    headings: dict[str, str]


class KnownSet(BaseModel):
    """One public data set.

    Attributes:
        name: What the command line calls it.
        title: What people call it.
        format: Format of its recordings.
        recording: Regular expression for the end of a recording's path; its named groups are the
            recording's attributes. ``subject`` is one where the path tells it.
        naming: Name of a recording, from its attributes.
        skip: Regular expression; files in whose path below the source it is found are no recordings.
        several: For sets whose files hold several recordings each: the expression for the
            recordings' names, whose groups are the attributes.
        people: Number of people M in every clip; who is absent is NaN.
        choose: How people are chosen among the bodies that a sensor tracked, unless told otherwise;
            empty where there is nothing to choose.
        classes: Number of classes, where the format knows more than the set has.
        skeleton: What the V axis means, where the recordings do not tell it.
        fps: Frames per second, where the recordings do not tell them; the caller may say otherwise.
        thin_to: Frames per second of the clips, for sets that are used at a lower rate than they
            were recorded at; rates of recordings must be multiples of it.
        protocol: The protocol used unless told otherwise.
        protocols: All of them, by name.
        split_files: Attributes that stand in files beside the recordings.
        splits_inside: Whether its files list their own splits, as those of pyskl do.
        leave_out: Recordings that no protocol uses.
        labels_in: Where labels lie that are not in the recordings.
        units: Units of the channels.
        licence: Under which terms the data may be used.
        source: Where it comes from.
        made: How its clips are made, in a sentence or two.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    format: str
    recording: str
    naming: str
    skip: str = ""
    several: str = ""
    people: int = 1
    choose: Choice | Literal[""] = ""
    classes: int | None = None
    skeleton: str = ""
    fps: float | None = None
    thin_to: float | None = None
    protocol: str = ALL
    protocols: dict[str, Protocol] = {}
    split_files: dict[str, SplitFile] = {}
    splits_inside: bool = False
    leave_out: LeaveOut | None = None
    labels_in: str = ""
    units: str
    licence: str
    source: str
    made: str

    def stated(self, fps: float | None = None) -> Stated:
        """What holds for recordings that do not tell it themselves.

        Args:
            fps: Frames per second that the caller gives, instead of the set's own.
        """
        layout = skeleton(self.skeleton) if self.skeleton else None
        return Stated(layout, self.fps if fps is None else fps)


@cache
def known_sets() -> Mapping[str, KnownSet]:
    """All data sets that can be prepared, by name."""
    files = sorted(SETS.glob("*.json"))
    each = (KnownSet.model_validate_json(file.read_bytes()) for file in files)
    return {known.name: known for known in each}


def known_set(name: str) -> KnownSet:
    """A data set by name.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in known_sets():
        raise ConfigError(f"unknown data set {name!r}; use one of {', '.join(known_sets())}.")
    return known_sets()[name]
