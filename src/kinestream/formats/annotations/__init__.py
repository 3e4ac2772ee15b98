"""Labels in files of their own: read, written, put onto clips."""

from kinestream.formats.annotations.annotations import Annotations, FrameLabels, Span
from kinestream.formats.annotations.applying import labels_of, with_labels
from kinestream.formats.annotations.label_format import LabelFormat, Terms
from kinestream.formats.annotations.table import (
    LABEL_FORMATS,
    fitting_labels,
    label_format_for,
    named_label_format,
)

__all__ = [
    "LABEL_FORMATS",
    "Annotations",
    "FrameLabels",
    "LabelFormat",
    "Span",
    "Terms",
    "fitting_labels",
    "label_format_for",
    "labels_of",
    "named_label_format",
    "with_labels",
]
