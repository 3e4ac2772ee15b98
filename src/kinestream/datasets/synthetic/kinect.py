"""What a depth camera on a shelf sees of an actor.

Legend: T frames, V joints.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.actor import Actor
from kinestream.datasets.synthetic.body import joints
from kinestream.datasets.synthetic.curve import wander
from kinestream.skeletons import Skeleton

Array = NDArray[np.float64]

HEIGHT_M = 1.25  # above the ankles
TILT_RAD = 0.16  # the camera looks down


def seen(actor: Actor, layout: Skeleton, fps: float) -> Array:
    """Joints in the camera's own axes, without noise: (T, V, 3) metres."""
    times_s = np.arange(round(actor.now_s * fps)) / fps
    at = joints(actor.body, actor.motion(times_s))
    world = np.stack([at[name] for name in layout.joints], axis=1)
    return in_camera(world)


def in_camera(world: Array) -> Array:
    """(..., 3) from the level world into the axes of the tilted camera: x right, y up, z ahead."""
    sin, cos = np.sin(TILT_RAD), np.cos(TILT_RAD)
    x, y, z = np.moveaxis(world - np.array([0.0, HEIGHT_M, 0.0]), -1, 0)
    return np.stack([x, cos * y + sin * z, cos * z - sin * y], axis=-1)


def tracked(seen_m: Array, rng: np.random.Generator, fps: float) -> Array:
    """What a tracker makes of (T, V, 3) joints: slow errors of its fit, and a little jitter.

    The faster a joint moves, the less surely it is found.
    """
    speed = np.linalg.norm(np.gradient(seen_m, axis=0), axis=-1, keepdims=True) * fps  # m/s
    fit = wander(rng, seen_m.shape, 0.4 * fps) * (0.006 + 0.006 * np.minimum(speed, 2.0))
    jitter = rng.standard_normal(seen_m.shape) * (0.0015 + 0.004 * np.minimum(speed, 2.0))
    return np.asarray(seen_m + fit + jitter)
