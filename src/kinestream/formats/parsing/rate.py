"""What may be a frame rate."""

from __future__ import annotations

from numbers import Real

from kinestream.errors import DataError

MAX_FPS = 1e6


def check_fps(fps: object, source: object = "") -> None:
    """Refuse what is no frame rate.

    >>> check_fps(29.97)

    Raises:
        DataError: It is no number, not above 0, or absurd.
    """
    number = isinstance(fps, Real) and not isinstance(fps, bool)
    if not number or not 0 < fps <= MAX_FPS:  # type: ignore[operator]
        shown = ascii(fps)[:40] if isinstance(fps, str) or not number else f"{fps:g}"
        raise DataError(
            f"{source or '--fps, fps=... in Python'}: a frame rate must be above 0 and at most "
            f"{MAX_FPS:g}, got {shown}."
        )
