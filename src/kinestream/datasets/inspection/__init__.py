"""Look at data before training on it: measure recordings, see them together, say what is wrong."""

from kinestream.datasets.inspection.facts import RecordingFacts, facts_of
from kinestream.datasets.inspection.findings import Finding, findings_of
from kinestream.datasets.inspection.inspecting import Inspection, inspect
from kinestream.datasets.inspection.spans import SpanFacts, facts_of_spans, findings_of_spans
from kinestream.datasets.inspection.survey import Leak, Survey
from kinestream.datasets.inspection.wording import counted

__all__ = [
    "Finding",
    "Inspection",
    "Leak",
    "RecordingFacts",
    "SpanFacts",
    "Survey",
    "counted",
    "facts_of",
    "facts_of_spans",
    "findings_of",
    "findings_of_spans",
    "inspect",
]
