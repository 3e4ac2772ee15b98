"""Recordings in the formats of others: each reader gives a clip and says what it had to mend."""

from kinestream.formats.annotations import (
    LABEL_FORMATS,
    Annotations,
    Span,
    labels_of,
    with_labels,
)
from kinestream.formats.converting import to_skeleton
from kinestream.formats.finding import find_recordings
from kinestream.formats.format import Format, Head, Named, Reading, Stated
from kinestream.formats.label_files import read_annotations, write_annotations
from kinestream.formats.reading import read_clip, read_recording, read_recordings
from kinestream.formats.repairs import Repairs
from kinestream.formats.sp_sw_har import read_sp_sw_har
from kinestream.formats.table import FORMATS
from kinestream.formats.utkinect import read_utkinect
from kinestream.formats.writing import write_clip

__all__ = [
    "FORMATS",
    "LABEL_FORMATS",
    "Annotations",
    "Format",
    "Head",
    "Named",
    "Reading",
    "Repairs",
    "Span",
    "Stated",
    "find_recordings",
    "labels_of",
    "read_annotations",
    "read_clip",
    "read_recording",
    "read_recordings",
    "read_sp_sw_har",
    "read_utkinect",
    "to_skeleton",
    "with_labels",
    "write_annotations",
    "write_clip",
]
