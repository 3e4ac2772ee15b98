"""An actor: a body whose parts are sent to places one after the other or together, and who can walk.

The actor keeps a clock. What an action is made of are calls such as ``reach``, ``lean`` and ``walk``;
those that take time advance the clock, and ``begin`` says what is being done from then on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.body import SIDES, Body, Motion, Vector, heading
from kinestream.datasets.synthetic.curve import Curve

Array = NDArray[np.float64]

# Wrists from their shoulders as (outward, up, forward) in arm lengths.
HANGING: Vector = (0.10, -0.94, 0.20)
STEP_M, STEP_S = 0.48, 0.66
FEET_APART_M = 0.10  # from the middle to an ankle
SMALL_M, SMALL_RAD = 0.1, 0.15  # not worth a step
FEET_BEHIND_M = 0.03  # ankles behind the hips of somebody who stands
OTHER = {"left": "right", "right": "left"}


class Actor:
    """Somebody who moves.

    Args:
        rng: Where chance comes from.
        body: Bone lengths.
        place: (x, z) to start from, in metres; the actor faces the camera.
        pace: Duration of everything; 1 is usual, 2 is twice as slow.
    """

    def __init__(
        self, rng: np.random.Generator, body: Body, place: tuple[float, float], pace: float
    ) -> None:
        self.rng, self.body, self.pace = rng, body, pace
        self.now_s = 0.0
        self.marks: list[tuple[float, str]] = []
        self.place = Curve(place)
        self.yaw = Curve(0.0)
        self.height = Curve(body.standing_m)
        self.trunk = Curve((0.02, 0.0, 0.0))
        self.nod = Curve(0.05)
        self.hands = {side: Curve(HANGING) for side in SIDES}
        self.elbows = {side: Curve(0.1) for side in SIDES}
        self.feet = {side: Curve(self._beside(np.array(place), 0.0, side)) for side in SIDES}
        self.lifts = {side: Curve(0.0) for side in SIDES}
        self._next_foot = "left"

    def begin(self, label: str) -> None:
        """From now on this is what is being done."""
        self.marks.append((self.now_s, label))

    def beat(self, seconds: float) -> float:
        """A duration of this actor: with the actor's pace and never twice the same."""
        return float(seconds * self.pace * self.rng.uniform(0.88, 1.12))

    def wait(self, seconds: float) -> None:
        """Let time pass; movements that were begun go on."""
        self.now_s += self.beat(seconds)

    def reach(
        self,
        seconds: float,
        left: Vector | None = None,
        right: Vector | None = None,
        elbow: float = 0.1,
        spread: float = 0.04,
    ) -> None:
        """Begin to move wrists to about (outward, up, forward); the clock stays.

        Args:
            seconds: How long it takes at the usual pace.
            left: Where the left wrist goes, from its shoulder in arm lengths; None leaves it.
            right: The same for the right wrist.
            elbow: How far elbows are raised: 0 hangs, 1 is level.
            spread: How far off the goal people usually end, in arm lengths.
        """
        length = self.beat(seconds)
        for side, goal in (("left", left), ("right", right)):
            if goal is not None:
                goal_here = np.add(goal, self.rng.normal(0, spread, 3))
                self.hands[side].move(goal_here, self.now_s, length)
                self.elbows[side].move(elbow, self.now_s, length)

    def lean(self, seconds: float, lean: float, tilt: float = 0.0, twist: float = 0.0) -> None:
        """Begin to bend the trunk (radians); the clock stays."""
        self.trunk.move((lean, tilt, twist), self.now_s, self.beat(seconds))

    def rest(self, seconds: float) -> None:
        """Begin to stand at ease; the clock stays."""
        self.reach(seconds, HANGING, HANGING, elbow=0.1)
        self.lean(seconds, 0.02)
        self.nod.move(0.05, self.now_s, seconds)

    def shift(self, seconds: float, back_m: float, height_m: float) -> None:
        """Begin to move the pelvis over the standing feet; the clock stays."""
        yaw, length = self.yaw.goal[0], self.beat(seconds)
        forward = np.array([-np.sin(yaw), -np.cos(yaw)])
        self.place.move(self.place.goal - back_m * forward, self.now_s, length)
        self.height.move(height_m, self.now_s, length)

    def face(self, yaw: float) -> None:
        """Turn on the spot with small steps; a small turn is left out."""
        turn = abs(_nearest(yaw, float(self.yaw.goal[0])))
        if turn > SMALL_RAD:
            self._walk(self.place.goal, yaw, max(1, round(turn / 0.7)))

    def walk(self, to: tuple[float, float], *, swing: float = 1.0, back: bool = False) -> None:
        """Walk straight to (x, z), arms swinging by ``swing``, or step back without turning.

        A way of less than a hand is left out.
        """
        way = np.subtract(to, self.place.goal)
        if np.hypot(*way) < SMALL_M:
            return
        yaw = float(self.yaw.goal[0]) if back else heading(way)
        size = STEP_M * (0.6 if back else 1.0) * self.body.thigh / Body().thigh
        self._walk(np.asarray(to), yaw, max(1, round(float(np.hypot(*way)) / size)), swing)

    def stop(self) -> None:
        """Set the trailing foot beside the other."""
        self._step(self.place.goal, float(self.yaw.goal[0]), 0.0)

    def _walk(self, to: Array, yaw: float, steps: int, swing: float = 0.0) -> None:
        start, start_yaw = self.place.goal, float(self.yaw.goal[0])
        turn = _nearest(yaw, start_yaw)
        slow = max(1.0, min(steps, round(abs(turn) / 1.0)))  # steps that the turn takes
        for k in range(1, steps + 1):
            part = start_yaw + turn * min(1.0, k / slow)
            self._step(start + (to - start) * (k / steps), part, swing)

    def _step(self, to: Array, yaw: float, swing: float) -> None:
        side, length = self._next_foot, self.beat(STEP_S)
        now, self._next_foot = self.now_s, OTHER[side]
        self.yaw.move(yaw, now - 0.1 * length, 1.4 * length)
        self.place.move(to, now, 1.8 * length)
        self.feet[side].move(self._beside(to, yaw, side), now + 0.15 * length, 0.75 * length)
        self.lifts[side].move(0.09, now + 0.05 * length, 0.45 * length)
        self.lifts[side].move(0.0, now + 0.45 * length, 0.45 * length)
        stand = self.body.standing_m
        self.height.move(stand - 0.035, now, 0.5 * length)
        self.height.move(stand, now + 0.45 * length, 0.5 * length)
        if swing > 0:
            self._swing_arms(side, swing, length)
        self.now_s += length

    def _swing_arms(self, side: str, swing: float, length: float) -> None:
        for arm, forward in ((side, -0.15), (OTHER[side], 0.45)):
            goal = np.array(HANGING) + np.array([0.0, 0.1 * abs(forward), forward]) * swing
            self.hands[arm].move(goal, self.now_s, 1.1 * length)
        lean, tilt, _ = self.trunk.goal
        twist = 0.10 if side == "right" else -0.10
        self.trunk.move((lean, tilt, twist * swing), self.now_s, 1.1 * length)

    def _beside(self, place: Array, yaw: float, side: str) -> Array:
        out = FEET_APART_M * (1 if side == "left" else -1)
        left, forward = (
            np.array([-np.cos(yaw), np.sin(yaw)]),
            np.array([-np.sin(yaw), -np.cos(yaw)]),
        )
        return np.asarray(place + out * left - FEET_BEHIND_M * forward)

    def motion(self, times_s: Array) -> Motion:
        """Where everything is at (T,) times."""
        x, z = self.place.at(times_s).T
        return Motion(
            pelvis=np.stack([x, self.height.at(times_s)[:, 0], z], axis=1),
            yaw=self.yaw.at(times_s)[:, 0],
            trunk=self.trunk.at(times_s),
            head=self.nod.at(times_s)[:, 0],
            hands=_all_at(self.hands, times_s),
            elbows={side: values[:, 0] for side, values in _all_at(self.elbows, times_s).items()},
            feet={side: self._foot(side, times_s) for side in SIDES},
        )

    def _foot(self, side: str, times_s: Array) -> Array:
        x, z = self.feet[side].at(times_s).T
        return np.stack([x, self.lifts[side].at(times_s)[:, 0], z], axis=1)


def _all_at(curves: Mapping[str, Curve], times_s: Array) -> dict[str, Array]:
    return {side: curve.at(times_s) for side, curve in curves.items()}


def _nearest(yaw: float, start: float) -> float:
    """The shorter way to turn."""
    return float((yaw - start + np.pi) % (2 * np.pi) - np.pi)
