"""Zero mean and unit spread, by the training set's numbers.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from kinestream.errors import ConfigError
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.positions import measured_channels
from kinestream.features.seen import known, only_known
from kinestream.skeletons import Skeleton


class Standardise(Feature):
    """``(x - mean) / std`` per channel and joint.

    Only joints that are seen are measured, and those that are not become 0, which is the mean.
    Confidences pass as they are.

    Args:
        skeleton: Gives V.
        channels: Give C.
        mean: (C, V); nothing is subtracted until :meth:`fit` has run when omitted.
        std: (C, V); one number per channel works on all its joints alike.
    """

    name = "standardise"

    def __init__(
        self,
        skeleton: Skeleton,
        channels: tuple[str, ...],
        mean: list[list[float]] | None = None,
        std: list[list[float]] | None = None,
    ) -> None:
        self.channels = channels
        shape = len(channels), skeleton.num_joints
        self.mean = np.zeros(shape, np.float32) if mean is None else _table(mean, shape)
        self.std = np.ones(shape, np.float32) if std is None else _table(std, shape)
        if not (self.std > 0).all():
            raise ConfigError("feature 'standardise' needs std above 0 everywhere.")

    def fit(self, clips: Iterable[Array]) -> None:
        """Take mean per joint and spread per channel from clips (C, T, V)."""
        total = np.zeros(self.mean.shape)
        squares = np.zeros(self.mean.shape)
        frames = np.zeros(self.mean.shape[1])
        for x in clips:
            seen = known(x, self.channels)
            values = np.where(seen, x, 0)
            total += values.sum(axis=1, dtype=np.float64)
            squares += (values.astype(np.float64) ** 2).sum(axis=1)
            frames += seen.sum(axis=0)
        mean = total / np.maximum(frames, 1)
        variance = np.maximum(squares / np.maximum(frames, 1) - mean**2, 0)
        # One spread for all joints of a channel keeps the shape of the body.
        spread = np.sqrt(variance.sum(axis=1) / max(int((frames > 0).sum()), 1))
        spread = np.where(spread > 1e-6, spread, 1.0)
        rows = measured_channels(self.channels)
        self.mean, self.std = np.zeros_like(self.mean), np.ones_like(self.std)
        self.mean[rows] = mean[rows]
        self.std[rows] = spread[rows, None]

    def clip(self, x: Array) -> Array:
        return self._apply(x, self.mean[:, None], self.std[:, None])

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        return self._apply(x, self.mean, self.std), None

    def _apply(self, x: Array, mean: Array, std: Array) -> Array:
        y = ((x - mean) / std).astype(np.float32, copy=False)
        return only_known(y, self.channels, x)

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "mean": self.mean.tolist(), "std": self.std.tolist()}


def _table(values: object, shape: tuple[int, int]) -> Array:
    try:
        table = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        table = np.zeros(0, np.float32)
    if table.shape != shape or not np.isfinite(table).all():
        raise ConfigError(f"feature 'standardise' needs finite mean and std of shape {shape}.")
    return table
