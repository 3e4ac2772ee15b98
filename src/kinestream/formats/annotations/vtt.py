"""WebVTT captions (``.vtt``), as browsers show them over a video.

Source: WebVTT, The Web Video Text Tracks Format, W3C.
"""

from __future__ import annotations

from html import escape, unescape
from pathlib import Path

from kinestream.errors import DataError
from kinestream.files import write_atomically
from kinestream.formats.annotations.annotations import Annotations, Span
from kinestream.formats.annotations.cues import ARROW, blocks, clock, plain, times_of
from kinestream.formats.annotations.label_format import LabelFormat, Terms
from kinestream.formats.format import Head
from kinestream.formats.parsing.textfile import read_lines

_SIGNATURE = "WEBVTT"
_NO_CUES = ("NOTE", "STYLE", "REGION")


def _fits(head: Head) -> bool:
    return bool(head.lines) and head.lines[0].split()[0] == _SIGNATURE


def _read(path: Path, terms: Terms) -> Annotations:
    lines = read_lines(path, "WebVTT captions")
    if lines[0].split()[:1] != [_SIGNATURE]:
        raise DataError(f"{path} begins with {lines[0][:40]!r}; WebVTT begins with {_SIGNATURE}.")
    spans = []
    for number, block in blocks(lines):
        at = next((k for k, line in enumerate(block) if ARROW in line), None)
        if at is None and (number == 1 or block[0].split()[0] in _NO_CUES):
            continue
        where = f"{path} line {number}"
        if at is None or at > 1 or len(block) < at + 2:
            raise DataError(f"{where}: a cue is a line of times and a text.")
        text = plain(block[at + 1 :])
        spans.append(Span(*times_of(block[at], where), unescape(text)))
    return Annotations(tuple(spans), str(path))


def _write(annotations: Annotations, path: Path, terms: Terms) -> None:
    cues = [
        f"{clock(start_s, '.')} {ARROW} {clock(end_s, '.')}\n{escape(label, quote=False)}\n"
        for start_s, end_s, label in annotations.spans
    ]
    write_atomically(path, "\n".join([f"{_SIGNATURE}\n", *cues]).encode())


FORMAT = LabelFormat(
    name="vtt", title="WebVTT captions", endings=(".vtt",), fits=_fits, read=_read, write=_write
)
