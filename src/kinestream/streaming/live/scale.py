"""Lengths of bones, which tell metres from millimetres.

Legend: C channels, V joints, M people, B bones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.features import Pipeline
from kinestream.streaming.live.settings import LiveSettings

Array = NDArray[np.float32]

# Between a hand's bones and a leg's lie a few centimetres and half a metre; centimetres or millimetres
# that are taken for metres lie far outside.
METRE_BONE, METRE_RATIO = 0.25, 40.0


class Scale:
    """Notices bones that change their length as only a wrong unit changes them.

    Sensors have no bones: without channels x and y everything fits.

    Args:
        pipeline: Says which channels are coordinates, and which joints a bone connects.
        settings: ``bone_length`` and ``bone_ratio``.
    """

    def __init__(self, pipeline: Pipeline, settings: LiveSettings) -> None:
        channels = pipeline.raw_channels
        places = [i for i, name in enumerate(channels) if name in ("x", "y", "z")]
        self._places = places if {"x", "y"} <= set(channels) else []
        self._bones = np.array(pipeline.skeleton.bones, np.int64).reshape(-1, 2)
        self._ratio = settings.bone_ratio
        self._units = pipeline.skeleton.units
        self._expected, self._within = settings.bone_length, settings.bone_ratio
        if self._expected is None and self._units == "m":
            self._expected, self._within = METRE_BONE, METRE_RATIO
        self._last: Array | None = None

    def fits(self, joints: Array) -> bool:
        """Compare the bones of (C, V[, M]) with what is known; false if they cannot be measured.

        Raises:
            DataError: They are far longer or shorter.
        """
        if not len(self._places) or not len(self._bones) or self._expected is None:
            return True
        lengths = self._lengths(joints)
        lengths = lengths[lengths > 0]
        if not len(lengths):
            return False
        length = float(np.median(lengths))
        if not 1 / self._within <= length / self._expected <= self._within:
            raise DataError(
                f"bones are {length:.3g} {self._units} long, expected about {self._expected:g} "
                f"{self._units}: are the joints in another unit?"
            )
        return True

    def jumped(self, joints: Array) -> bool:
        """Whether bones of (C, V[, M]) changed by more than the ratio since they were last seen."""
        if not len(self._places) or not len(self._bones):
            return False
        lengths = self._lengths(joints)
        before = lengths if self._last is None else self._last
        self._last = np.where(lengths > 0, lengths, before)
        with np.errstate(invalid="ignore", divide="ignore"):
            change = np.abs(np.log(lengths) - np.log(before))
        change = change[np.isfinite(change)]
        return bool(len(change)) and float(np.median(change)) > float(np.log(self._ratio))

    def _lengths(self, joints: Array) -> Array:
        """(B[, M]), NaN where an end is missing."""
        x = joints[self._places]
        child, parent = self._bones.T
        return np.asarray(np.linalg.norm(x[:, child] - x[:, parent], axis=0), np.float32)
