"""Preprocessing of NTU skeletons as in 2s-AGCN.

Source: 2s-AGCN (Shi et al., CVPR 2019), its generation of data.

Legend: N clips, C = 3 coordinates, T frames, V joints, M people.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.features.published.turning import turn_onto

Array = NDArray[np.float32]


def pre_normalise(
    data: Array,
    *,
    zaxis: tuple[int, int] = (0, 1),
    xaxis: tuple[int, int] = (8, 4),
    centre: int = 1,
) -> Array:
    """Close gaps, loop people who leave early, centre frame by frame, stand up, face forward.

    People who are not there at first are moved to the front; whoever leaves before the end begins
    again from his first frame. ``centre`` of the first person is subtracted frame by frame from all
    joints that are not zero. Then each clip is turned so that, in its first frame, ``zaxis`` of the
    first person points to +z, and again so that ``xaxis``, from its second joint to its first, points
    to +x.

    Args:
        data: (N, 3, T, V, M), zeros where nobody is; not changed.
        zaxis: Lower and upper joint.
        xaxis: Right and left joint.
        centre: The joint that is the centre.

    Raises:
        DataError: The shape is another.
    """
    if data.ndim != 5 or data.shape[1] != 3:
        raise DataError(f"clips must be (N, 3, T, V, M), got {data.shape}.")
    made = data.transpose(0, 4, 2, 3, 1).astype(np.float32)  # (N, M, T, V, 3)
    for scene in made:
        if not scene.any():
            continue
        for person in scene:
            _fill_time(person)
        middle = scene[0, :, centre : centre + 1].copy()  # (T, 1, 3)
        for person in scene:
            there = person.sum(axis=-1, keepdims=True) != 0  # (T, V, 1)
            person[:] = np.where(there, person - middle, 0)
        for lower, upper, axis in ((*zaxis, 2), (xaxis[1], xaxis[0], 0)):
            turn = turn_onto(scene[0, 0, upper] - scene[0, 0, lower], axis)
            scene[:] = (scene @ turn.T).astype(np.float32)
    return made.transpose(0, 4, 2, 3, 1)


def _fill_time(person: Array) -> None:
    """Let (T, V, 3) begin in its first frame, and go round until its last."""
    if not person.any():
        return
    if not person[0].any():
        seen = person[(person != 0).any(axis=(1, 2))].copy()
        person[:] = 0
        person[: len(seen)] = seen
    end = int(np.flatnonzero((person != 0).any(axis=(1, 2)))[-1]) + 1
    person[end:] = person[np.arange(len(person) - end) % end]
