"""Arms from their joint angles, and the angles with which a hand or a foot is where it must be.

Legend: T frames. Vectors are (left, up, forward); a rotation has a segment's axes as columns. An arm
is (plane, elevation, rotation, elbow) in radians: the plane in which it is raised, 0 sideways and
pi/2 forward; how far, 0 hangs; how far it is rotated outwards about itself; how far the elbow bends.

Source: the plane of elevation of Wu et al., ISB recommendation on definitions of joint coordinate
systems, part II, J. Biomechanics 2005; rotation is counted from the arm that was raised without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.body import two_bones
from kinestream.datasets.synthetic.everyday.body import SIGN
from kinestream.datasets.synthetic.imu import FORWARD, LEFT, UP, turn

Array = NDArray[np.float64]

# From which share of its length on a leg resists being stretched, and what it never passes: a knee
# that could be quite straight would snap when it bends again.
TAUT, STRAIGHT = 0.990, 0.9992


class Arm(NamedTuple):
    """A pose of an arm in degrees."""

    plane: float
    elevation: float
    rotation: float = 0.0
    elbow: float = 10.0


def arm_turns(chest: Array, angles: Array, side: str) -> tuple[Array, Array]:
    """Orientation of upper arm and forearm.

    Args:
        chest: (T, 3, 3).
        angles: (T, 4).
        side: ``left`` or ``right``.

    Returns:
        Two (T, 3, 3); a hanging arm lies along -up, with the thumb to the front.
    """
    plane, raised, rotated, elbow = angles.T
    sign = SIGN[side]
    raising = turn(UP, -sign * plane) @ turn(FORWARD, sign * raised) @ turn(UP, sign * plane)
    upper = chest @ raising @ turn(UP, sign * rotated)
    return upper, upper @ turn(LEFT, -elbow)


def arm_to(target: Array, upper_m: float, fore_m: float, elbow_out: float) -> Array:
    """Angles of the arm whose wrist is at a place, or on the way there when that is out of reach.

    Args:
        target: (3,) wrist from its shoulder in the axes of the chest: (outward, up, forward).
        upper_m: Length of the upper arm.
        fore_m: Length of the forearm.
        elbow_out: Where the elbow goes: 0 hangs down, 1 is raised to the side.

    Returns:
        (4,) radians.

    >>> bool(np.isclose(arm_to(np.array([0.0, -0.3, 0.3]), 0.3, 0.3, 0.0)[3], np.pi / 2))
    True
    """
    bend = np.array([[0.25 + elbow_out, -1.0 + elbow_out, -0.35]])
    elbow, wrist = two_bones(np.zeros((1, 3)), target[None], upper_m, fore_m, bend)
    upper, fore = elbow[0] / upper_m, (wrist - elbow)[0] / fore_m
    raised = np.arccos(np.clip(-upper[1], -1, 1))
    plane = np.arctan2(upper[2], upper[0]) if raised > 1e-6 else np.pi / 2
    raising = turn(UP, -plane) @ turn(FORWARD, raised) @ turn(UP, plane)
    out, _, forward = raising.T @ fore
    bent = np.arccos(np.clip(upper @ fore, -1, 1))
    return np.array([plane, raised, np.arctan2(out, forward), bent])


@dataclass(frozen=True)
class Leg:
    """Where a leg is: knee and ankle (T, 3), and the axes (T, 3, 3) of thigh and shank."""

    knee: Array
    ankle: Array
    thigh: Array
    shank: Array


def leg_to(hip: Array, ankle: Array, thigh_m: float, shank_m: float, knee_to: Array) -> Leg:
    """The leg that stands at a place, or nearly, its knee towards ``knee_to``; all (T, 3)."""
    length = thigh_m + shank_m
    far = np.linalg.norm(ankle - hip, axis=1, keepdims=True) / length
    over = np.maximum(far - TAUT, 0.0) / (STRAIGHT - TAUT)
    near = np.minimum(far, TAUT) + (STRAIGHT - TAUT) * -np.expm1(-over)
    target = hip + (ankle - hip) * (near / np.maximum(far, 1e-9))
    knee, reached = two_bones(hip, target, thigh_m, shank_m, knee_to)
    # Both segments look to where the knee is bent, however far it is.
    bent_to = _across(knee_to, (hip - reached) / np.maximum(near * length, 1e-9))
    thigh = _axes((hip - knee) / thigh_m, bent_to)
    shank = _axes((knee - reached) / shank_m, bent_to)
    return Leg(knee, reached, thigh, shank)


def _axes(up: Array, towards: Array) -> Array:
    """Axes of a segment that lies along ``up`` and looks towards a direction."""
    forward = _across(towards, up)
    return np.stack([np.cross(up, forward), up, forward], axis=-1)


def _across(direction: Array, axis: Array) -> Array:
    """The part of a direction across an axis, of length 1."""
    part = direction - np.sum(direction * axis, axis=1, keepdims=True) * axis
    return np.asarray(part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-9))
