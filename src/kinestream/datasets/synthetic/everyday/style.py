"""Who somebody is besides the lengths of the body: pace, size of movements, posture, handedness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WAVES = 3  # sines that make up a sway
# Of pelvis (m), trunk, head and both arms (radians).
SWAY = (0.004, 0.006, *(0.006, 0.008, 0.008), *(0.02, 0.015, 0.03), *(0.015, 0.012, 0.02, 0.02) * 2)


@dataclass(frozen=True)
class Style:
    """How one person moves; angles in radians.

    Attributes:
        pace: Duration of everything; 1 is usual, 2 is twice as slow.
        size: How large free movements are; 1 is usual.
        spread: Standard deviation of the angles of a movement from one time to the next.
        stoop: How far the trunk is bent when the person stands at ease.
        head: How far the head is bent then.
        stance_m: Half the distance between the feet.
        toes_out: How far feet point outwards.
        arms_out: How far arms hang away from the body.
        elbows: How far elbows are bent then.
        step: Length of steps; 1 is usual.
        swing: How far arms swing; 1 is usual.
        hand: The hand that throws and points.
    """

    pace: float
    size: float
    spread: float
    stoop: float
    head: float
    stance_m: float
    toes_out: float
    arms_out: float
    elbows: float
    step: float
    swing: float
    hand: str

    @classmethod
    def drawn(cls, rng: np.random.Generator, pace: float) -> Style:
        """Somebody's style."""
        return cls(
            pace=pace,
            size=rng.uniform(0.85, 1.15),
            spread=np.radians(rng.uniform(1.5, 4.0)),
            stoop=np.radians(rng.uniform(-1.0, 8.0)),
            head=np.radians(rng.uniform(-4.0, 10.0)),
            stance_m=rng.uniform(0.07, 0.13),
            toes_out=np.radians(rng.uniform(2.0, 14.0)),
            arms_out=np.radians(rng.uniform(5.0, 13.0)),
            elbows=np.radians(rng.uniform(8.0, 24.0)),
            step=rng.uniform(0.9, 1.1),
            swing=rng.uniform(0.7, 1.3),
            hand="right" if rng.uniform() < 0.85 else "left",
        )


@dataclass(frozen=True)
class Sway:
    """Small slow movements of somebody who only stands: sines of random rate and phase.

    They are a function of time, so that every rate of frames sees the same movement.
    """

    rates_hz: Array  # (WAVES, D)
    phases: Array  # (WAVES, D)
    sizes: Array  # (D,)

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Sway:
        """Somebody's sway: of the place (m), then of trunk, head and both arms (radians)."""
        shape, sizes = (WAVES, len(SWAY)), np.array(SWAY)
        return cls(rng.uniform(0.15, 0.7, shape), rng.uniform(0, 2 * np.pi, shape), sizes)

    def at(self, times_s: Array) -> Array:
        """(T,) seconds -> (T, D)."""
        turns = 2 * np.pi * self.rates_hz * times_s[:, None, None] + self.phases  # (T, WAVES, D)
        return np.asarray(np.sin(turns).sum(axis=1) * self.sizes * np.sqrt(2 / WAVES))
