"""``--lookahead`` of the commands that take one."""

from __future__ import annotations

import re
from typing import Literal

from kinestream.errors import ConfigError

MAX_FPS = 10_000


def check_fps(fps: float | None) -> None:
    """Refuse a rate that no recording has.

    Raises:
        ConfigError: It is given and out of range.
    """
    if fps is not None and not 0 < fps <= MAX_FPS:
        raise ConfigError(f"--fps must be above 0 and at most {MAX_FPS}, got {fps:g}.")


def lookahead_frames(text: str, fps: float | None) -> int | Literal["centred"]:
    """Frames that a label may wait, from frames, seconds such as ``0.5s``, or ``centred``.

    Args:
        text: What was given.
        fps: Frames per second, where they are known.

    Raises:
        ConfigError: It is none of these, the rate is out of range, or missing for seconds.

    >>> lookahead_frames("0.5s", 25)
    12
    """
    check_fps(fps)
    if text == "centred":
        return "centred"
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    seconds = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s", text)
    if seconds is None:
        raise ConfigError(
            f"--lookahead takes a number of frames, 'centred' or seconds such as 0.5s, "
            f"got {text[:40]!r}."
        )
    if fps is None:
        raise ConfigError(f"--lookahead {text} is in seconds: give the frame rate with --fps.")
    return int(float(seconds[1]) * fps + 1e-6)
