"""The periodic part of walking, as phone and watch feel it.

Phases are counted from the moment at which the thigh that carries the phone swings back fastest.
The numbers are rounded means over people who walk comfortably.

Legend: T samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Harmonics = tuple[tuple[float, float], ...]  # (amplitude, phase in degrees) of 1, 2, 3 x the stride

THIGH_BACK: Harmonics = ((1.30, 0), (0.75, -135), (0.45, 0))  # rad/s
THIGH_TWIST: Harmonics = ((0.65, -40), (0.40, 100), (0.35, 150))  # rad/s, to the left
ARM_DOWN: Harmonics = ((1.60, 160), (0.65, 80), (0.25, -120))  # rad/s, the hand swings back
ARM_ROLL: Harmonics = ((1.00, 155), (0.50, 165), (0.30, 0))  # rad/s
ARM_OUT: Harmonics = ((0.60, -35), (0.35, -110))  # rad/s
LEFT_FOOT_LANDS, RIGHT_FOOT_LANDS = np.radians(-55.0), np.radians(125.0)


@dataclass(frozen=True)
class Gait:
    """How one person walks.

    Attributes:
        stride_hz: Two steps are one stride.
        phase: Of the stride at time 0, in radians.
        legs: How far the legs swing; 1 is the mean.
        arms: How far the arms swing; 1 is the mean.
        impact: How hard the heels strike; 1 is the mean.
    """

    stride_hz: float
    phase: float
    legs: float
    arms: float
    impact: float

    @classmethod
    def of(cls, rng: np.random.Generator) -> Gait:
        """Somebody's way of walking."""
        return cls(
            stride_hz=rng.uniform(0.82, 0.98),
            phase=rng.uniform(0, 2 * np.pi),
            legs=rng.uniform(0.85, 1.15),
            arms=rng.uniform(0.7, 1.3),
            impact=rng.uniform(0.7, 1.3),
        )

    def swing(self, rates: Harmonics, times_s: Array) -> Array:
        """Angle whose rate has the given harmonics: (T,) radians about a mean of 0."""
        angle = np.zeros(len(times_s))
        for order, (rate, degrees) in enumerate(rates, start=1):
            pace = 2 * np.pi * self.stride_hz * order
            angle += rate / pace * np.sin(pace * times_s + order * self.phase + np.radians(degrees))
        return angle

    def sway(self, times_s: Array) -> Array:
        """Path of the pelvis about its mean: (T, 3) metres left, up, forward."""
        stride = 2 * np.pi * self.stride_hz * times_s + self.phase
        left = 0.015 * np.sin(stride + np.radians(60))
        up = -0.016 * np.cos(2 * stride + np.radians(88))
        forward = 0.010 * np.cos(2 * stride)
        return self.legs * np.stack([left, up, forward], axis=1)

    def landings(self, foot_lands: float, until_s: float) -> Array:
        """Times at which a foot strikes the floor."""
        first = (foot_lands - self.phase) / (2 * np.pi) % 1.0
        return np.arange(first, until_s * self.stride_hz) / self.stride_hz


def ring(times_s: Array, strikes_s: Array, heights: Array, pitch_hz: float, fade_s: float) -> Array:
    """What rings after strikes: (T,) decaying oscillations whose rate starts near ``heights``."""
    value = np.zeros(len(times_s))
    pace = 2 * np.pi * pitch_hz
    for strike_s, height in zip(strikes_s, heights, strict=True):
        first, last = np.searchsorted(times_s, (strike_s, strike_s + 12 * fade_s))
        after = times_s[first:last] - strike_s
        onset = 1 - np.exp(-after / 0.01)  # soft tissue: no jump of the velocity
        value[first:last] += height / pace * onset * np.exp(-after / fade_s) * np.sin(pace * after)
    return value
