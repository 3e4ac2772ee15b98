"""Fewer frames: every second, third ... of a recording, for sets that are used at a lower rate.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import math
from dataclasses import replace

from kinestream.clips import Clip
from kinestream.errors import DataError


def thinned(clip: Clip, fps: float) -> Clip:
    """The clip at a lower rate: its first frame, and from there one in every so many.

    Args:
        clip: At ``fps`` or a whole multiple of it.
        fps: Frames per second that are kept.

    Raises:
        DataError: The clip's rate is no multiple of ``fps``.
    """
    every = round(clip.fps / fps)
    if every < 1 or not math.isclose(clip.fps, every * fps):
        raise DataError(
            f"{clip.source} has {clip.fps:g} frames per second, expected {fps:g} or a multiple."
        )
    labels = None if clip.labels is None else clip.labels[::every]
    return replace(clip, data=clip.data[:, ::every], labels=labels, fps=fps)
