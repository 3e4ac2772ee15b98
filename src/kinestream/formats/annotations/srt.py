"""SubRip subtitles (``.srt``): a numbered cue for every stretch, in milliseconds."""

from __future__ import annotations

import re
from pathlib import Path

from kinestream.errors import DataError
from kinestream.files import write_atomically
from kinestream.formats.annotations.annotations import Annotations, Span
from kinestream.formats.annotations.cues import ARROW, blocks, check_label, clock, plain, times_of
from kinestream.formats.annotations.label_format import LabelFormat, Terms
from kinestream.formats.format import Head
from kinestream.formats.parsing.textfile import read_lines

_ANGLES = re.compile(r"[<>]")


def _fits(head: Head) -> bool:
    first = head.lines[:2]
    return len(first) == 2 and first[0].isdigit() and ARROW in first[1]


def _read(path: Path, terms: Terms) -> Annotations:
    spans = []
    for number, block in blocks(read_lines(path, "SubRip subtitles")):
        cue = block[1:] if block[0].isdigit() else block
        where = f"{path} line {number}"
        if len(cue) < 2:
            raise DataError(f"{where}: a cue is a number, a line of times and a text.")
        spans.append(Span(*times_of(cue[0], where), plain(cue[1:])))
    return Annotations(tuple(spans), str(path))


def _write(annotations: Annotations, path: Path, terms: Terms) -> None:
    if not annotations.spans:
        raise DataError(f"{path}: a SubRip file without a label would be empty.")
    cues = []
    for number, (start_s, end_s, label) in enumerate(annotations.spans, start=1):
        if _ANGLES.search(label):
            raise DataError(f"{path}: SubRip cannot carry < or > in the label {label[:40]!r}.")
        times = f"{clock(start_s, ',')} {ARROW} {clock(end_s, ',')}"
        cues.append(f"{number}\n{times}\n{check_label(label, path)}\n")
    write_atomically(path, "\n".join(cues).encode())


FORMAT = LabelFormat(
    name="srt", title="SubRip subtitles", endings=(".srt",), fits=_fits, read=_read, write=_write
)
