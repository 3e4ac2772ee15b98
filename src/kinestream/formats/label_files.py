"""The doors to labels: the format that fits a file reads it, its ending tells how to write it."""

from __future__ import annotations

from pathlib import Path

from kinestream.errors import DataError, MissingFileError
from kinestream.formats.annotations.annotations import Annotations
from kinestream.formats.annotations.label_format import Terms
from kinestream.formats.annotations.table import (
    LABEL_FORMATS,
    fitting_labels,
    label_format_for,
    named_label_format,
)
from kinestream.formats.table import fitting
from kinestream.formats.unknown import beginning, cause


def read_annotations(
    path: str | Path,
    *,
    fps: float | None = None,
    tier: str | None = None,
    num_frames: int | None = None,
    format: str | None = None,
) -> Annotations:
    """Read a file of labels, whatever known format it has.

    Args:
        path: CSV with a label per frame or with ``start_s,end_s,label``, SubRip, WebVTT, ELAN or
            Label Studio; told by content.
        fps: Frames per second, for files that count frames.
        tier: Which tier of an ELAN file, or which label set of Label Studio.
        num_frames: Length of the recording: a file with a label per frame must have as many.
        format: Name of the format, where the content does not tell it.

    Raises:
        MissingFileError: There is no such file.
        ConfigError: There is no format of that name.
        DataError: It is no file of labels, is damaged, or does not tell its rate.
    """
    path, terms = Path(path), Terms(fps, tier, num_frames)
    if not path.is_file():
        raise MissingFileError(f"there is no file of labels {path}.")
    found = fitting_labels(path) if format is None else named_label_format(format)
    if found is None:
        raise _no_labels(path)
    try:
        return found.read(path, terms)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def write_annotations(
    annotations: Annotations,
    path: str | Path,
    *,
    fps: float | None = None,
    tier: str | None = None,
    num_frames: int | None = None,
    format: str | None = None,
) -> Path:
    """Write labels; the format follows from the file's ending where that tells.

    Args:
        annotations: The labels.
        path: Where to.
        fps: Frames per second, for a label in every frame.
        tier: Name of the tier or label set.
        num_frames: Length of the recording, for a label in every frame; else the last span ends it.
        format: Name of the format; needed for ``.csv``, which two formats share.

    Raises:
        ConfigError: The format is unknown, or the ending does not tell it.
        DataError: The format cannot carry the labels, or the place cannot be written.
    """
    path = Path(path)
    found = named_label_format(format) if format else label_format_for(path)
    found.write(annotations, path, Terms(fps, tier, num_frames))
    return path


def _no_labels(path: Path) -> DataError:
    recording = fitting(path)
    if recording is not None:
        return DataError(
            f"{path} is a recording ({recording.title}), no file of labels: give it as the recording, "
            f"and its labels beside it."
        )
    if (known := cause(path)) is not None:
        return DataError(f"{path} {known}.")
    return DataError(
        f"{path} holds no labels Kinestream knows: {beginning(path)}. Formats of labels are "
        f"{', '.join(LABEL_FORMATS)}."
    )
