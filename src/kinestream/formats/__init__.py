"""Recordings in the formats of others: each reader gives a clip and says what it had to mend."""

from kinestream.formats.finding import find_recordings
from kinestream.formats.format import Format, Head, Named, Reading, Stated
from kinestream.formats.reading import read_clip, read_recording, read_recordings
from kinestream.formats.repairs import Repairs
from kinestream.formats.sp_sw_har import read_sp_sw_har
from kinestream.formats.table import FORMATS
from kinestream.formats.utkinect import read_utkinect

__all__ = [
    "FORMATS",
    "Format",
    "Head",
    "Named",
    "Reading",
    "Repairs",
    "Stated",
    "find_recordings",
    "read_clip",
    "read_recording",
    "read_recordings",
    "read_sp_sw_har",
    "read_utkinect",
]
