"""Labels of a file: gaps and overlaps are found, and nothing in labels that are sound."""

from __future__ import annotations

import numpy as np

from kinestream.datasets.inspection import facts_of_spans, findings_of_spans
from kinestream.formats import Annotations, Span


def said(*spans: Span) -> str:
    facts = facts_of_spans(Annotations(spans))
    return "\n".join(f"{each.severity}: {each.text}" for each in findings_of_spans(facts))


def test_labels_that_meet_have_no_findings() -> None:
    assert said(Span(0, 1, "sit"), Span(1.0004, 2, "walk"), Span(2, 3, "sit")) == ""


def test_gaps_are_added_up_and_the_longest_is_named() -> None:
    text = said(Span(0, 1, "a"), Span(1.5, 2, "b"), Span(5, 6, "a"))
    assert text.startswith(
        "note: 2 gaps without a label, 3.5 s in all, the longest from 2.00 to 5.00"
    )


def test_overlaps_and_short_spans_are_named() -> None:
    text = said(Span(0, 10, "long"), Span(2, 3, "inner"), Span(4, 4.05, "blink"), Span(10, 11, "b"))
    assert "warning: 2 spans overlap another, first 'inner' at 2.00 s in 'long'" in text
    assert "warning: 1 span is shorter than 0.1 s, first 'blink' at 4.00 s" in text


def test_gaps_and_overlaps_are_those_of_a_loop_over_time() -> None:
    rng = np.random.default_rng(4)
    for _ in range(30):
        ends = np.sort(rng.integers(0, 40, (5, 2)), axis=1)
        spans = [Span(float(a), float(b), str(k)) for k, (a, b) in enumerate(ends) if b > a]
        facts = facts_of_spans(Annotations(tuple(spans)))
        claims = [sum(s.start_s <= t < s.end_s for s in spans) for t in range(40)]
        first, last = min(s.start_s for s in spans), max(s.end_s for s in spans)
        empty = sum(1 for t in range(40) if first <= t < last and not claims[t])
        assert sum(b - a for a, b in facts.gaps) == empty
        assert bool(facts.overlaps) == any(claim > 1 for claim in claims)


def test_no_label_at_all_is_an_error() -> None:
    assert said() == "error: there is no label in the file."
