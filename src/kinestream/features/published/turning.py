"""Rotations as the published preprocessing makes them.

Legend: C = 3 coordinates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

SMALL = 1e-6
"""Below this an axis or an angle turns nothing."""


def turn_onto(vector: NDArray[np.floating], axis: int) -> Matrix:
    """The matrix R, used as ``R v``, that turns a vector onto a coordinate axis the shortest way.

    A vector that lies on the axis already, either way round, is not turned.

    Args:
        vector: (3,).
        axis: 0, 1 or 2 for x, y or z.

    Source: Rodrigues' rotation formula.

    >>> (turn_onto(np.array([0.0, 2.0, 0.0]), 2) @ [0, 2, 0]).round(12).tolist()
    [0.0, 0.0, 2.0]
    """
    normal = np.cross(vector.astype(np.float64), np.eye(3)[axis])
    if np.abs(normal).sum() < SMALL:
        return np.eye(3)
    # In the precision of the points, as published: float32 leaves its trace in the ninth digit.
    unit = vector / np.linalg.norm(vector)
    angle = np.arccos(np.clip(float(unit[axis]), -1.0, 1.0))
    if abs(angle) < SMALL:
        return np.eye(3)
    a, b, c = normal / np.linalg.norm(normal)
    across = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * across + (1 - np.cos(angle)) * across @ across)
