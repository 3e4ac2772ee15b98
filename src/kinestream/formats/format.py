"""What a format is: how its files are told from others, read and written."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from kinestream.clips import Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.formats.parsing.rate import check_fps
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import Skeleton

HEAD_BYTES = 1 << 14


@dataclass(frozen=True)
class Stated:
    """What the caller says about a recording, for files that do not tell it themselves.

    Attributes:
        skeleton: What the V axis means.
        fps: Frames per second.
        axes: Order of an array's axes, letters of ``CTVM`` such as ``TVC``.
        recording: Which recording of a file that holds several.

    Raises:
        DataError: The rate is none, or the axes or the recording are no text.
        SkeletonError: The skeleton is none.
    """

    skeleton: Skeleton | None = None
    fps: float | None = None
    axes: str | None = None
    recording: str | None = None

    def __post_init__(self) -> None:
        if self.fps is not None:
            check_fps(self.fps)
        if self.skeleton is not None and not isinstance(self.skeleton, Skeleton):
            raise SkeletonError(
                f"skeleton must be a skeleton or a layout's name, got {ascii(self.skeleton)[:40]}."
            )
        for what, value in (("axes", self.axes), ("recording", self.recording)):
            if value is not None and not isinstance(value, str):
                raise DataError(f"{what} must be text, got {ascii(value)[:40]}.")

    def needed_fps(self, path: Path) -> float:
        """The frame rate, for formats that never tell it.

        Raises:
            DataError: It was not stated.
        """
        if self.fps is None:
            raise DataError(
                f"{path} does not tell its frame rate: give it with --fps N, fps=... in Python."
            )
        return self.fps


class Reading(NamedTuple):
    """A recording and what had to be mended in it."""

    clip: Clip
    repairs: Repairs


class Named(NamedTuple):
    """One of several recordings in a file."""

    name: str
    clip: Clip
    repairs: Repairs

    @property
    def reading(self) -> Reading:
        """What was read, without the name."""
        return Reading(self.clip, self.repairs)


@dataclass(frozen=True)
class Head:
    """What tells formats apart: a path, and the first bytes behind it.

    Attributes:
        path: A file or a folder.
        start: The first 16 KiB of a file; nothing for a folder.
        is_folder: Whether it is a folder.
    """

    path: Path
    start: bytes
    is_folder: bool

    @classmethod
    def of(cls, path: Path) -> Head:
        """Look at a path that exists.

        Raises:
            DataError: It cannot be opened.
        """
        if path.is_dir():
            return cls(path, b"", True)
        try:
            with open(path, "rb") as file:
                return cls(path, file.read(HEAD_BYTES), False)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None

    @property
    def ending(self) -> str:
        """The file name's ending in small letters, with its point."""
        return self.path.suffix.lower()

    @cached_property
    def text(self) -> str:
        """The start as UTF-8 text without a byte-order mark; empty where it is not text."""
        try:
            text = codecs.getincrementaldecoder("utf-8-sig")().decode(self.start)
        except UnicodeDecodeError:
            return ""
        return "" if "\0" in text else text

    @cached_property
    def lines(self) -> list[str]:
        """The text's lines that are not blank, without the last where the head may cut it."""
        lines = self.text.splitlines()
        whole = lines[:-1] if len(self.start) == HEAD_BYTES else lines
        return [line.strip() for line in whole if line.strip()]

    def columns(self, separator: str | None = None) -> list[str]:
        """Cells of the first line; none where there is no text."""
        return [cell.strip() for cell in self.lines[0].split(separator)] if self.lines else []


@dataclass(frozen=True)
class Format:
    """One way of keeping recordings.

    Attributes:
        name: What the command line calls it.
        title: What people call it.
        endings: File endings it is written with; the first is the usual one. Empty for folders.
        fits: Whether a file is of this format, by its content where that tells.
        read: Reads one recording; raises errors of Kinestream's own only.
        write: Writes a clip so that ``read`` gives it back; None where nobody needs that.
        read_all: Reads every recording of a file that can hold several; None for the others.
        tells: What the format keeps and loses, in a sentence for the table in the docs.
        choices: Names of the recordings that every file holds, where ``read_all`` is not the way.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    fits: Callable[[Head], bool]
    read: Callable[[Path, Stated], Reading]
    write: Callable[[Clip, Path], None] | None = None
    read_all: Callable[[Path, Stated], Iterator[Named]] | None = None
    tells: str = ""
    choices: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        """Whether a file may hold several recordings, so that one of them can be named."""
        return self.read_all is not None or bool(self.choices)
