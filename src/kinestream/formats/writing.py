"""The way out: a clip as a file of any format that can be written."""

from __future__ import annotations

from pathlib import Path

from kinestream.clips import Clip
from kinestream.errors import ConfigError
from kinestream.formats.annotations.label_format import LabelFormat
from kinestream.formats.annotations.table import LABEL_FORMATS
from kinestream.formats.format import Format
from kinestream.formats.table import FORMATS, named_format


def write_clip(clip: Clip, path: str | Path, format: str | None = None) -> Path:
    """Write a recording; the format follows from the file's ending where that tells.

    Args:
        clip: The recording.
        path: Where to; a folder for formats that fill one.
        format: Name of the format, where several share the ending.

    Raises:
        ConfigError: The format is unknown, cannot be written, or the ending does not tell it.
        DataError: The format cannot carry the clip, or the place cannot be written.
        SkeletonError: The format is of another skeleton.
    """
    path = Path(path)
    found = writable_format(format) if format else format_for(path)
    assert found.write is not None
    found.write(clip, path)
    return path


def writable_format(name: str) -> Format:
    """A format by name that can be written.

    Raises:
        ConfigError: There is none of that name, or it is read only.
    """
    found = named_format(name)
    if found.write is None:
        raise ConfigError(
            f"format {name!r} is read only; these can be written: {', '.join(_writable())}."
        )
    return found


def format_for(path: Path) -> Format:
    """The format that a file ending stands for, among those that can be written.

    Raises:
        ConfigError: None or several.
    """
    ending = path.suffix.lower()
    fitting = [each for each in _writable().values() if ending in each.endings]
    if len(fitting) == 1:
        return fitting[0]
    names = [each.name for each in fitting] or list(_writable())
    raise ConfigError(
        f"the ending of {path.name!r} does not tell the format of the recording: name one of "
        f"{', '.join(names)}."
    )


def output_format(path: Path, name: str | None = None) -> Format | LabelFormat:
    """What to write of a recording to a path: all or its labels, as the name or else the ending says.

    An ending that formats of recordings and of labels share (``.csv``) stands for recordings.

    Raises:
        ConfigError: The name is unknown or read only, or the ending stands for none or several.
    """
    known: dict[str, Format | LabelFormat] = {**_writable(), **LABEL_FORMATS}
    if name is not None:
        return known[name] if name in known else writable_format(name)
    ending = path.suffix.lower()
    found = [each for each in known.values() if ending in each.endings]
    recordings = [each for each in found if isinstance(each, Format)]
    if len(recordings) == 1 or len(found) == 1:
        return (recordings or found)[0]
    names = ", ".join(f"{each.name} ({each.title})" for each in found) or ", ".join(known)
    raise ConfigError(
        f"the ending of {path.name!r} stands for {'several formats' if found else 'no format'}: name "
        f"one with --to: {names}."
    )


def _writable() -> dict[str, Format]:
    return {name: each for name, each in FORMATS.items() if each.write is not None}
