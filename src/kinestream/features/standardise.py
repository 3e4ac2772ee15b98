"""Zero mean and unit spread, by the training set's numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from kinestream.errors import ConfigError
from kinestream.features.feature import Array, Feature
from kinestream.skeletons import Skeleton


class Standardise(Feature):
    """``(x - mean) / std`` per channel and joint.

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
        frames = 0
        for x in clips:
            total += x.sum(axis=1, dtype=np.float64)
            squares += (x.astype(np.float64) ** 2).sum(axis=1)
            frames += x.shape[1]
        mean = total / max(frames, 1)
        # One spread for all joints of a channel keeps the shape of the body.
        spread = np.sqrt(np.maximum(squares / max(frames, 1) - mean**2, 0).mean(axis=1))
        spread = np.where(spread > 1e-6, spread, 1.0)
        self.mean = mean.astype(np.float32)
        self.std = np.repeat(spread[:, None], mean.shape[1], axis=1).astype(np.float32)

    def clip(self, x: Array) -> Array:
        return ((x - self.mean[:, None]) / self.std[:, None]).astype(np.float32, copy=False)

    def frame(self, x: Array, past: Array | None) -> tuple[Array, Array | None]:
        return ((x - self.mean) / self.std).astype(np.float32, copy=False), None

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
