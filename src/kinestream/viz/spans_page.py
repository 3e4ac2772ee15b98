"""The page of ``kinestream data inspect`` for a file of labels: its classes and findings over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from kinestream.datasets.inspection import Finding, SpanFacts, counted
from kinestream.files import write_atomically
from kinestream.formats import Annotations
from kinestream.viz.colours import class_colour
from kinestream.viz.page import bars, key, page, section, strip
from kinestream.viz.survey_page import findings_list

SHOWN = 2000  # spans that are drawn; a screen has no more columns


def write_spans(
    title: str,
    annotations: Annotations,
    facts: SpanFacts,
    findings: Sequence[Finding],
    path: str | Path,
) -> Path:
    """Write the page of a file of labels.

    Raises:
        DataError: The place cannot be written.
    """
    spans = annotations.spans
    colours = {name: class_colour(index) for index, name in enumerate(facts.counts)}
    lead = (
        f"{counted(len(spans), 'label')} of {counted(len(facts.counts), 'class', 'classes')}, "
        f"{sum(facts.seconds.values()):.1f} s labelled"
    )
    sections = [section("Findings", findings_list(findings))]
    if spans:
        parts = (key(colours.items()), strip(_parts(annotations, colours), _caption(annotations)))
        sections += [
            section("Seconds of each class", bars(_bars(facts, colours))),
            section("Labels over time", *parts),
        ]
    return write_atomically(path, page(title, lead, sections).encode())


def _bars(facts: SpanFacts, colours: dict[str, str]) -> Iterator[tuple[str, str, float, str]]:
    most = max(facts.seconds.values()) or 1.0
    for name, seconds in facts.seconds.items():
        text = f"{seconds:.2f} s ({counted(facts.counts[name], 'span')})"
        yield name, text, seconds / most, colours[name]


def _parts(
    annotations: Annotations, colours: dict[str, str]
) -> Iterator[tuple[float, float, str, str]]:
    end_s = max(span.end_s for span in annotations.spans) or 1.0
    for span in annotations.spans[:SHOWN]:
        name = f"{span.label}, {span.start_s:.2f} to {span.end_s:.2f} s"
        yield span.start_s / end_s, span.end_s / end_s, colours[span.label], name


def _caption(annotations: Annotations) -> str:
    end_s = max(span.end_s for span in annotations.spans)
    total = len(annotations.spans)
    cut = f", the first {SHOWN} of {total} labels" if total > SHOWN else ""
    return f"0 to {end_s:.2f} s{cut}"
