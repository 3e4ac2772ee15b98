"""Text files of numbers, cut into lines and fields without an object for each of them.

Legend: L lines, F fields of the whole file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.formats.parsing.decimals import Places, parse_decimals
from kinestream.formats.parsing.textfile import MAX_BYTES, read_bounded

_BOM = b"\xef\xbb\xbf"
_OTHER_SPACE = (b"\t", b"\r", b"\v", b"\f")
_SPACE, _NEWLINE = b" \n"
_BLOCK = 1 << 16
_MOST = 1 << 53  # from here on not every whole number is a float


@dataclass(frozen=True)
class Fields:
    """Where lines and fields stand in a text file.

    Attributes:
        path: The file.
        text: Its lines, each ended by a newline, with one space between fields.
        cuts: (F + 1,) what separates fields: field ``k`` stands between ``cuts[k]`` and
            ``cuts[k + 1]``.
        firsts: (L + 1,) the first field of each line; the last is F.
    """

    path: Path
    text: bytes
    cuts: Places
    firsts: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.firsts) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """(L,) the number of fields in each line; a blank line has one, which is empty."""
        return np.diff(self.firsts)

    def line(self, index: int) -> bytes:
        """One line."""
        begin, end = self.cuts[self.firsts[index : index + 2]].tolist()
        return self.text[begin + 1 : end]

    def wholes(self) -> list[int]:
        """For each line its number, where it holds one whole number from 0; -1 for other lines.

        Raises:
            DataError: A line of one field holds no number.
        """
        single = np.flatnonzero(self.counts == 1)
        values = self.numbers(single, 1)[:, 0]
        values[~((values >= 0) & (values <= _MOST))] = -1
        wholes = np.full(len(self), -1)
        wholes[single] = np.where(values == np.floor(values), values, -1)
        return wholes.tolist()

    def numbers(self, lines: NDArray[np.int64], columns: int) -> NDArray[np.float64]:
        """The first fields of lines as numbers; ``nan`` and ``inf`` are numbers here.

        Args:
            lines: Indices of lines that have as many fields, or more.
            columns: How many fields, counted from the beginning of the line.

        Returns:
            (len(lines), columns).

        Raises:
            DataError: A field is no number.
        """
        which = (self.firsts[lines, None] + np.arange(columns)).ravel()
        starts, ends = self.cuts[which] + np.int32(1), self.cuts[which + 1]
        values, unreadable = parse_decimals(self.text, starts, ends)
        if unreadable:
            where = unreadable[0]
            seen = self.text[starts[where] : ends[where]][:40].decode("ascii")
            raise DataError(
                f"{self.path} line {lines[where // columns] + 1}: field {where % columns + 1} must "
                f"be a number, got {seen!r}."
            )
        return values.reshape(len(lines), columns)


def read_fields(path: Path, what: str, max_bytes: int = MAX_BYTES) -> Fields:
    """Read a text file as fields that are separated by spaces or tabs.

    Blank lines at the end are left out.

    Args:
        path: The file.
        what: What it should be, as the error names it.
        max_bytes: Larger files are refused before they are read.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is empty, too large or not ASCII text.
    """
    text = read_bounded(path, what, max_bytes).removeprefix(_BOM).rstrip() + b"\n"
    if not text.isascii() or b"\0" in text:
        raise DataError(f"{path} is not a text file; expected {what}.")
    if text == b"\n":
        raise DataError(f"{path} is empty; expected {what}.")
    fields = _cut(path, text)
    if any(space in text for space in _OTHER_SPACE) or not _is_tidy(fields):
        lines = text.splitlines()
        return _cut(path, b"".join(b" ".join(line.split()) + b"\n" for line in lines))
    return fields


def _cut(path: Path, text: bytes) -> Fields:
    cuts = _separators(text)
    newlines = np.frombuffer(text, np.uint8)[cuts[1:]] == _NEWLINE
    firsts = np.concatenate(([0], np.flatnonzero(newlines) + 1))
    return Fields(path, text, cuts, firsts)


def _separators(text: bytes) -> Places:
    """-1 and where spaces and newlines stand, found block by block so that little memory is taken."""
    found = [np.array([-1], dtype=np.int32)]
    for begin in range(0, len(text), _BLOCK):
        block = np.frombuffer(text, np.uint8, min(_BLOCK, len(text) - begin), begin)
        places = np.flatnonzero((block == _SPACE) | (block == _NEWLINE))
        found.append((places + begin).astype(np.int32))
    return np.concatenate(found)


def _is_tidy(fields: Fields) -> bool:
    """Whether no field is empty but those of blank lines."""
    empty = (np.diff(fields.cuts) == 1).sum()
    blank = (np.diff(fields.cuts[fields.firsts]) == 1).sum()
    return bool(empty == blank)
