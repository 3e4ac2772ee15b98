"""What a feature is: a causal map of joints with a clip form and a frame form that agree.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Feature(ABC):
    """One step of a pipeline, for one person.

    Attributes:
        name: How configurations and bundles call it.
        channels: What the C axis of its output means.
    """

    name: str
    channels: tuple[str, ...]

    @abstractmethod
    def clip(self, x: Array) -> Array:
        """(C, T, V) -> (C', T, V)."""

    @abstractmethod
    def frame(self, x: Array, past: Array | None) -> tuple[Array, Array | None]:
        """One frame (C, V) -> (C', V), and what the next frame needs of this one.

        ``past`` is ``None`` on a stream's first frame.
        """

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values from which :func:`kinestream.features.build` makes it again."""
        return {"name": self.name}
