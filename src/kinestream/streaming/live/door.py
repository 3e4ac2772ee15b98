"""The door: what a caller hands in becomes numbers of the right shape, missing joints NaN.

Legend: C channels, V joints, M people of a scene.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError
from kinestream.streaming.frames import LARGEST_VALUE, fill_scene, numbers, shaped
from kinestream.streaming.live.scale import Scale
from kinestream.streaming.live.settings import LiveSettings
from kinestream.streaming.stream import Recogniser

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Seen:
    """One person of one frame.

    Attributes:
        joints: (C, V), of scenes (C, V, M); a joint that is missing is NaN in all channels.
        confidence: Mean confidence of the joints, 0 to 1.
    """

    joints: Array
    confidence: float

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(V) or (V, M): which joints are missing."""
        return np.asarray(np.isnan(self.joints[0]))


class Door:
    """Checks frames before anything moves.

    Args:
        recogniser: Says which shape its bundle takes.
        settings: Says how long bones are, where that is known.
    """

    def __init__(self, recogniser: Recogniser, settings: LiveSettings) -> None:
        self._pipeline = recogniser.pipeline
        self._people = recogniser.people
        self._scale = Scale(self._pipeline, settings)
        self._measured = False

    def check(self, joints: ArrayLike, confidence: ArrayLike | None) -> Seen:
        """The frame as numbers.

        A joint is missing where a channel is NaN, infinite or absurdly large, or the confidence is not
        above 0.

        Args:
            joints: (C, V), of scenes (C, V, M) or fewer people.
            confidence: One number, or one of each joint: (V) or (V, M).

        Raises:
            SkeletonError: The shape is not the bundle's.
            DataError: Something is no number, or the first body has the size of another unit.
        """
        frame = shaped(numbers(joints, "joints"), self._pipeline, self._people)
        trust = self._trust(confidence, frame.shape[1:])
        with np.errstate(invalid="ignore"):
            usable = np.abs(frame) <= LARGEST_VALUE
        seen = usable.all(axis=0) & (trust > 0)
        frame[:, ~seen] = np.nan
        if self._people > 1:
            frame = fill_scene(frame, self._people, np.nan)
        if not self._measured:
            self._measured = self._scale.fits(frame)
        return Seen(frame, float(np.nan_to_num(trust, nan=0.0).clip(0, 1).mean()))

    def nobody(self) -> Seen:
        """A frame without the person."""
        scene = (self._people,) if self._people > 1 else ()
        shape = (len(self._pipeline.raw_channels), self._pipeline.num_joints, *scene)
        return Seen(np.full(shape, np.nan, np.float32), 0.0)

    def _trust(self, confidence: ArrayLike | None, shape: tuple[int, ...]) -> Array:
        """Confidence of every joint, shape (V) or (V, m)."""
        trust = numbers(1.0 if confidence is None else confidence, "confidence")
        if trust.ndim == 1 and len(shape) == 2 and trust.shape == shape[:1]:
            trust = trust[:, None]
        try:
            return np.broadcast_to(trust, shape)
        except ValueError:
            raise DataError(
                f"confidence must be one number or one of each joint, shape {shape}, got "
                f"{trust.shape}."
            ) from None
