"""Every clip of a data set with the same number of people.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinestream.clips import Clip
from kinestream.formats.repairs import Repairs


def with_people(clip: Clip, people: int) -> tuple[Clip, Repairs]:
    """The clip with so many people: the first of them; who is absent is NaN.

    Returns:
        The clip, and how many people were left out because there were more.
    """
    absent = people - clip.num_people
    if absent == 0:
        return clip, Repairs()
    if absent < 0:
        return replace(clip, data=clip.data[..., :people]), Repairs(dropped_people=-absent)
    room = ((0, 0), (0, 0), (0, 0), (0, absent))
    return replace(clip, data=np.pad(clip.data, room, constant_values=np.nan)), Repairs()


def last_seen(clip: Clip) -> int:
    """Number of people up to the last who is seen at all; at least one."""
    seen = np.flatnonzero(~np.isnan(clip.data).all(axis=(0, 1, 2)))  # (M,)
    return int(seen[-1]) + 1 if len(seen) else 1
