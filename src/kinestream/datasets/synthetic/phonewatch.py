"""A person with a phone in the left pocket and a watch on the left wrist gets up, walks and sits down.

The movement is made as angles and positions of thigh and forearm; what phone and watch read follows
from them (`synthetic_imu`). Numbers are rounded means of what people do, and spreads about them.

Legend: T samples. Axes are (left, up, forward).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.curve import Curve, wander
from kinestream.datasets.synthetic.gait import (
    ARM_DOWN,
    ARM_OUT,
    ARM_ROLL,
    LEFT_FOOT_LANDS,
    RIGHT_FOOT_LANDS,
    THIGH_BACK,
    THIGH_TWIST,
    Gait,
    ring,
)
from kinestream.datasets.synthetic.imu import FORWARD, LEFT, UP, imperfect, inertial, turn

Array = NDArray[np.float64]

RATE_HZ = 100.0
THIGH_M = 0.42
POCKET_M = (0.0, -0.15, 0.07)  # from the hip, in the thigh's own axes
FOREARM_M = 0.25  # how far the swinging wrist is from where the arm turns
WALK_M_S, TURN_M_S = 1.1, 0.3

# How a phone can lie in a pocket: signs of its axes along the thigh's left, upward, outward axes.
POCKETS = ((1, 1, 1), (-1, 1, -1), (1, -1, -1), (-1, -1, 1))

# Wrist: azimuth to the left, hand below the horizontal, watch face rolled outwards; degrees.
ON_LAP = (-25.0, 15.0, 20.0)
RISING = (-20.0, 48.0, 62.0)
HANGING = (0.0, 73.0, 86.0)
# Wrist from the hip in metres.
LAP_M, RISING_M, SIDE_M = (0.0, 0.15, 0.35), (0.08, 0.10, 0.30), (0.12, -0.08, 0.08)

# Axes of a watch on a forearm that points level and forward, face up: 3 o'clock to the hand.
WATCH_AT_REST = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])


class UpAndGo:
    """One person's timed up and go: sitting, standing up, walking, turning, sitting down.

    Args:
        rng: Where chance comes from: the person, the pocket, the pace.
        tempo: Below 1 slower, above 1 faster than people usually are.
    """

    def __init__(self, rng: np.random.Generator, tempo: float) -> None:
        self._rng = rng
        self._pace = rng.uniform(0.9, 1.1) / tempo
        self._gait = Gait.of(rng)
        self._mount = _mount(rng)
        self._seat = np.radians(rng.normal(72, 5))  # thigh from the vertical
        self._stance = np.radians(rng.normal(5, 3))
        self._lap = np.radians(np.add(ON_LAP, rng.normal(0, (8, 6, 10))))
        self._rising = np.radians(np.add(RISING, rng.normal(0, (6, 5, 8))))
        self._hang = np.radians(np.add(HANGING, rng.normal(0, (5, 4, 5))))
        self.yaw = Curve(0.0)
        self.thigh = Curve(self._seat)
        self.arm = Curve(self._lap)
        self.wrist = Curve(LAP_M)
        self.walking = Curve(0.0)  # how much of the gait is there, 0 to 1
        self.speed = Curve(0.0)
        self.effort = Curve(0.0)  # how much the body shakes besides
        self.now_s = 0.0
        self.marks: list[tuple[float, str]] = []

    def perform(self, rounds: int) -> None:
        """Do the test so many times."""
        for _ in range(rounds):
            self._sit(0.9)
            self._stand_up()
            self._walk(2.5)
            self._turn(1.25)
            self._walk(2.3)
            self._turn(1.0)
            self._sit_down()
        self._sit(1.0)

    def _lasting(self, label: str, seconds: float) -> tuple[float, float]:
        start_s, length_s = self.now_s, seconds * self._pace * self._rng.uniform(0.88, 1.12)
        self.marks.append((start_s, label))
        self.now_s += length_s
        return start_s, length_s

    def _sit(self, seconds: float) -> None:
        self._lasting("SEATED", seconds)

    def _stand_up(self) -> None:
        start, length = self._lasting("STANDING_UP", 1.25)
        self.thigh.move(self._stance, start + 0.20 * length, 0.90 * length)
        self._move_arm(self._rising, RISING_M, start - 0.1, 0.75 * length)
        self._move_arm(self._hang, SIDE_M, start + 0.35 * length, 0.75 * length)
        self.walking.move(1.0, start + 0.85 * length, 0.35 * length)
        self.effort.move(1.0, start - 0.15, 0.5)

    def _sit_down(self) -> None:
        start, length = self._lasting("SITTING_DOWN", 1.4)
        self.walking.move(0.0, start - 0.20 * length, 0.40 * length)
        self.speed.move(0.0, start - 0.20 * length, 0.40 * length)
        self.thigh.move(self._seat, start - 0.10 * length, 0.85 * length)
        self._move_arm(self._rising, RISING_M, start, 0.65 * length)
        self._move_arm(self._lap, LAP_M, start + 0.35 * length, 0.65 * length)
        self.effort.move(0.0, start + 0.6 * length, 0.6 * length)

    def _walk(self, seconds: float) -> None:
        start, _ = self._lasting("WALKING", seconds)
        self.walking.move(1.0, start, 0.4)
        self.speed.move(WALK_M_S, start - 0.2, 0.8)

    def _turn(self, seconds: float) -> None:
        start, length = self._lasting("TURNING", seconds)
        side = self._rng.choice([-1.0, 1.0])
        self.yaw.move(self.yaw.goal + side * np.pi, start - 0.12 * length, 1.24 * length)
        self.walking.move(0.7, start - 0.1, 0.4)
        self.speed.move(TURN_M_S, start - 0.3, 0.6)

    def _move_arm(self, angles: Array, wrist_m: tuple[float, ...], start: float, s: float) -> None:
        self.arm.move(angles, start, s)
        self.wrist.move(wrist_m, start, s)

    def times(self) -> Array:
        """(T,) seconds of the samples."""
        return np.arange(round(self.now_s * RATE_HZ)) / RATE_HZ

    def phone(self, times_s: Array) -> tuple[Array, Array]:
        """Orientation (T, 3, 3) and position (T, 3) of a phone that sits tight on the thigh."""
        gait = self._gait.legs * self.walking.at(times_s)[:, 0]
        back = gait * self._gait.swing(THIGH_BACK, times_s) - self.thigh.at(times_s)[:, 0]
        twist = gait * self._gait.swing(THIGH_TWIST, times_s)
        thigh = self._facing(times_s) @ turn(LEFT, back) @ turn(UP, twist)
        return thigh @ self._mount, self._hip(times_s) + thigh @ np.array(POCKET_M)

    def watch(self, times_s: Array) -> tuple[Array, Array]:
        """Orientation (T, 3, 3) and position (T, 3) of a watch that sits tight on the wrist."""
        gait = self._gait.arms * self.walking.at(times_s)[:, 0]
        back, out, over = (
            gait * self._gait.swing(rates, times_s) for rates in (ARM_DOWN, ARM_OUT, ARM_ROLL)
        )
        azimuth, down, roll = self.arm.at(times_s).T
        facing = self._facing(times_s)
        arm = facing @ turn(FORWARD, out) @ turn(UP, azimuth)
        forearm = arm @ turn(LEFT, down + back) @ turn(FORWARD, -roll - over)
        wrist = self.wrist.at(times_s) + FOREARM_M * np.stack([-out, back**2 / 2, -back], axis=1)
        place = self._hip(times_s) + np.einsum("tij,tj->ti", facing, wrist)
        return forearm @ WATCH_AT_REST, place

    def shaking(self, times_s: Array, loose: float) -> tuple[Array, Array]:
        """What a sensor does on its own, in trouser or strap, all the more when a heel strikes.

        Returns:
            Small angles (T, 3) in radians about the sensor's axes, shifts (T, 3) in metres.
        """
        gait = self.walking.at(times_s)
        unrest = loose * self.effort.at(times_s) * (0.5 + 0.5 * gait)
        angles = 0.035 * unrest * wander(self._rng, (len(times_s), 3), 7)
        shifts = 0.002 * unrest * wander(self._rng, (len(times_s), 3), 3.5)
        for foot, share in ((LEFT_FOOT_LANDS, 1.0), (RIGHT_FOOT_LANDS, 0.5)):
            strikes = self._gait.landings(foot, self.now_s)
            strikes = strikes[np.interp(strikes, times_s, gait[:, 0]) > 0.5]
            hard = share * loose * self._gait.impact * self._rng.uniform(0.5, 1.5, len(strikes))
            ringing = ring(times_s, strikes, hard, 6.0, 0.08)
            angles += ringing[:, None] * np.array([0.6, 2.0, 0.5])  # rad/s at a usual strike
            ringing = ring(times_s, strikes, hard, 9.0, 0.06)
            shifts += ringing[:, None] * np.array([-0.08, -0.18, 0.14])  # m/s
        return angles, np.einsum("tij,tj->ti", self._facing(times_s), shifts)

    def _facing(self, times_s: Array) -> Array:
        return turn(UP, self.yaw.at(times_s)[:, 0])

    def _hip(self, times_s: Array) -> Array:
        """Path of the hip: it rises over the knee, walks and sways: (T, 3) metres."""
        thigh, facing = self.thigh.at(times_s)[:, 0], self._facing(times_s)
        over_knee = THIGH_M * np.stack([0 * thigh, np.cos(thigh), -np.sin(thigh)], axis=1)
        sway = self.walking.at(times_s) * self._gait.sway(times_s)
        walked = np.cumsum(facing[:, :, FORWARD] * self.speed.at(times_s), axis=0) / RATE_HZ
        return np.asarray(walked + np.einsum("tij,tj->ti", facing, over_knee + sway))


def _mount(rng: np.random.Generator) -> Array:
    """How the phone lies in the pocket: its axes in those of the thigh."""
    pocket = POCKETS[rng.choice(len(POCKETS), p=(0.25, 0.25, 0.45, 0.05))]
    outward, skew = np.radians(rng.normal(32, 8)), np.radians(rng.normal(-12, 10))
    return np.asarray(turn(UP, outward) @ turn(FORWARD, skew) @ np.diag(np.asarray(pocket, float)))


def _tipped(rotation: Array, angles: Array) -> Array:
    """Orientation (T, 3, 3) after small rotations (T, 3) about its own axes."""
    first, second, third = angles.T
    return np.asarray(rotation @ turn(LEFT, first) @ turn(UP, second) @ turn(FORWARD, third))


def readings(person: UpAndGo, rng: np.random.Generator, step: int) -> Array:
    """What phone and watch record: (6, frames, 2), each frame the mean of ``step`` samples."""
    times_s = person.times()
    frames = len(times_s) // step
    values = []
    for carried, loose in ((person.phone, 1.0), (person.watch, 0.4)):
        rotation, position_m = carried(times_s)
        angles, shifts_m = person.shaking(times_s, loose)
        exact = inertial(_tipped(rotation, angles), position_m + shifts_m, RATE_HZ)
        values.append(imperfect(exact, rng)[:, : frames * step])
    samples = np.stack(values, axis=-1).reshape(6, frames, step, 2)
    return np.asarray(samples.mean(axis=2))
