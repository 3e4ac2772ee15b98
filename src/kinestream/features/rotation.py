"""The turn that stands a body upright and makes it face the same way.

Legend: ... any axes, all of them alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]

SHORTEST = 1e-6
"""A vector below this has no direction."""


def upright(spine: Vectors, shoulders: Vectors) -> Vectors:
    """The rotation that turns ``spine`` to +z, then ``shoulders`` to +x, each the shortest way.

    The second turn may tip the spine out of +z again by as much as the two are not at right angles.

    Args:
        spine: (3, ...) from the lower end to the upper.
        shoulders: (3, ...) from left to right.

    Returns:
        (3, 3, ...) matrices; a vector without a direction is not turned.

    Source: 2s-AGCN (Shi et al., CVPR 2019), which does so before its networks.

    >>> upright(np.array([0.0, 2.0, 0.0]), np.array([1.0, 0.0, 0.0])).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
    """
    first = _shortest_turn(spine, axis=2, around=0)
    return apply(_shortest_turn(apply(first, shoulders), axis=0, around=2), first)


def apply(turn: Vectors, values: Vectors) -> Vectors:
    """(3, 3, ...) times (3, ...) vectors or (3, 3, ...) matrices, place by place."""
    if values.ndim == turn.ndim:
        return np.asarray((turn[:, :, None] * values[None]).sum(axis=1))
    return np.asarray((turn * values[None]).sum(axis=1))


def length(vectors: Vectors) -> Vectors:
    """(3, ...) -> (...): how long each is."""
    return np.asarray(np.sqrt((vectors * vectors).sum(axis=0)))


def _shortest_turn(vector: Vectors, axis: int, around: int) -> Vectors:
    """(3, 3, ...) turning ``vector`` to an axis; a half turn is made ``around`` another one."""
    size = length(vector)
    known = size > SHORTEST
    unit = np.divide(vector, size, out=np.zeros_like(vector), where=known)
    target = np.eye(3)[axis].reshape(3, *(1,) * (vector.ndim - 1))
    cross = np.cross(unit, np.broadcast_to(target, unit.shape), axis=0)
    x, y, z = cross
    zero = np.zeros_like(x)
    skew = np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]])
    cos = unit[axis]
    one = np.broadcast_to(_diagonal([1, 1, 1], vector.ndim), skew.shape)
    opposite = known & (cos < -1 + 1e-8)
    turned = one + skew + apply(skew, skew) / np.where(opposite, 1, 1 + cos)
    signs = [1 if place == around else -1 for place in range(3)]
    return np.where(opposite, _diagonal(signs, vector.ndim), turned)


def _diagonal(values: list[int], ndim: int) -> Vectors:
    return np.diag(np.array(values, np.float64)).reshape(3, 3, *(1,) * (ndim - 1))
