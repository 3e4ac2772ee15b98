"""A clip at another frame rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinestream.clips import Clip
from kinestream.features.times import resample_times


def at_rate(clip: Clip, fps: float) -> Clip:
    """The clip at ``fps`` frames per second, on lines between its frames; labels of the nearest.

    Raises:
        DataError: The rate is not above 0, or there would be more frames than a clip may hold.

    >>> from kinestream.datasets.synthetic import generate
    >>> at_rate(generate("kinect", seed=1), 30.0).fps
    30.0
    """
    times_s = np.arange(clip.num_frames) / clip.fps
    data, nearest = resample_times(clip.data, times_s, fps)
    labels = None if clip.labels is None else clip.labels[nearest]
    return replace(clip, data=data, fps=float(fps), labels=labels)
