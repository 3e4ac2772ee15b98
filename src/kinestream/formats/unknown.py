"""What a file looks like that no format fits, so that an error can say what to do about it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from kinestream.formats.annotations.segments_csv import HEADER, looks_like_segments
from kinestream.formats.format import Head

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))


def beginning(path: Path) -> str:
    """How a file begins, as a sentence's part."""
    head = Head.of(path)
    if head.is_folder:
        return "the folder as a whole is no recording"
    begins = repr(head.lines[0][:40]) if head.lines else f"the bytes {head.start[:8].hex(' ')}"
    return f"it begins with {begins}"


def cause(path: Path) -> str | None:
    """What keeps a file from being read, and what to do, where that can be told."""
    head = Head.of(path)
    if head.start.startswith(_UTF16):
        return "is UTF-16 text: save it as UTF-8"
    if not head.lines:
        is_text = head.start[:1].isascii() and not set(head.start) & set(_CONTROL)
        return "is text that is not UTF-8: save it as UTF-8" if head.start and is_text else None
    line = head.lines[0]
    if twice := _twice(line):
        return f"names the column {ascii(twice)[:40]} twice in its header: rename one"
    if looks_like_segments(line):
        return (
            f"begins with {line[:40]!r}: labels of stretches of time have the header "
            f"{','.join(HEADER)}, times in seconds"
        )
    return None


def _twice(line: str) -> str | None:
    """A name that a header of a table holds twice, if it is one and does."""
    mark = max(",;\t", key=line.count)
    try:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=mark))]
    except (csv.Error, StopIteration):
        return None
    if len(cells) < 2 or not all(cell[:1].isalpha() for cell in cells):
        return None
    name, count = Counter(cells).most_common(1)[0]
    return name if count > 1 else None
