"""Optional parts: one sentence instead of a traceback when they are missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kinestream.errors import MissingExtraError


@contextmanager
def needs(what: str, extra: str, *packages: str) -> Iterator[None]:
    """Turn a missing package into the command that installs it.

    Args:
        what: What needs it, as the beginning of a sentence.
        extra: Name of the extra.
        *packages: Top-level packages that the extra brings; others raise as they are.

    Raises:
        MissingExtraError: One of the packages is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in packages:
            raise MissingExtraError(what, extra) from None
        raise
