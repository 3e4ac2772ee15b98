"""What a feature is: a causal map of joints with a clip form and a frame form that agree.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Kept = NDArray[Any]
"""What a feature remembers of a stream, in the precision it needs; never changed in place."""


class Feature(ABC):
    """One step of a pipeline, for one person.

    Attributes:
        name: How configurations and bundles call it.
        channels: What the C axis of its output means.
        takes_missing: Whether its input may be NaN, and its output never is. Such a feature comes
            first in a pipeline.
        arguments: Those of the configuration, as plain JSON values; set by the pipeline.
    """

    name: str
    channels: tuple[str, ...]
    takes_missing: bool = False
    arguments: Mapping[str, Any] = MappingProxyType({})

    @abstractmethod
    def clip(self, x: Array) -> Array:
        """(C, T, V) -> (C', T, V)."""

    @abstractmethod
    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        """One frame (C, V) -> (C', V), and what the next frame needs of this one.

        ``past`` is ``None`` on a stream's first frame.
        """

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values from which :class:`kinestream.features.Pipeline` makes it again."""
        return {"name": self.name, **self.arguments}
