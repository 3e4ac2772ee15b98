"""The lengths of a body, from its height and from what varies between people of one height."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

SIDES = ("left", "right")
SIGN = {"left": 1.0, "right": -1.0}
OTHER = {"left": "right", "right": "left"}

SPREAD = 0.03  # of each length, between people of one height


@dataclass(frozen=True)
class Body:
    """Lengths as shares of the body height; left and right are alike.

    Source: Drillis and Contini, Body Segment Parameters, 1966, as drawn by Winter, Biomechanics and
    Motor Control of Human Movement, chapter 4; points of head and foot are rounded estimates.

    Attributes:
        height_m: From the floor to the top of the head.
        lower_trunk: From the middle of the pelvis to the middle of the spine.
        upper_trunk: From there to between the shoulders.
        neck: From between the shoulders to the neck.
        head: From the neck to the middle of the head.
        crown: From there to its top.
        shoulder: Half the distance between the shoulder joints.
        upper_arm: From shoulder to elbow.
        forearm: From elbow to wrist.
        hand: From the wrist to the finger tips.
        hip: Half the distance between the hip joints.
        hip_drop: How far hip joints lie below the middle of the pelvis.
        thigh: From hip to knee.
        shank: From knee to ankle.
        ankle: From the ankle to the sole.
        toe: From the ankle forward to where the foot rolls off, near the tip of the toes.
        heel: From the ankle back to the heel.
        depth: From the middle of the pelvis to the skin of the back.

    >>> round(Body(1.8).standing_m, 2)
    0.98
    """

    height_m: float = 1.72
    lower_trunk: float = 0.120
    upper_trunk: float = 0.148
    neck: float = 0.030
    head: float = 0.080
    crown: float = 0.072
    shoulder: float = 0.110
    upper_arm: float = 0.186
    forearm: float = 0.146
    hand: float = 0.108
    hip: float = 0.052
    hip_drop: float = 0.020
    thigh: float = 0.245
    shank: float = 0.246
    ankle: float = 0.039
    toe: float = 0.090
    heel: float = 0.037
    depth: float = 0.060

    @classmethod
    def drawn(cls, rng: np.random.Generator, height_m: float) -> Self:
        """Somebody of a height: each length differs by a few percent from the mean of all people."""
        names = [field.name for field in fields(cls) if field.name != "height_m"]
        factors = 1 + SPREAD * np.clip(rng.standard_normal(len(names)), -2, 2)
        mean = cls()
        shares = {n: getattr(mean, n) * float(f) for n, f in zip(names, factors, strict=True)}
        return cls(height_m, **shares)

    def m(self, share: str) -> float:
        """A length in metres by the name of its share."""
        return float(getattr(self, share)) * self.height_m

    @property
    def leg_m(self) -> float:
        """From hip to ankle of a straight leg."""
        return self.m("thigh") + self.m("shank")

    @property
    def arm_m(self) -> float:
        """From shoulder to wrist of a straight arm."""
        return self.m("upper_arm") + self.m("forearm")

    @property
    def standing_m(self) -> float:
        """Height of the middle of the pelvis over the floor, legs nearly straight."""
        return 0.986 * self.leg_m + self.m("ankle") + self.m("hip_drop")
