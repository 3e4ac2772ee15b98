"""A jointed body: from where pelvis, trunk, hands and feet are to where every joint is.

Legend: T frames. The world is level: x to the camera's right, y up from the height of the ankles, z
away from the camera. A person with yaw 0 faces the camera and has the left hand on the side of -x.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Vector = tuple[float, float, float]

SIDES = ("left", "right")


@dataclass(frozen=True)
class Body:
    """Bone lengths in metres, and how bones sit on the trunk as (outward, up, forward).

    The defaults are rounded means of what a Kinect v1 reports of young adults.
    """

    spine: Vector = (0.0, 0.067, -0.012)  # from the hip centre
    chest: Vector = (0.0, 0.335, -0.040)  # from the spine to between the shoulders
    head: Vector = (0.0, 0.194, 0.020)
    shoulder: Vector = (0.168, -0.105, 0.005)
    upper_arm: float = 0.26
    forearm: float = 0.238
    hand: float = 0.08
    hip: Vector = (0.072, -0.072, 0.013)
    thigh: float = 0.475
    shank: float = 0.373
    foot: Vector = (0.0, -0.058, 0.068)

    @property
    def standing_m(self) -> float:
        """Height of the hip centre above the ankles when the legs are nearly straight."""
        return 0.995 * (self.thigh + self.shank) - self.hip[1]

    @property
    def arm_m(self) -> float:
        """From the shoulder to the wrist of a stretched arm."""
        return self.upper_arm + self.forearm

    def scaled(self, size: float) -> Self:
        """The same body, larger or smaller."""
        return replace(self, **{name: _times(value, size) for name, value in vars(self).items()})


@dataclass(frozen=True)
class Motion:
    """Where the ends of a body are, frame by frame.

    Attributes:
        pelvis: (T, 3) hip centre in the world.
        yaw: (T,) heading of the pelvis in radians, positive to the person's left.
        trunk: (T, 3) forward lean, lean to the left, turn of the chest to the left, in radians.
        head: (T,) further forward nod in radians.
        hands: For each side (T, 3), wrist from its shoulder as (outward, up, forward) of the level,
            turned chest, in arm lengths.
        elbows: For each side (T,), how far the elbow is raised outwards: 0 hangs, 1 is level.
        feet: For each side (T, 3), ankle in the world.
    """

    pelvis: Array
    yaw: Array
    trunk: Array
    head: Array
    hands: dict[str, Array]
    elbows: dict[str, Array]
    feet: dict[str, Array]


def joints(body: Body, motion: Motion) -> dict[str, Array]:
    """Place every joint.

    Returns:
        Joint name -> (T, 3) in the world. Bones keep their lengths: hands and feet that are out of
        reach are only reached for.
    """
    lean, tilt, twist = motion.trunk.T
    hips = _axes(motion.yaw)
    level = _axes(motion.yaw + twist)
    chest = _leaning(level, lean, tilt)
    at = {"hip_centre": motion.pelvis}
    at["spine"] = motion.pelvis + _local(chest, body.spine)
    at["shoulder_centre"] = at["spine"] + _local(chest, body.chest)
    at["head"] = at["shoulder_centre"] + _local(
        _leaning(level, lean + motion.head, tilt), body.head
    )
    for side in SIDES:
        at |= _arm(body, motion, side, at["shoulder_centre"], chest, level)
        at |= _leg(body, motion, side, hips)
    return at


def _arm(
    body: Body, motion: Motion, side: str, neck: Array, chest: Array, level: Array
) -> dict[str, Array]:
    shoulder = neck + _local(chest, body.shoulder, side)
    wrist = shoulder + _local(level, body.arm_m * motion.hands[side], side)
    raised = motion.elbows[side][:, None] * np.array([1.0, 1.0, 0.2])
    bend = _local(level, np.array([0.3, -1.0, -0.35]) + raised, side)
    elbow, wrist = two_bones(shoulder, wrist, body.upper_arm, body.forearm, bend)
    hand = wrist + (wrist - elbow) * (body.hand / body.forearm)
    return {
        f"{side}_shoulder": shoulder,
        f"{side}_elbow": elbow,
        f"{side}_wrist": wrist,
        f"{side}_hand": hand,
    }


def _leg(body: Body, motion: Motion, side: str, hips: Array) -> dict[str, Array]:
    hip = motion.pelvis + _local(hips, body.hip, side)
    bend = _local(hips, (0.15, 0.0, 1.0), side)
    knee, ankle = two_bones(hip, motion.feet[side], body.thigh, body.shank, bend)
    foot = ankle + _local(hips, body.foot)
    return {f"{side}_hip": hip, f"{side}_knee": knee, f"{side}_ankle": ankle, f"{side}_foot": foot}


def two_bones(
    root: Array, target: Array, first: float, second: float, bend: Array
) -> tuple[Array, Array]:
    """Middle and end of two bones that reach for a target.

    Args:
        root: (T, 3) where the first bone begins.
        target: (T, 3) where the second bone shall end.
        first: Length of the first bone.
        second: Length of the second bone.
        bend: (T, 3) direction in which the joint between them bends.

    Returns:
        The joint between them and the end, both (T, 3); the end lies on the way to the target where
        that is too near or too far.

    >>> root, bend = np.zeros((1, 3)), np.array([[0.0, 0.0, 1.0]])
    >>> [p.round(3).tolist() for p in two_bones(root, np.array([[8.0, 0.0, 0.0]]), 5, 5, bend)]
    [[[4.0, 0.0, 3.0]], [[8.0, 0.0, 0.0]]]
    """
    way = target - root
    far = np.linalg.norm(way, axis=1, keepdims=True)
    along = way / np.maximum(far, 1e-9)
    reach = np.clip(far, max(1e-3, 1.02 * abs(first - second)), 0.999 * (first + second))
    on_way = (first**2 - second**2 + reach**2) / (2 * reach)
    aside = np.sqrt(np.maximum(first**2 - on_way**2, 0.0))
    across = bend - np.sum(bend * along, axis=1, keepdims=True) * along
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    return root + on_way * along + aside * across, root + reach * along


def heading(way: Array) -> float:
    """Yaw of a person who walks along (x, z).

    >>> round(heading(np.array([-1.0, 0.0])), 4)
    1.5708
    """
    return float(np.arctan2(-way[0], -way[1]))


def _times(length: Any, size: float) -> Any:
    return tuple(size * part for part in length) if isinstance(length, tuple) else size * length


def _axes(yaw: Array) -> Array:
    """Left, up, forward of a level person as columns: (T,) -> (T, 3, 3)."""
    sin, cos, zero, one = np.sin(yaw), np.cos(yaw), np.zeros_like(yaw), np.ones_like(yaw)
    columns = [[-cos, zero, sin], [zero, one, zero], [-sin, zero, -cos]]
    return np.stack([np.stack(column, axis=-1) for column in columns], axis=-1)


def _leaning(axes: Array, lean: Array, tilt: Array) -> Array:
    """Axes after a lean forward and then to the left."""
    left, up, forward = axes[..., 0], axes[..., 1], axes[..., 2]
    s, c = np.sin(lean)[:, None], np.cos(lean)[:, None]
    up, forward = c * up + s * forward, c * forward - s * up
    s, c = np.sin(tilt)[:, None], np.cos(tilt)[:, None]
    return np.stack([c * left - s * up, c * up + s * left, forward], axis=-1)


def _local(axes: Array, offset: Array | Vector, side: str = "left") -> Array:
    """(outward, up, forward) of a side as world vectors: (3,) or (T, 3) -> (T, 3)."""
    mirror = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
    offsets = np.broadcast_to(mirror * np.asarray(offset), axes.shape[:2])
    return np.asarray(np.einsum("tij,tj->ti", axes, offsets))
