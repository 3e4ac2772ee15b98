"""Which joints of a frame are seen.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.features.feature import Array
from kinestream.features.positions import body_channels, rows

Mask = NDArray[np.bool_]


def known(x: Array, channels: tuple[str, ...]) -> Mask:
    """(C, [T,] V) -> ([T,] V): where the channel ``seen`` is above 0; everywhere without one."""
    if "seen" not in channels:
        return np.ones(x.shape[1:], bool)
    return np.asarray(x[channels.index("seen")] > 0)


def only_known(values: Array, channels: tuple[str, ...], *frames: Array) -> Array:
    """(C', [T,] V) values, 0 where a joint is not :func:`known` in one of the frames (C, [T,] V)."""
    if "seen" not in channels:
        return values
    row = channels.index("seen")
    for x in frames:
        values = np.where(x[row] > 0, values, np.float32(0))
    return values


def present(x: Array, channels: tuple[str, ...]) -> Mask:
    """As :func:`known`, but without a channel ``seen`` a body that is all zeros is not there.

    Zeros in every joint mark an absent person in nearly all data sets.
    """
    if "seen" in channels:
        return known(x, channels)
    there = np.asarray(x[rows(body_channels(channels))].any(axis=(0, -1)))  # ([T])
    return np.broadcast_to(there[..., None], x.shape[1:])
