"""A small whole recording of every format: each module writes one that its format reads.

``write(folder) -> Path`` makes it, ``STATED`` is what a caller must say about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from kinestream.formats import FORMATS, Format, Stated


@dataclass(frozen=True)
class Sample:
    """A recording of one format, written into a folder of its own.

    Attributes:
        format: What it is a recording of.
        path: The file or folder.
        stated: What must be stated to read it.
    """

    format: Format
    path: Path
    stated: Stated


def sample_of(name: str, folder: Path) -> Sample:
    """Write the sample of a format."""
    module = import_module(f"tests.formats.samples.{name}")
    return Sample(FORMATS[name], module.write(folder), module.STATED)
