"""Where reports may be written: never over what is read, nor over what is no report of ours."""

from __future__ import annotations

import json
from pathlib import Path

JSON_MARK = {"made_by": "kinestream data inspect"}
HEAD_BYTES = 4096


def check_output(output: Path | None, ending: str, source: Path) -> None:
    """Refuse what would destroy a file, before anything is read.

    Args:
        output: Where a report is to go; None for nowhere.
        ending: What its name must end in, ``.html`` or ``.json``.
        source: The recordings that are read.

    Raises:
        ConfigError: The name ends otherwise, lies in the recordings, or is that of another file.
        DataError: What lies there cannot be read.
    """
    from kinestream.errors import ConfigError

    if output is None:
        return
    if output.suffix.lower() != ending:
        raise ConfigError(f"the name of this report must end in {ending}, got {output}.")
    if output.resolve().is_relative_to(source.resolve()):
        raise ConfigError(f"{output} is (in) what is read: name a place outside of {source}.")
    if output.exists() and not _is_report(output):
        raise ConfigError(f"{output} exists and is no report of this command: name another place.")


def _is_report(path: Path) -> bool:
    """Whether a file is a page or numbers of ours, by how it begins."""
    from kinestream.errors import DataError
    from kinestream.viz.page import MARK as PAGE

    if not path.is_file():
        return False
    try:
        with open(path, "rb") as file:
            start = file.read(HEAD_BYTES)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    known = PAGE if path.suffix.lower() == ".html" else json.dumps(JSON_MARK)[1:-1]
    return known.encode() in start
