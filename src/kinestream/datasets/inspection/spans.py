"""Labels of a file looked at by themselves: gaps, overlaps, spans that are hardly there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from kinestream.datasets.inspection.findings import Finding
from kinestream.datasets.inspection.wording import counted
from kinestream.formats import Annotations, Span

SHORT_S = 0.1  # nobody does anything in less
GAP_S = 1e-3  # what rounding to milliseconds leaves


@dataclass(frozen=True)
class SpanFacts:
    """What a file of labels holds.

    Attributes:
        seconds: Labelled time of each class, by name.
        counts: Number of spans of each class.
        gaps: Stretches between spans that nothing labels: (start, end) in seconds.
        overlaps: Pairs of spans that claim the same time.
        short: Spans under a tenth of a second.
    """

    seconds: dict[str, float]
    counts: dict[str, int]
    gaps: tuple[tuple[float, float], ...]
    overlaps: tuple[tuple[Span, Span], ...]
    short: tuple[Span, ...]

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain JSON values; times in seconds, spans by name."""
        return asdict(self) | {
            "overlaps": [[span._asdict() for span in pair] for pair in self.overlaps],
            "short": [span._asdict() for span in self.short],
        }


def facts_of_spans(annotations: Annotations) -> SpanFacts:
    """Measure labels.

    >>> facts = facts_of_spans(Annotations((Span(0, 1, "sit"), Span(2, 4, "go"), Span(3, 5, "sit"))))
    >>> facts.gaps, facts.overlaps[0][1].label, facts.seconds
    (((1.0, 2.0),), 'sit', {'sit': 3.0, 'go': 2.0})
    """
    seconds: dict[str, float] = {}
    counts: Counter[str] = Counter()
    gaps: list[tuple[float, float]] = []
    overlaps: list[tuple[Span, Span]] = []
    last: Span | None = None  # the one that ends last among those before
    for span in annotations.spans:
        seconds[span.label] = seconds.get(span.label, 0.0) + span.end_s - span.start_s
        counts[span.label] += 1
        if last is not None and span.start_s < last.end_s - GAP_S:
            overlaps.append((last, span))
        elif last is not None and span.start_s > last.end_s + GAP_S:
            gaps.append((last.end_s, span.start_s))
        last = span if last is None or span.end_s >= last.end_s else last
    short = tuple(span for span in annotations.spans if span.end_s - span.start_s < SHORT_S)
    return SpanFacts(seconds, dict(counts), tuple(gaps), tuple(overlaps), short)


def findings_of_spans(facts: SpanFacts) -> list[Finding]:
    """What is worth saying about a file of labels."""
    return list(_findings(facts))


def _findings(facts: SpanFacts) -> Iterator[Finding]:
    if not facts.counts:
        yield Finding("error", "there is no label in the file.")
    if facts.overlaps:
        one, other = facts.overlaps[0]
        yield Finding(
            "warning",
            f"{counted(len(facts.overlaps), 'span overlaps', 'spans overlap')} another, first "
            f"{other.label!r} at {other.start_s:.2f} s in {one.label!r}: a frame "
            f"keeps the one that starts later.",
        )
    if facts.short:
        first = facts.short[0]
        yield Finding(
            "warning",
            f"{counted(len(facts.short), 'span is', 'spans are')} shorter than {SHORT_S:g} s, first "
            f"{first.label!r} at {first.start_s:.2f} s.",
        )
    if facts.gaps:
        start_s, end_s = max(facts.gaps, key=lambda gap: gap[1] - gap[0])
        total = sum(end - start for start, end in facts.gaps)
        yield Finding(
            "note",
            f"{counted(len(facts.gaps), 'gap')} without a label, {total:.1f} s in all, the longest "
            f"from {start_s:.2f} to {end_s:.2f} s: unlabelled unless a background class is named.",
        )
