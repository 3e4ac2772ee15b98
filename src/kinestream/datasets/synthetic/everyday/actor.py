"""Somebody whose joints are sent to angles and whose feet to places, one after the other or together.

The actor keeps a clock. Calls such as ``arm``, ``bend`` and ``foot`` begin a movement and leave the
clock; ``wait`` lets time pass, and ``begin`` says what is being done from then on.

Legend: T times. Places are (left, forward) in metres, angles are given in degrees.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.datasets.synthetic.everyday.body import SIDES, SIGN, Body
from kinestream.datasets.synthetic.everyday.figure import PALM, SHOULDER_UP, Figure, Pose, figure
from kinestream.datasets.synthetic.everyday.jump import thrown_up
from kinestream.datasets.synthetic.everyday.limbs import Arm, arm_to
from kinestream.datasets.synthetic.everyday.style import Style, Sway
from kinestream.datasets.synthetic.everyday.track import Track

Array = NDArray[np.float64]

ROOM_M = 2.9  # radius in which people stay
MOST_ELBOW = 152.0  # degrees


class Actor:
    """A person with a clock.

    Args:
        rng: Where chance comes from.
        body: Lengths.
        style: The person's own way of moving.
        place: (left, forward) to start from.
        yaw: Heading in radians.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        body: Body,
        style: Style,
        place: tuple[float, float] = (0.0, 0.0),
        yaw: float = 0.0,
    ) -> None:
        self.rng, self.body, self.style = rng, body, style
        self.now_s = 0.0
        self.marks: list[tuple[float, str]] = []
        self.seated = False
        self.place = Track(place)
        self.height = Track(body.standing_m)
        self.hips = Track((yaw, 0.0, 0.0))
        self.trunk = Track((style.stoop, 0.0, 0.0))
        self.neck = Track((style.head, 0.0, 0.0))
        self.arms = {side: Track(np.radians(self.hanging)) for side in SIDES}
        beside = {side: self.beside(np.array(place), yaw, side) for side in SIDES}
        self.feet = {side: Track(beside[side]) for side in SIDES}
        self.lifts = {side: Track(0.0) for side in SIDES}
        self.aims = {side: Track((yaw + SIGN[side] * style.toes_out, 0.0)) for side in SIDES}
        self.flights: list[tuple[float, float]] = []
        self._sway = Sway.drawn(rng)
        self.next_foot = SIDES[int(rng.integers(2))]
        self.leaning = np.zeros(2)  # of the pelvis over the standing foot
        # How long before now the next foot may have left the floor, and its heel have risen.
        self.airborne_s = self.walked_s = 0.0

    # Time

    def begin(self, label: str) -> None:
        """From now on this is what is being done."""
        self.marks.append((self.now_s, label))

    def beat(self, seconds: float) -> float:
        """A duration of this actor: with the actor's pace and never twice the same."""
        return float(seconds * self.style.pace * self.rng.uniform(0.9, 1.1))

    def wait(self, seconds: float) -> None:
        """Let time pass; movements that were begun go on."""
        self.now_s += seconds

    # Movements; all begin now, or ``after`` some seconds, and take ``length`` seconds.

    def arm(self, side: str, to: Arm, length: float, after: float = 0.0) -> None:
        """Move an arm to about a pose."""
        angles = np.radians(to) + self.style.spread * self.rng.standard_normal(4)
        angles[3] = np.clip(angles[3], np.radians(2), np.radians(150))
        self.arms[side].move(angles, self.now_s + after, length)

    def both(self, to: Arm, length: float, after: float = 0.0) -> None:
        """Move both arms to about a pose."""
        for side in SIDES:
            self.arm(side, to, length, after)

    def reach(
        self, side: str, target: ArrayLike, length: float, after: float = 0.0, out: float = 0.0
    ) -> None:
        """Move the hand to a place before the chest.

        Args:
            side: Whose hand.
            target: (outward, up, forward) of the middle between the shoulders, in body heights.
            length: Seconds.
            after: Seconds.
            out: How far the elbow is raised.
        """
        shoulder = np.array([self.body.shoulder, SHOULDER_UP, 0.0])
        way = (np.asarray(target) - shoulder) * self.body.height_m
        self._to(side, way, length, after, out)

    def touch(self, side: str, point: Array, length: float, after: float = 0.0) -> None:
        """Move the hand to a place (3,) in the room, from where the trunk will be by then."""
        at = self.figure(np.array([self.now_s + after + length]))
        way = at.turns["chest"][0].T @ (point - at.points[f"{side}_shoulder"][0])
        self._to(side, way * np.array([SIGN[side], 1.0, 1.0]), length, after, 0.0)

    def _to(self, side: str, way: Array, length: float, after: float, out: float) -> None:
        fore_m = self.body.m("forearm") + PALM * self.body.m("hand")
        angles = arm_to(way, self.body.m("upper_arm"), fore_m, out)
        self.arms[side].move(angles, self.now_s + after, length)

    def bend(
        self, length: float, bend: float, tilt: float = 0.0, twist: float = 0.0, after: float = 0.0
    ) -> None:
        """Bend the trunk, half of it in the hips."""
        self.tip(length, 0.5 * bend, after=after)
        goal = np.radians((0.5 * bend, tilt, twist)) + (self.style.stoop, 0.0, 0.0)
        self.trunk.move(goal, self.now_s + after, length)

    def tip(self, length: float, pitch: float, roll: float = 0.0, after: float = 0.0) -> None:
        """Tip the hips, and the trunk with them, forward and to the left."""
        goal = (self.yaw, np.radians(pitch), np.radians(roll))
        self.hips.move(goal, self.now_s + after, length)

    def nod(
        self, length: float, nod: float, tilt: float = 0.0, turn: float = 0.0, after: float = 0.0
    ) -> None:
        """Bend and turn the head."""
        goal = np.radians((nod, tilt, turn)) + (self.style.head, 0.0, 0.0)
        self.neck.move(goal, self.now_s + after, length)

    def shift(
        self, length: float, forward: float, height: float, left: float = 0.0, after: float = 0.0
    ) -> None:
        """Move the pelvis over the standing feet.

        Args:
            length: Seconds.
            forward: How far forward, in body heights.
            height: How high then, as a share of the height when standing.
            left: How far to the left, in body heights.
            after: Seconds.
        """
        ahead, aside = self.axes()
        by = (forward * ahead + left * aside) * self.body.height_m
        self.place.move(self.place.goal + by, self.now_s + after, length)
        self.height.move(height * self.body.standing_m, self.now_s + after, length)

    def foot(
        self,
        side: str,
        length: float,
        to: ArrayLike | None = None,
        lift: float | None = None,
        pitch: float | None = None,
        yaw: float | None = None,
        after: float = 0.0,
    ) -> None:
        """Move a foot: to (left, forward) in metres, lifted in body heights, pitched in degrees."""
        start = self.now_s + after
        if to is not None:
            self.feet[side].move(to, start, length)
        if lift is not None:
            self.lifts[side].move(lift * self.body.height_m, start, length)
        if pitch is not None or yaw is not None:
            heading, tip = self.aims[side].goal
            heading = heading if yaw is None else yaw + SIGN[side] * self.style.toes_out
            tip = tip if pitch is None else np.radians(pitch)
            self.aims[side].move((heading, tip), start, length)

    def fly(self, seconds: float, after: float = 0.0) -> None:
        """Jump: leave the floor with both feet for a while."""
        self.flights.append((self.now_s + after, seconds))

    def relax(self, length: float, after: float = 0.0) -> None:
        """Return to ease: arms hang or lie on the lap, trunk and head are upright."""
        for side in SIDES:
            self.ease(side, length, after)
        self.bend(length, 0.0, after=after)
        self.nod(length, 0.0, after=after)

    def ease(self, side: str, length: float, after: float = 0.0) -> None:
        """Let an arm hang, or lie on the lap of who sits."""
        if self.seated:
            self.reach(side, (0.07, -0.25, 0.17), length, after, out=0.1)
        else:
            self.arm(side, self.hanging, length, after)

    # Where things are going to be

    @property
    def hanging(self) -> Arm:
        """The arm at ease."""
        return Arm(25.0, float(np.degrees(self.style.arms_out)), 0.0, np.degrees(self.style.elbows))

    @property
    def yaw(self) -> float:
        """Heading after all movements, radians."""
        return float(self.hips.goal[0])

    def way_m(self, back: bool = False) -> float:
        """How far it is to the edge of the room, ahead or behind."""
        ahead, _ = self.axes()
        along = float(self.place.goal @ ahead) * (-1 if back else 1)
        aside = float(self.place.goal @ self.place.goal) - along**2
        return float(np.sqrt(max(ROOM_M**2 - aside, 0.0))) - along

    def axes(self, yaw: float | None = None) -> tuple[Array, Array]:
        """Forward and left of a heading as (left, forward) in the room."""
        yaw = self.yaw if yaw is None else yaw
        return np.array([np.sin(yaw), np.cos(yaw)]), np.array([np.cos(yaw), -np.sin(yaw)])

    def beside(self, place: Array, yaw: float, side: str, wide: float = 1.0) -> Array:
        """Where the toes of a foot stand when the pelvis is over a place."""
        ahead, aside = self.axes(yaw)
        out = SIGN[side] * self.style.stance_m * wide
        return np.asarray(place + out * aside + 0.75 * self.body.m("toe") * ahead)

    # What it comes to

    def figure(self, times_s: Array) -> Figure:
        """Every point and segment at (T,) times."""
        return figure(self.body, self.pose(times_s))

    def pose(self, times_s: Array) -> Pose:
        """The pose at (T,) times."""
        sway = self._sway.at(times_s)
        thrown, sprung = thrown_up(times_s, self.flights)
        place = self.place.at(times_s) + sway[:, :2]
        height = self.height.at(times_s)[:, 0] + sprung
        return Pose(
            pelvis=np.stack([place[:, 0], height, place[:, 1]], axis=1),
            hips=self.hips.at(times_s),
            trunk=self.trunk.at(times_s) + sway[:, 2:5],
            neck=self.neck.at(times_s) + sway[:, 5:8],
            arms={
                side: _bent(self.arms[side].at(times_s) + sway[:, part])
                for side, part in (("left", slice(8, 12)), ("right", slice(12, 16)))
            },
            feet={side: self._foot(side, times_s, thrown) for side in SIDES},
        )

    def _foot(self, side: str, times_s: Array, thrown: Array) -> Array:
        left, forward = self.feet[side].at(times_s).T
        yaw, pitch = self.aims[side].at(times_s).T
        lift = self.lifts[side].at(times_s)[:, 0] + thrown
        return np.stack([left, np.maximum(lift, 0.0), forward, yaw, pitch], axis=1)


def _bent(arms: Array) -> Array:
    """Elbows neither bend backwards nor through the arm."""
    arms[:, 3] = np.clip(arms[:, 3], 0.0, np.radians(MOST_ELBOW))
    return arms
