"""What channels are: positions and what follows them, or how far a joint is to be trusted.

A vector that belongs to the body is named by its axis and by what was made of it: ``x`` a position,
``d_x`` a displacement, ``b_x`` a bone, ``r_x`` relative to a joint, ``d_b_x`` how a bone moved.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import ConfigError

CONFIDENCE = ("score", "seen")
"""Channels that say how far a joint is to be trusted: never differenced, turned or scaled."""

Float = TypeVar("Float", bound=np.floating[Any])

_OF_BODY = re.compile(r"(?:[bdr]_)*[xyz]")


def positions_in(channels: tuple[str, ...]) -> list[int]:
    """Indices of the channels ``x``, ``y``, ``z``; none for sensors.

    >>> positions_in(("acc_x", "x"))
    [1]
    """
    return [i for i, channel in enumerate(channels) if channel in ("x", "y", "z")]


def position_channels(channels: tuple[str, ...], feature: str) -> list[int]:
    """Indices of the channels ``x``, ``y``, ``z``.

    Raises:
        ConfigError: There are none, so that ``feature`` makes no sense here.

    >>> position_channels(("x", "y", "score"), "centre")
    [0, 1]
    """
    rows = positions_in(channels)
    if not rows:
        raise ConfigError(f"feature {feature!r} needs positions x, y, z among channels {channels}.")
    return rows


def body_channels(channels: tuple[str, ...]) -> list[int]:
    """Indices of positions and of all that was made of them.

    >>> body_channels(("x", "y", "score", "d_x", "d_y"))
    [0, 1, 3, 4]
    """
    return [i for i, channel in enumerate(channels) if _OF_BODY.fullmatch(channel)]


def body_vectors(channels: tuple[str, ...]) -> list[list[int]]:
    """Indices of x, y, z of every vector of the body that has all three.

    >>> body_vectors(("x", "y", "z", "seen", "d_x", "d_y", "d_z", "b_x", "acc_x"))
    [[0, 1, 2], [4, 5, 6]]
    """
    stems = [channels[i][:-1] for i in body_channels(channels) if channels[i].endswith("x")]
    triples = [[f"{stem}{axis}" for axis in "xyz"] for stem in stems]
    return [[channels.index(c) for c in names] for names in triples if {*names} <= {*channels}]


def measured_channels(channels: tuple[str, ...]) -> list[int]:
    """Indices of all that is not a confidence.

    >>> measured_channels(("x", "y", "score"))
    [0, 1]
    """
    return [i for i, channel in enumerate(channels) if channel not in CONFIDENCE]


def rows(indices: list[int]) -> slice | list[int]:
    """The same rows as an index: a slice, which copies nothing, where they follow one another.

    >>> rows([1, 2]), rows([0, 2])
    (slice(1, 3, None), [0, 2])
    """
    whole = indices == list(range(indices[0], indices[0] + len(indices))) if indices else False
    return slice(indices[0], indices[-1] + 1) if whole else indices


def mean_place(points: NDArray[Float], joints: tuple[int, ...]) -> NDArray[Float]:
    """(..., V) -> (...): the mean over some joints, added one by one so that it never differs."""
    total = points[..., joints[0]].copy()
    for joint in joints[1:]:
        total += points[..., joint]
    total /= np.asarray(len(joints), points.dtype)
    return total
