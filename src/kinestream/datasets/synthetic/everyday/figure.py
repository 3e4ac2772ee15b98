"""From a pose to where every point of the body is and how every segment is turned.

Legend: T frames. Vectors are (left, up, forward) in the room; up is 0 on the floor. Angles are
radians; a person with yaw 0 looks along forward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.datasets.synthetic.everyday.body import SIDES, SIGN, Body
from kinestream.datasets.synthetic.everyday.limbs import TAUT, arm_turns, leg_to
from kinestream.datasets.synthetic.imu import FORWARD, LEFT, UP, turn

Array = NDArray[np.float64]

SOFT_M = 0.006  # how softly a stretched leg pulls the pelvis down
PALM = 0.45  # how far along the hand its middle is
SHOULDER_UP = -0.008  # of the joints from the middle between the shoulders, in body heights


@dataclass(frozen=True)
class Pose:
    """How somebody holds the body, frame by frame.

    Attributes:
        pelvis: (T, 3) place of its middle.
        hips: (T, 3) yaw to the left, pitch forward, roll to the left.
        trunk: (T, 3) bend forward, bend to the left, twist to the left, from the hips.
        neck: (T, 3) the same for the head, from the chest.
        arms: For each side (T, 4), as in ``limbs``.
        feet: For each side (T, 5): left, how far its lowest point is over the floor, forward, of
            the toes; yaw; pitch, above 0 with the heel up.
    """

    pelvis: Array
    hips: Array
    trunk: Array
    neck: Array
    arms: dict[str, Array]
    feet: dict[str, Array]


@dataclass(frozen=True)
class Figure:
    """Points of a body, name -> (T, 3), and axes of its segments, name -> (T, 3, 3)."""

    points: dict[str, Array]
    turns: dict[str, Array]


def figure(body: Body, pose: Pose) -> Figure:
    """Place every point and segment.

    The pelvis sinks where a standing foot could not be reached otherwise, and the whole body is
    raised where a part of it would be under the floor; all bones keep their lengths.
    """
    feet = {side: _foot(body, pose.feet[side]) for side in SIDES}
    hips = _turned(pose.hips)
    pelvis = _within_reach(body, pose, hips, feet)
    points: dict[str, Array] = {"pelvis": pelvis}
    turns: dict[str, Array] = {"pelvis": hips}
    _add_trunk(body, pose, points, turns)
    for side in SIDES:
        _add_arm(body, pose, side, points, turns)
        _add_leg(body, pose, side, feet[side], points, turns)
    _lift(body, points)
    return Figure(points, turns)


def _add_trunk(body: Body, pose: Pose, points: dict[str, Array], turns: dict[str, Array]) -> None:
    bend, tilt, twist = pose.trunk.T
    half = _bent(bend / 2, tilt / 2, twist / 2)
    lower = turns["pelvis"] @ half
    chest = lower @ half
    head = chest @ _bent(*pose.neck.T)
    turns |= {"spine": lower, "chest": chest, "head": head}
    points["spine"] = points["pelvis"] + _up(lower, body.m("lower_trunk"))
    points["shoulder_centre"] = points["spine"] + _up(chest, body.m("upper_trunk"))
    points["neck"] = points["shoulder_centre"] + _up(chest, body.m("neck"))
    points["head"] = points["neck"] + _up(head, body.m("head"))
    points["crown"] = points["head"] + _up(head, body.m("crown"))


def _add_arm(
    body: Body, pose: Pose, side: str, points: dict[str, Array], turns: dict[str, Array]
) -> None:
    chest = turns["chest"]
    upper, fore = arm_turns(chest, pose.arms[side], side)
    out = np.array([SIGN[side] * body.m("shoulder"), SHOULDER_UP * body.height_m, 0.0])
    shoulder = points["shoulder_centre"] + chest @ out
    elbow = shoulder - _up(upper, body.m("upper_arm"))
    wrist = elbow - _up(fore, body.m("forearm"))
    hand = body.m("hand")
    here = {
        "shoulder": shoulder,
        "elbow": elbow,
        "wrist": wrist,
        "hand": wrist - _up(fore, PALM * hand),
        "hand_tip": wrist - _up(fore, hand),
    }
    points |= {f"{side}_{name}": place for name, place in here.items()}
    turns |= {f"{side}_upper_arm": upper, f"{side}_forearm": fore}


def _add_leg(
    body: Body,
    pose: Pose,
    side: str,
    foot: dict[str, Array],
    points: dict[str, Array],
    turns: dict[str, Array],
) -> None:
    hips = turns["pelvis"]
    hip = points["pelvis"] + hips @ _hip(body, side)
    # Knees look where hips and feet do, and up rather than into the floor.
    level = turn(UP, pose.feet[side][:, 3])[..., FORWARD]
    knee_to = hips[..., FORWARD] + 0.8 * level + 0.1 * SIGN[side] * hips[..., LEFT]
    knee_to[:, UP] += 0.7
    leg = leg_to(hip, foot["ankle"], body.m("thigh"), body.m("shank"), knee_to)
    moved = leg.ankle - foot["ankle"]
    here = {"hip": hip, "knee": leg.knee, "ankle": leg.ankle}
    here |= {name: foot[name] + moved for name in ("toe", "heel")}
    points |= {f"{side}_{name}": place for name, place in here.items()}
    turns |= {f"{side}_thigh": leg.thigh, f"{side}_shank": leg.shank}
    turns[f"{side}_foot"] = _foot_turn(pose.feet[side])


def _foot(body: Body, state: Array) -> dict[str, Array]:
    """Points of a stiff foot that stands on its lowest point."""
    left, lift, forward, _, _ = state.T
    turned = _foot_turn(state)
    heel = turned[..., FORWARD] * -(body.m("toe") + body.m("heel"))
    toe = np.stack([left, lift - np.minimum(0.0, heel[:, UP]), forward], axis=1)
    ankle = toe + turned @ np.array([0.0, body.m("ankle"), -body.m("toe")])
    return {"toe": toe, "heel": toe + heel, "ankle": ankle}


def _foot_turn(state: Array) -> Array:
    return np.asarray(turn(UP, state[:, 3]) @ turn(LEFT, state[:, 4]))


def _within_reach(body: Body, pose: Pose, hips: Array, feet: dict[str, dict[str, Array]]) -> Array:
    """The pelvis, lowered where a leg with weight on it is too short."""
    excess = [np.zeros(len(pose.pelvis))]
    longest = TAUT * body.leg_m
    for side in SIDES:
        hip = pose.pelvis + hips @ _hip(body, side)
        way = hip - feet[side]["ankle"]
        aside = np.hypot(way[:, LEFT], way[:, FORWARD])
        highest = np.sqrt(np.maximum(longest**2 - aside**2, (0.3 * longest) ** 2))
        free = 3.0 * pose.feet[side][:, 1]  # a foot in the air holds nobody down
        excess.append((way[:, UP] - highest - free) / SOFT_M)
    down = SOFT_M * np.logaddexp.reduce(excess, axis=0)
    return np.asarray(pose.pelvis - down[:, None] * np.array([0.0, 1.0, 0.0]))


def _lift(body: Body, points: dict[str, Array]) -> None:
    """Raise a body of which a part is under the floor."""
    thick = {"pelvis": body.m("depth"), "spine": body.m("depth"), "head": 0.05 * body.height_m}
    thick["shoulder_centre"] = body.m("depth")
    lowest = np.min([at[:, UP] - thick.get(name, 0.0) for name, at in points.items()], axis=0)
    up = np.maximum(-lowest, 0.0)
    for place in points.values():
        place[:, UP] += up


def _hip(body: Body, side: str) -> Array:
    return np.array([SIGN[side] * body.m("hip"), -body.m("hip_drop"), 0.0])


def _turned(angles: Array) -> Array:
    yaw, pitch, roll = angles.T
    return np.asarray(turn(UP, yaw) @ turn(LEFT, pitch) @ turn(FORWARD, -roll))


def _bent(bend: ArrayLike, tilt: ArrayLike, twist: ArrayLike) -> Array:
    """Rotation of what is bent forward and to the left and twisted to the left."""
    return np.asarray(turn(LEFT, bend) @ turn(FORWARD, -np.asarray(tilt)) @ turn(UP, twist))


def _up(axes: Array, length: float) -> Array:
    return np.asarray(axes[..., UP] * length)
