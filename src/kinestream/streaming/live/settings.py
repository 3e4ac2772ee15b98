"""All that decides how tolerant the live front of a stream is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kinestream.errors import ConfigError

# A frame that comes this many frames after the last leaves a hole.
HOLE_FRAMES = 1.5
# Stamps that differ by less are one: large numbers of seconds have few digits behind the point.
SAME_S = 1e-6


@dataclass(frozen=True)
class LiveSettings:
    """Thresholds of a live stream; times are seconds of the frames' own stamps.

    Attributes:
        slowest_fps: Sources that come slower are refused, frames per second.
        fastest_fps: Sources that come faster are refused.
        hold_frames: Frames that a missing joint stays where it was, before it is masked.
        hold_s: How long a missing person is taken to stand still; then the state is frozen.
        reset_after_s: How long the state waits for a person; then it begins anew.
        reorder_s: How late a frame may come and still be sorted in; 0 turns sorting off.
        reorder_frames: Most frames that wait for a late one.
        gap_s: Longest gap that is filled with frames between its ends; a longer one is a reset.
        queue_frames: Most offered frames that wait to be taken; then the oldest is dropped.
        clock_back_s: A clock that goes back further was set anew: a reset.
        clock_wraps_s: When the source's clock begins again at 0; ``2**32 / 1000`` for milliseconds in
            32 bits. ``None`` for a clock that does not.
        unit_factor: Stamps that lie this many frames apart, from the first, are no seconds.
        unit_frames: After how many such stamps in a row they are refused.
        stale_s: How long frames may be identical before the source is taken to be frozen.
        bone_ratio: Bones that grow or shrink by more from one frame to the next changed their unit.
        bone_length: Median length of a body's bones in the skeleton's unit, to compare the first frame
            with; ``None`` where it is not known.
        warmup_s: How long labels are marked after a start or a reset.
        snap_s: Stamps this close to a point of the bundle's grid are taken for it.

    Raises:
        ConfigError: A value is out of its range, or two contradict each other.
    """

    slowest_fps: float = 5.0
    fastest_fps: float = 120.0
    hold_frames: int = 5
    hold_s: float = 0.3
    reset_after_s: float = 2.0
    reorder_s: float = 0.1
    reorder_frames: int = 32
    gap_s: float = 0.25
    queue_frames: int = 8
    clock_back_s: float = 1.0
    clock_wraps_s: float | None = None
    unit_factor: float = 500.0
    unit_frames: int = 3
    stale_s: float = 1.0
    bone_ratio: float = 5.0
    bone_length: float | None = None
    warmup_s: float = 1.0
    snap_s: float = 0.0005

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            if not _number(value) or not least <= value <= most:
                raise ConfigError(f"{name} must be {least:g} to {most:g}, got {value!r}.")
            if name.endswith("_frames") and value != int(value):
                raise ConfigError(f"{name} must be a whole number, got {value!r}.")
        for less, more in _ORDERED:
            if getattr(self, less) > getattr(self, more):
                raise ConfigError(
                    f"{less} must not be above {more}, got {getattr(self, less):g} and "
                    f"{getattr(self, more):g}."
                )

    def longest_gap_s(self, fps: float) -> float:
        """``gap_s``; for slow sources a frame and a half, which is no gap.

        >>> LiveSettings().longest_gap_s(30), round(LiveSettings().longest_gap_s(5), 3)
        (0.25, 0.3)
        """
        return max(self.gap_s, HOLE_FRAMES / fps)


def exceeds(span_s: float, limit_s: float) -> bool:
    """Whether a span is longer than a limit, by more than stamps are exact.

    >>> exceeds(0.1 + 0.2, 0.3), exceeds(0.301, 0.3)
    (False, True)
    """
    return span_s > limit_s + SAME_S


_OPTIONAL = ("clock_wraps_s", "bone_length")
_ORDERED = (("slowest_fps", "fastest_fps"), ("hold_s", "reset_after_s"), ("reorder_s", "gap_s"))
_RANGES = {
    "slowest_fps": (0.1, 1000.0),
    "fastest_fps": (0.1, 1000.0),
    "hold_frames": (0, 1000),
    "hold_s": (0.0, 60.0),
    "reset_after_s": (0.0, 3600.0),
    "reorder_s": (0.0, 10.0),
    "reorder_frames": (1, 1024),
    "gap_s": (0.0, 10.0),
    "queue_frames": (1, 1024),
    "clock_back_s": (0.0, 3600.0),
    "clock_wraps_s": (60.0, 1e10),
    "unit_factor": (10.0, 1e6),
    "unit_frames": (1, 100),
    "stale_s": (0.1, 3600.0),
    "bone_ratio": (1.5, 1000.0),
    "bone_length": (1e-6, 1e6),
    "warmup_s": (0.0, 600.0),
    "snap_s": (0.0, 0.002),
}


def _number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)  # type: ignore[arg-type]
