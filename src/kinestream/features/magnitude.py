"""The length of every 3-D vector: what a sensor feels whichever way round it is worn."""

from __future__ import annotations

import numpy as np

from kinestream.errors import ConfigError
from kinestream.features.feature import Array, Feature, Kept
from kinestream.skeletons import Skeleton


class Magnitude(Feature):
    """Append ``sqrt(x^2 + y^2 + z^2)`` of every triple of channels named ``..x``, ``..y``, ``..z``."""

    name = "magnitude"

    def __init__(self, skeleton: Skeleton, channels: tuple[str, ...]) -> None:
        stems = [channel[:-1] for channel in channels if channel.endswith("x")]
        triples = [tuple(f"{stem}{axis}" for axis in "xyz") for stem in stems]
        if not triples or not {c for triple in triples for c in triple} <= set(channels):
            raise ConfigError(
                f"feature 'magnitude' needs channels in triples ..x, ..y, ..z, got {channels}."
            )
        self._rows = [[channels.index(c) for c in triple] for triple in triples]
        self.channels = channels + tuple(f"{stem.rstrip('_')}_norm".lstrip("_") for stem in stems)

    def clip(self, x: Array) -> Array:
        norms = [np.sqrt(np.square(x[rows]).sum(axis=0, keepdims=True)) for rows in self._rows]
        return np.concatenate([x, *norms])

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        return self.clip(x), None
