"""Every format of labels there is.

To add one, write its file beside this one and name it here.
"""

from __future__ import annotations

from pathlib import Path

from kinestream.errors import ConfigError
from kinestream.formats.annotations import eaf, frames_csv, label_studio, segments_csv, srt, vtt
from kinestream.formats.annotations.label_format import LabelFormat
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
        f"{', '.join(names)} (--to NAME, format=... in Python)."
    )
