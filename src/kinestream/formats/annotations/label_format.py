"""What a format of labels is: how its files are told from others, read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kinestream.errors import DataError
from kinestream.formats.annotations.annotations import Annotations, check_fps
from kinestream.formats.format import Head


@dataclass(frozen=True)
class Terms:
    """What the caller says about labels that their file does not tell.

    Attributes:
        fps: Frames per second, for files that count frames.
        tier: Which of several tiers or label sets.
        num_frames: Length of the recording, for files with a label for every frame.
    """

    fps: float | None = None
    tier: str | None = None
    num_frames: int | None = None

    def needed_fps(self, path: Path) -> float:
        """The frame rate, for files that count frames.

        Raises:
            DataError: It was not stated, or is no rate.
        """
        if self.fps is None:
            raise DataError(
                f"{path} counts frames: give their rate with --fps N, fps=... in Python."
            )
        check_fps(self.fps, path)
        return self.fps


@dataclass(frozen=True)
class LabelFormat:
    """One way of writing labels down.

    Attributes:
        name: What the command line calls it.
        title: What people call it.
        endings: File endings it is written with; the first is the usual one.
        fits: Whether a file is of this format, by its content.
        read: Reads labels; raises errors of Kinestream's own only.
        write: Writes labels so that ``read`` gives them back.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    fits: Callable[[Head], bool]
    read: Callable[[Path, Terms], Annotations]
    write: Callable[[Annotations, Path, Terms], None]
