"""Where sensors sit on a generated body, and what they read.

Legend: T frames, V sensors. A sensor's axes are those of its segment when the person stands upright:
(left, up, forward), right-handed; a forearm hangs, so that up is from wrist to elbow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.blocks import blocks
from kinestream.datasets.synthetic.everyday.figure import Figure
from kinestream.datasets.synthetic.imu import imperfect, inertial
from kinestream.errors import ConfigError
from kinestream.skeletons import Skeleton

Array = NDArray[np.float64]
Seat = tuple[str, str, tuple[float, float, float]]

RATE_HZ = 100.0  # at least: faster than anybody moves

# From which point, on which segment, how far (left, up, forward) in body heights.
SEATS: dict[str, Seat] = {
    "pelvis": ("pelvis", "pelvis", (0.0, 0.0, -0.06)),
    "trunk": ("spine", "spine", (0.0, -0.02, -0.06)),
    "chest": ("spine", "chest", (0.0, 0.09, 0.06)),
    "head": ("head", "head", (0.0, 0.05, 0.0)),
    "ankle": ("left_ankle", "left_shank", (0.02, 0.03, 0.0)),
    "thigh": ("left_knee", "left_thigh", (0.02, 0.08, 0.03)),
    "phone": ("left_hip", "left_thigh", (0.03, -0.07, 0.04)),
    "watch": ("left_wrist", "left_forearm", (0.02, 0.01, 0.0)),
    "sensor": ("right_wrist", "right_forearm", (-0.02, 0.01, 0.0)),
}
for _side in ("left", "right"):
    SEATS |= {
        f"{_side}_wrist": (f"{_side}_wrist", f"{_side}_forearm", (0.0, 0.01, 0.0)),
        f"{_side}_forearm": (f"{_side}_elbow", f"{_side}_forearm", (0.0, -0.07, 0.0)),
        f"{_side}_upper_arm": (f"{_side}_shoulder", f"{_side}_upper_arm", (0.0, -0.09, 0.0)),
        f"{_side}_thigh": (f"{_side}_hip", f"{_side}_thigh", (0.0, -0.12, 0.04)),
        f"{_side}_shank": (f"{_side}_knee", f"{_side}_shank", (0.0, -0.10, 0.03)),
        f"{_side}_shin": (f"{_side}_knee", f"{_side}_shank", (0.0, -0.10, 0.03)),
        f"{_side}_ankle": (f"{_side}_ankle", f"{_side}_shank", (0.0, 0.03, 0.0)),
        f"{_side}_foot": (f"{_side}_ankle", f"{_side}_foot", (0.0, 0.0, 0.04)),
    }


def readings(
    actor: Actor, layout: Skeleton, fps: float, frames: int, rng: np.random.Generator, noise: float
) -> Array:
    """What the sensors of a layout read: (6, T, V) in m/s2 and rad/s, gravity included.

    Each frame is the mean of the samples since the frame before.

    Raises:
        ConfigError: A sensor has a name of which nobody knows where it is worn.
    """
    seats = [seat_of(name, layout.name) for name in layout.joints]
    each = max(1, int(np.ceil(RATE_HZ / fps)))
    pieces = [
        _exact(actor, seats, start - each + 1, stop - each + 1, each * fps)
        for start, stop in blocks(frames * each)
    ]
    felt = np.concatenate([np.zeros((6, 0, len(seats))), *pieces], axis=1)
    for v in range(len(seats)):
        felt[..., v] += noise * (imperfect(felt[..., v], rng) - felt[..., v])
    return np.asarray(felt.reshape(6, frames, each, len(seats)).mean(axis=2))


def _exact(actor: Actor, seats: list[Seat], start: int, stop: int, rate_hz: float) -> Array:
    """Readings (6, S, V) of perfect sensors, from sample ``start`` to ``stop``."""
    # Two more at each end: accelerations are second differences.
    figure = actor.figure(np.arange(start - 2, stop + 2) / rate_hz)
    felt = [inertial(*worn(actor, figure, seat), rate_hz)[:, 2:-2] for seat in seats]
    return np.stack(felt, axis=-1)


def worn(actor: Actor, figure: Figure, seat: Seat) -> tuple[Array, Array]:
    """Orientation (T, 3, 3) and place (T, 3) of a sensor."""
    point, segment, offset = seat
    turned = figure.turns[segment]
    return turned, figure.points[point] + turned @ (np.array(offset) * actor.body.height_m)


def seat_of(name: str, layout: str) -> Seat:
    """Where a sensor of a name is worn.

    Raises:
        ConfigError: Nobody knows.
    """
    if name not in SEATS:
        raise ConfigError(
            f"sensor {name!r} of layout {layout!r} has no place on a generated body; known are "
            f"{', '.join(sorted(SEATS))}."
        )
    return SEATS[name]
