"""A camera that looks at the room: metres in its own axes, or pixels of its picture.

Legend: T frames, V joints, M people. Camera axes are those of a Kinect: x to the camera's left, which
is to the right of a person who faces it; y up; z away from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WIDTH_PX, HEIGHT_PX = 1280, 720
FOCAL_PX = 900.0
LOOKED_AT_M = 0.9  # over the floor in the middle of the room


@dataclass(frozen=True)
class Camera:
    """Where a camera stands; it looks at the middle of the room, or nearly.

    Attributes:
        yaw: Around the room in radians; at 0 it is in front of who looks along forward, above 0 it
            stands to that person's left.
        height_m: Over the floor.
        distance_m: From the middle of the room, along the floor.
        tilt: How far it looks down, radians.
    """

    yaw: float
    height_m: float
    distance_m: float
    tilt: float

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        yaw_deg: tuple[float, float],
        height_m: tuple[float, float],
        distance_m: tuple[float, float],
    ) -> Self:
        """A camera somewhere in these ranges."""
        yaw, height, distance = (float(rng.uniform(*r)) for r in (yaw_deg, height_m, distance_m))
        tilt = np.arctan2(height - LOOKED_AT_M, distance) + rng.uniform(-0.05, 0.05)
        return cls(np.radians(yaw), height, distance, float(tilt))

    def sees(self, room: Array) -> Array:
        """(..., 3) from (left, up, forward) of the room to the camera's (x, y, z), metres."""
        left, up, forward = np.moveaxis(room, -1, 0)
        sin, cos = np.sin(self.yaw), np.cos(self.yaw)
        x = forward * sin - left * cos
        z = self.distance_m - left * sin - forward * cos
        y = up - self.height_m
        sin, cos = np.sin(self.tilt), np.cos(self.tilt)
        return np.stack([x, cos * y + sin * z, cos * z - sin * y], axis=-1)


def pictured(seen: Array) -> Array:
    """(..., 3) metres in camera axes to (..., 2) pixels, to the right and down from a corner.

    >>> pictured(np.array([0.5, 0.0, 2.0])).tolist()
    [415.0, 360.0]
    """
    x, y, z = np.moveaxis(seen, -1, 0)
    far = np.maximum(z, 1e-3)
    across = WIDTH_PX / 2 - FOCAL_PX * x / far
    down = HEIGHT_PX / 2 - FOCAL_PX * y / far
    return np.stack([across, down], axis=-1)


def in_picture(pixels: Array, seen: Array) -> NDArray[np.bool_]:
    """Which of (..., 2) pixels are on the picture, and before the camera."""
    size = np.array([WIDTH_PX, HEIGHT_PX])
    return np.asarray(((pixels >= 0) & (pixels < size)).all(axis=-1) & (seen[..., 2] > 0.1))
