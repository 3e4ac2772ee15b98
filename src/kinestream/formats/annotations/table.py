"""Every format of labels there is, and the doors to them.

To add one, write its file beside this one and name it here.
"""

from __future__ import annotations

from pathlib import Path

from kinestream.errors import ConfigError, DataError, MissingFileError
from kinestream.formats.annotations import eaf, frames_csv, label_studio, segments_csv, srt, vtt
from kinestream.formats.annotations.annotations import Annotations
from kinestream.formats.annotations.label_format import LabelFormat, Terms
from kinestream.formats.format import Head

LABEL_FORMATS: dict[str, LabelFormat] = {
    each.name: each
    for each in (
        eaf.FORMAT,
        frames_csv.FORMAT,
        label_studio.FORMAT,
        segments_csv.FORMAT,
        srt.FORMAT,
        vtt.FORMAT,
    )
}


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
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no file of labels {path}.")
    found = fitting_labels(path) if format is None else named_label_format(format)
    if found is None:
        _refuse_recording(path)
        head = Head.of(path)
        begins = repr(head.lines[0][:40]) if head.lines else f"the bytes {head.start[:8].hex(' ')}"
        raise DataError(
            f"{path} holds no labels Kinestream knows: it begins with {begins}. Formats of labels "
            f"are {', '.join(LABEL_FORMATS)}."
        )
    try:
        return found.read(path, Terms(fps, tier, num_frames))
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


def _refuse_recording(path: Path) -> None:
    from kinestream.formats.table import fitting  # which knows this table

    recording = fitting(path)
    if recording is not None:
        raise DataError(
            f"{path} is a recording ({recording.title}), no file of labels: give it as the recording, "
            f"and its labels beside it."
        )


def fitting_labels(path: Path) -> LabelFormat | None:
    """The format of labels that a file fits, or None."""
    head = Head.of(path)
    if head.is_folder:
        return None
    return next((each for each in LABEL_FORMATS.values() if each.fits(head)), None)


def named_label_format(name: str) -> LabelFormat:
    """A format of labels by name.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in LABEL_FORMATS:
        raise ConfigError(
            f"there is no format of labels {name!r}; use one of {', '.join(LABEL_FORMATS)}."
        )
    return LABEL_FORMATS[name]


def label_format_for(path: Path) -> LabelFormat:
    """The format of labels that a file ending stands for.

    Raises:
        ConfigError: None or several.
    """
    fitting = [each for each in LABEL_FORMATS.values() if path.suffix.lower() in each.endings]
    if len(fitting) == 1:
        return fitting[0]
    names = [each.name for each in fitting] or list(LABEL_FORMATS)
    raise ConfigError(
        f"the ending of {path.name!r} does not tell the format of its labels: name one of "
        f"{', '.join(names)}."
    )
