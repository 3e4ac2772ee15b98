"""Clips for networks that answer once for a whole clip: of one length, with one label.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.training.config import ClipsConfig
from kinestream.training.playing import frames_at


def label_of_clip(clip: Clip) -> int:
    """The one label of a clip, -1 where no frame has one.

    Raises:
        DataError: It has several.
    """
    assert clip.labels is not None
    found = np.unique(clip.labels[clip.labels >= 0])
    if len(found) > 1:
        names = ", ".join(clip.classes[label] for label in found[:3])
        raise DataError(
            f"{clip.source} shows {len(found)} actions ({names}), but this network gives one answer "
            f"for a whole clip: take one that labels frames (averaging.over: past)."
        )
    return int(found[0]) if len(found) else -1


def played(clip: Clip, settings: ClipsConfig, rng: np.random.Generator | None = None) -> Clip:
    """A stretch of a clip, played at the speed that gives it the number of frames asked for.

    Values between frames are interpolated in a line.

    Args:
        clip: Of any length.
        settings: How many frames, and the shortest share of the clip.
        rng: Draws the stretch; without it the whole clip is taken.

    Returns:
        The clip, without labels, at the speed of its own.
    """
    last = clip.num_frames - 1
    share = 1.0 if rng is None else rng.uniform(settings.crop, 1)
    start = 0.0 if rng is None else rng.uniform(0, 1 - share) * last
    times = start + np.linspace(0, share * last, settings.frames)
    return replace(clip, data=frames_at(clip.data, times), labels=None)
