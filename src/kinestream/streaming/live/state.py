"""What is remembered of a person from one reset to the next.

Legend: C channels, V joints, M people of a scene.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinestream.streaming.live.grid import Grid
from kinestream.streaming.live.record import Answer
from kinestream.streaming.live.repair import Repair
from kinestream.streaming.live.settings import LiveSettings
from kinestream.streaming.stream import Recogniser, Stream
from kinestream.timeline import FrameLabel

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class GridFrame:
    """A frame (C, V[, M]) at a point of the bundle's grid."""

    joints: Array
    time_s: float


class State:
    """A stream at the bundle's own rate, with what brings frames there.

    Args:
        recogniser: Of the bundle.
        settings: How joints are held, how close stamps are to the grid.
        number: Person that labels carry.
        first: Index of its first label: frames of the grid that earlier states took.

    Attributes:
        stream: Takes the frames of the grid.
        label: The newest label, if there is one.
        seen_s: When the person was last seen; ``None`` before the first time.
        moved_s: When the state last moved.
    """

    def __init__(
        self, recogniser: Recogniser, settings: LiveSettings, number: int, first: int = 0
    ) -> None:
        self.stream = Stream(recogniser, person=number)
        self.label: FrameLabel | None = None
        self.seen_s: float | None = None
        self.moved_s = -math.inf
        self._settings = settings
        self._fps = recogniser.fps
        self._repair = Repair(settings.hold_frames, recogniser.pipeline.takes_missing)
        self._grid: Grid | None = None
        self._first = first
        self._taken = 0
        self._grid_s = -math.inf

    @property
    def end(self) -> int:
        """Index that the next frame of the grid would have."""
        return self._first + self._taken

    @property
    def warms_up(self) -> bool:
        """Whether there is no label yet, or the state is younger than the settings want."""
        return self.label is None or self._taken <= self._settings.warmup_s * self._fps

    def unseen(self, at_s: float) -> float:
        """Seconds since the person was last seen; infinite if never."""
        return math.inf if self.seen_s is None else at_s - self.seen_s

    def take(self, joints: Array, at_s: float) -> list[GridFrame]:
        """Mend a frame; returns those of the grid that it completes, for the stream to take."""
        if self._grid is None:
            self._grid = Grid(self._fps, self._settings.snap_s)
        frames = []
        for frame, time_s in self._grid.push(self._repair.fill(joints), at_s):
            self._grid_s = max(time_s, math.nextafter(self._grid_s, math.inf))  # always grows
            frames.append(GridFrame(frame, self._grid_s))
        self._taken += len(frames)
        self.moved_s = at_s
        return frames

    def freeze(self) -> None:
        """Let time pass without a frame: the next one follows the last as if none had passed."""
        self._grid = None

    def answers(self) -> list[Answer]:
        """What the stream's last frame brought."""
        answers = self._renumbered()
        self.label = answers[-1][0] if answers else self.label
        return answers

    def finish(self) -> list[Answer]:
        """End the stream; returns the answers that waited for their look-ahead."""
        return self._renumbered() if self.stream.flush() else []

    def _renumbered(self) -> list[Answer]:
        return [
            (replace(label, index=label.index + self._first), scores)
            for label, scores in self.stream.answers
        ]
