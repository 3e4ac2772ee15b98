"""What an inertial sensor feels when its place and orientation are known.

Legend: T samples. World axes are (left, up, forward) of a person who has not turned yet; they are
right-handed. A rotation matrix has the sensor's axes as columns: ``world = rotation @ sensor``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

GRAVITY = 9.81  # m/s2
LEFT, UP, FORWARD = 0, 1, 2


def turn(axis: int, angle_rad: ArrayLike) -> Array:
    """Rotation about a world axis by the right-hand rule.

    Args:
        axis: ``LEFT`` tips up to forward, ``UP`` turns forward to left, ``FORWARD`` tips left to up.
        angle_rad: (...,) angles.

    Returns:
        (..., 3, 3).

    >>> turn(UP, np.pi / 2).round(3)[:, FORWARD].tolist()
    [1.0, 0.0, 0.0]
    """
    angle = np.asarray(angle_rad, dtype=np.float64)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., axis, axis] = 1.0
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angle)
    matrix[..., second, first] = np.sin(angle)
    matrix[..., first, second] = -np.sin(angle)
    return matrix


def inertial(rotation: Array, position_m: Array, rate_hz: float) -> Array:
    """Readings of a perfect accelerometer and gyroscope.

    Args:
        rotation: (T, 3, 3), sensor axes as columns.
        position_m: (T, 3) in world axes.
        rate_hz: Samples per second.

    Returns:
        (6, T): specific force in m/s2 and angular rate in rad/s, both in sensor axes. A sensor at
        rest feels 9.81 m/s2 upwards.
    """
    force = np.gradient(np.gradient(position_m, axis=0), axis=0) * rate_hz**2
    force[:, UP] += GRAVITY
    felt = np.einsum("tij,ti->tj", rotation, force)
    return np.concatenate([felt, angular_rate(rotation, rate_hz)], axis=1).T


def angular_rate(rotation: Array, rate_hz: float) -> Array:
    """How fast an orientation turns, in its own axes, by central differences.

    Args:
        rotation: (T, 3, 3), T >= 2.
        rate_hz: Samples per second.

    Returns:
        (T, 3) rad/s.
    """
    spin = np.einsum("tji,tjk->tik", rotation, np.gradient(rotation, axis=0)) * rate_hz
    return (
        np.stack(
            [
                spin[:, 2, 1] - spin[:, 1, 2],
                spin[:, 0, 2] - spin[:, 2, 0],
                spin[:, 1, 0] - spin[:, 0, 1],
            ],
            axis=1,
        )
        / 2
    )


def imperfect(readings: Array, rng: np.random.Generator) -> Array:
    """Add the noise and the constant bias of a consumer device to (6, T) readings."""
    white = np.repeat([0.03, 0.004], 3)[:, None]  # m/s2 and rad/s for each sample
    bias = np.repeat([0.08, 0.005], 3)[:, None]
    return np.asarray(
        readings + bias * rng.standard_normal((6, 1)) + white * rng.standard_normal(readings.shape)
    )
