"""What a format of labels is: how its files are told from others, read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kinestream.errors import DataError
from kinestream.formats.annotations.annotations import Annotations, nearest
from kinestream.formats.format import Head
from kinestream.formats.parsing.rate import check_fps


@dataclass(frozen=True)
class Terms:
    """What the caller says about labels that their file does not tell.

    Attributes:
        fps: Frames per second, for files that count frames.
        tier: Which of several tiers or label sets.
        num_frames: Length of the recording, for files with a label for every frame.

    Raises:
        DataError: The rate is none.
    """

    fps: float | None = None
    tier: str | None = None
    num_frames: int | None = None

    def __post_init__(self) -> None:
        if self.fps is not None:
            check_fps(self.fps)

    def needed_fps(self, path: Path) -> float:
        """The frame rate, for files that count frames.

        Raises:
            DataError: It was not stated.
        """
        if self.fps is None:
            raise DataError(
                f"{path} counts frames: give their rate with --fps N, fps=... in Python."
            )
        return self.fps

    def frames_of(self, annotations: Annotations) -> int:
        """The frames that a label for each is written for: those stated, else up to the last span."""
        return self.num_frames or max(1, nearest(annotations.end_s * (self.fps or 1.0)))


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
