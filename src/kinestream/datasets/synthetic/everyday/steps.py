"""Steps: feet are lifted, swung and set down, and the pelvis follows between them.

Legend: places are (left, forward) in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.body import OTHER, SIGN
from kinestream.datasets.synthetic.everyday.limbs import Arm

Array = NDArray[np.float64]

TURN_RAD = 0.8  # most that one step turns


@dataclass(frozen=True)
class Gait:
    """A way of going.

    Attributes:
        step: Length of a step in body heights.
        seconds: Duration of a step.
        stance: How long a foot stays on the floor, in steps: over 1 it is a walk, under 1 a run.
        lift: How high a swinging foot is over the floor, in body heights.
        push: How far the heel rises before the foot leaves, degrees.
        strike: How far the toes are up when the heel lands, degrees.
        height: Of the pelvis, as a share of the height when standing.
        bob: How far the pelvis falls and rises in a run, in body heights.
        swing: How far arms swing to each side of the body, degrees.
        elbow: How far elbows are bent meanwhile, degrees.
        bend: Of the trunk, degrees.
        twist: Of the shoulders against the legs, degrees.
        sway: How far the pelvis is over the standing foot, as a share of the half stance.
        tilt: Of the trunk over the standing foot, degrees.
    """

    step: float = 0.38
    seconds: float = 0.54
    stance: float = 1.22
    lift: float = 0.030
    push: float = 52.0
    strike: float = 16.0
    height: float = 0.985
    bob: float = 0.0
    swing: float = 22.0
    elbow: float = 18.0
    bend: float = 2.0
    twist: float = 6.0
    sway: float = 0.3
    tilt: float = 0.0


def go(actor: Actor, gait: Gait, metres: float, turn: float = 0.0, back: bool = False) -> None:
    """Go a way, turning by so many radians on it, and stop with the feet beside each other."""
    size = gait.step * actor.style.step * actor.body.height_m
    count = max(2, round(metres / size))
    stride = metres / count * (-1 if back else 1)
    for k in range(1, count + 1):
        yaw = actor.yaw + turn / count
        ahead, _ = actor.axes(yaw)
        pace = 1.15 if k in (1, count) else 1.0
        step(actor, gait, actor.next_foot, middle(actor) + stride * ahead, yaw, pace)
    stop(actor, gait)


def middle(actor: Actor) -> Array:
    """Where the pelvis is going, without its sway."""
    return np.asarray(actor.place.goal - actor.leaning)


def step(actor: Actor, gait: Gait, side: str, to: Array, yaw: float, pace: float = 1.0) -> None:
    """One step of a foot; the clock goes on by its duration."""
    length = actor.beat(gait.seconds) * pace
    swing = min((2 - gait.stance) * length, length + actor.airborne_s)
    start = length - swing  # seconds from now; a run begins before the other foot has landed
    _, aside = actor.axes(yaw)
    actor.leaning = SIGN[side] * gait.sway * actor.style.stance_m * aside
    # The pelvis is over a foot in the middle of its stance, or a little before.
    late = max((gait.stance - 1.05) / 2 * length, -actor.airborne_s)
    actor.place.move(to + actor.leaning, actor.now_s + late, 1.8 * length)
    _, pitch, roll = actor.hips.goal
    actor.hips.move((yaw, pitch, roll), actor.now_s, 1.5 * length)
    land = actor.beside(to, yaw, side)
    actor.foot(side, swing, to=land, after=start)
    actor.foot(side, 0.5 * swing, lift=gait.lift, after=start)
    actor.foot(side, 0.5 * swing, lift=0.0, after=start + 0.5 * swing)
    early = min(0.5 * length, start + actor.walked_s)
    actor.foot(side, 0.15 * swing + early, pitch=gait.push, after=start - early)
    actor.foot(side, 0.85 * swing, pitch=-gait.strike, yaw=yaw, after=start + 0.15 * swing)
    actor.foot(side, 0.2 * length, pitch=0.0, after=length)
    height_m = gait.height * actor.body.standing_m
    if gait.bob:
        bob = gait.bob * actor.body.height_m
        actor.height.move(height_m - bob, actor.now_s, 0.4 * length)
        actor.height.move(height_m + bob, actor.now_s + 0.4 * length, 0.5 * length)
    else:
        actor.height.move(height_m, actor.now_s, length)
    swing_arms(actor, gait, side, length)
    actor.airborne_s = max(0.0, (1 - gait.stance) * length)
    actor.walked_s = length
    actor.next_foot = OTHER[side]
    actor.wait(length)


def swing_arms(actor: Actor, gait: Gait, side: str, length: float) -> None:
    """Swing the arms against the leg that swings forward."""
    if gait.swing:
        wide = gait.swing * actor.style.swing
        forward = Arm(72.0, 1.15 * wide, 0.0, gait.elbow + 0.5 * wide)
        backward = Arm(108.0, -wide, 0.0, gait.elbow)
        actor.arm(OTHER[side], forward, 1.1 * length)
        actor.arm(side, backward, 1.1 * length)
    tilt = SIGN[OTHER[side]] * gait.tilt
    actor.bend(1.1 * length, gait.bend, tilt=tilt, twist=-SIGN[side] * gait.twist)


def stop(actor: Actor, gait: Gait) -> None:
    """Set the trailing foot beside the other, and stand at ease."""
    end = Gait(
        seconds=max(gait.seconds, 0.45),
        stance=gait.stance,
        lift=gait.lift * 0.6,
        push=gait.push,
        strike=0.0,
        swing=0.0,
        height=1.0,
        bend=0.0,
        twist=0.0,
        sway=0.0,
    )
    to = middle(actor)
    actor.relax(1.2 * end.seconds * actor.style.pace)
    step(actor, end, actor.next_foot, to, actor.yaw)
    actor.airborne_s = actor.walked_s = 0.0
    actor.wait(0.8 * end.seconds * actor.style.pace)


def turn(actor: Actor, by: float, gait: Gait) -> None:
    """Turn on the spot by radians, with small steps."""
    count = max(1, int(np.ceil(abs(by) / TURN_RAD)))
    first = "left" if by > 0 else "right"
    actor.next_foot = first
    for _ in range(count):
        step(actor, gait, actor.next_foot, middle(actor), actor.yaw + by / count)
    stop(actor, gait)
