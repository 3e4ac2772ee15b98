"""ELAN annotation files (``.eaf``): the spans of one tier.

A file holds tiers of annotations that refer to time slots in milliseconds. Tiers whose annotations
refer to other annotations carry no times of their own and are left out, and so are annotations
without a text. Documents that declare a type or entities are refused: nothing is expanded, nothing
fetched.

Source: ELAN Annotation Format 3.0, The Language Archive, MPI for Psycholinguistics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from kinestream.errors import DataError, MissingFileError
from kinestream.files import write_atomically
from kinestream.formats.annotations.annotations import MAX_SPANS, Annotations, Span
from kinestream.formats.annotations.label_format import LabelFormat, Terms
from kinestream.formats.format import Head

MAX_BYTES = 1 << 26
MAX_DEPTH = 32
DEFAULT_TIER = "actions"
_WHAT = "an ELAN annotation file"
_UNITS = "milliseconds"


class _Refused(Exception):
    """What the handlers raise; the reader adds the file's name."""


@dataclass
class _Tiers:
    """What the parser has met so far."""

    slots: dict[str, float | None] = field(default_factory=dict)
    tiers: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    tier: str = ""
    ends: tuple[str, str] | None = None
    text: list[str] | None = None
    depth: int = 0
    count: int = 0
    root: str = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        self.root = self.root or tag
        if self.depth > MAX_DEPTH:
            raise _Refused("is nested too deeply")
        if tag == "HEADER" and attributes.get("TIME_UNITS", _UNITS) != _UNITS:
            raise _Refused(f"counts {attributes['TIME_UNITS'][:20]!r}, not {_UNITS}")
        if tag == "TIME_SLOT":
            self.slots[attributes.get("TIME_SLOT_ID", "")] = _milliseconds(attributes)
        elif tag == "TIER":
            self.tier = attributes.get("TIER_ID", "")
            self.tiers.setdefault(self.tier, [])
        elif tag == "ALIGNABLE_ANNOTATION":
            refs = attributes.get("TIME_SLOT_REF1"), attributes.get("TIME_SLOT_REF2")
            if refs[0] is None or refs[1] is None:
                raise _Refused("has an annotation without its two time slots")
            self.ends = refs[0], refs[1]
        elif tag == "ANNOTATION_VALUE" and self.ends is not None:
            self.text = []
        self.count += tag in ("TIME_SLOT", "ALIGNABLE_ANNOTATION")
        if self.count > 3 * MAX_SPANS:
            raise _Refused(f"holds over {MAX_SPANS} annotations")

    def characters(self, text: str) -> None:
        """Text inside an element."""
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        self.depth -= 1
        if tag == "ANNOTATION_VALUE" and self.ends is not None and self.text is not None:
            label = " ".join("".join(self.text).split())
            self.tiers.setdefault(self.tier, []).append((*self.ends, label))
            self.text = None
        elif tag == "ALIGNABLE_ANNOTATION":
            self.ends = None

    def refuse_type(self, *_: object) -> NoReturn:
        """A document type is declared, which is where entities come from."""
        raise _Refused("declares a document type or entities, which no ELAN file does")


def _milliseconds(attributes: dict[str, str]) -> float | None:
    value = attributes.get("TIME_VALUE")
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 12:
        raise _Refused(f"has the time {value[:20]!r}, which is no number of milliseconds")
    return float(value)


def _fits(head: Head) -> bool:
    return "<ANNOTATION_DOCUMENT" in head.text


def _read(path: Path, terms: Terms) -> Annotations:
    found = _parse(path)
    name, tier = _chosen(found, path, terms.tier)
    slots = _times(found, path)
    try:
        spans = [Span(slots[a] / 1000, slots[b] / 1000, text) for a, b, text in tier if text]
    except KeyError as error:
        raise DataError(f"{path}: tier {name!r} names the unknown time slot {error}.") from None
    return Annotations(tuple(spans), str(path))


def _parse(path: Path) -> _Tiers:
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}; expected {_WHAT}.")
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"{path} is over 64 MiB, too large for {_WHAT}.")
    found = _Tiers()
    parser = expat.ParserCreate()
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.characters
    parser.StartDoctypeDeclHandler = found.refuse_type
    parser.EntityDeclHandler = found.refuse_type
    try:
        parser.Parse(path.read_bytes(), True)
    except _Refused as error:
        raise DataError(f"{path} {error}.") from None
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"{path} is not {_WHAT}: {str(error)[:80]}.") from None
    if found.root != "ANNOTATION_DOCUMENT":
        raise DataError(f"{path} is not {_WHAT}: its root is {found.root[:40]!r}.")
    return found


def _chosen(
    found: _Tiers, path: Path, wanted: str | None
) -> tuple[str, list[tuple[str, str, str]]]:
    filled = {name: spans for name, spans in found.tiers.items() if spans}
    if wanted is not None and wanted in found.tiers:
        return wanted, found.tiers[wanted]
    if wanted is None and len(filled) <= 1:
        return next(iter(filled.items()), ("", []))
    names = ", ".join(f"{name!r}" for name in list(filled)[:10])
    raise DataError(
        f"{path} has the tiers {names or 'without a span'}; "
        + (f"none is {wanted!r}." if wanted else "name one with --tier, tier=... in Python.")
    )


def _times(found: _Tiers, path: Path) -> dict[str, float]:
    """Milliseconds of every slot; those without a time lie evenly between their neighbours."""
    names = list(found.slots)
    known = [k for k, name in enumerate(names) if found.slots[name] is not None]
    if not known:
        if names:
            raise DataError(f"{path} has no time slot with a time.")
        return {}
    values = [found.slots[names[k]] or 0.0 for k in known]
    if known[0] != 0 or known[-1] != len(names) - 1:
        raise DataError(f"{path}: its first and last time slot must have a time.")
    every = np.interp(np.arange(len(names)), known, values)
    return dict(zip(names, every.tolist(), strict=True))


def _check_apart(annotations: Annotations, path: Path) -> None:
    """ELAN repairs by its own rules what overlaps within a tier, or has no length."""
    spans = [(round(s.start_s * 1000), round(s.end_s * 1000), s.label) for s in annotations.spans]
    following = [start for start, _, _ in spans[1:]] + [math.inf]
    for (start, end, label), next_start in zip(spans, following, strict=True):
        if start == end or next_start < end:
            raise DataError(
                f"{path}: {label[:40]!r} at {start / 1000:g} s overlaps the next span or is shorter "
                f"than a millisecond, which a tier of ELAN cannot hold."
            )


def _write(annotations: Annotations, path: Path, terms: Terms) -> None:
    _check_apart(annotations, path)
    slots, spans = [], []
    for number, (start_s, end_s, label) in enumerate(annotations.spans):
        first, last = f"ts{2 * number + 1}", f"ts{2 * number + 2}"
        for slot, time_s in ((first, start_s), (last, end_s)):
            slots.append(
                f'    <TIME_SLOT TIME_SLOT_ID="{slot}" TIME_VALUE="{round(time_s * 1000)}"/>'
            )
        spans.append(
            f'    <ANNOTATION>\n      <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number + 1}" '
            f'TIME_SLOT_REF1="{first}" TIME_SLOT_REF2="{last}">\n'
            f"        <ANNOTATION_VALUE>{escape(label)}</ANNOTATION_VALUE>\n"
            f"      </ALIGNABLE_ANNOTATION>\n    </ANNOTATION>"
        )
    tier = quoteattr(terms.tier or DEFAULT_TIER)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<ANNOTATION_DOCUMENT AUTHOR="" DATE="2000-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">',
        '  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>',
        "  <TIME_ORDER>",
        *slots,
        "  </TIME_ORDER>",
        f'  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID={tier}>',
        *spans,
        "  </TIER>",
        '  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" '
        'TIME_ALIGNABLE="true"/>',
        "</ANNOTATION_DOCUMENT>",
    ]
    write_atomically(path, ("\n".join(lines) + "\n").encode())


FORMAT = LabelFormat(
    name="eaf", title="ELAN tier", endings=(".eaf",), fits=_fits, read=_read, write=_write
)
