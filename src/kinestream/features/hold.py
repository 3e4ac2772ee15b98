"""Missing joints: a place for each, and how far it is to be trusted.

Legend: C channels, T frames, V joints.
"""

from __future__ import annotations

import numpy as np

from kinestream.errors import ConfigError
from kinestream.features.arguments import finite, whole
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.seen import Mask
from kinestream.skeletons import Skeleton


class Hold(Feature):
    """Let a missing joint stay where it was for a while, then fill it in; say so in ``seen``.

    A joint is missing in a frame where one of its values is NaN, or its ``score`` is below
    ``min_score``. It keeps the values that it had when it was last seen for ``hold_frames`` frames;
    after that, and before it was ever seen, all of them are ``fill``. The channel ``seen`` is
    appended: 1 where a joint is seen, falling by 1 / (hold_frames + 1) a frame while it is held, 0
    where it is filled in. ``score`` is not held: it passes, and NaN becomes 0.

    It comes first in a pipeline, which then takes NaN. Features after it leave ``seen`` alone and
    put 0 where it is 0.

    Args:
        skeleton: Not needed.
        channels: Names of the input channels.
        hold_frames: Frames that a missing joint keeps its place, 0 or more.
        fill: What stands for a joint that is not seen.
        min_score: A joint with a lower ``score`` counts as missing.

    Raises:
        ConfigError: An argument is no number, there is no ``score`` for ``min_score``, or the
            channels have a ``seen`` already.
    """

    name = "hold"
    takes_missing = True

    def __init__(
        self,
        skeleton: Skeleton,
        channels: tuple[str, ...],
        hold_frames: int = 10,
        fill: float = 0.0,
        min_score: float | None = None,
    ) -> None:
        if "seen" in channels:
            raise ConfigError(f"feature 'hold' makes a channel 'seen', which {channels} has.")
        if min_score is not None and "score" not in channels:
            raise ConfigError(
                f"feature 'hold': min_score needs a channel 'score' among channels {channels}."
            )
        self.channels = (*channels, "seen")
        self._score = channels.index("score") if "score" in channels else None
        self._hold = whole(hold_frames, 0, "feature 'hold': hold_frames")
        self._fill = np.float32(finite(fill, "feature 'hold': fill"))
        self._least = None if min_score is None else finite(min_score, "feature 'hold': min_score")

    def clip(self, x: Array) -> Array:
        frames = np.arange(x.shape[1])[:, None]
        last = np.maximum.accumulate(np.where(self._missing(x), -1, frames))  # (T, V)
        age = np.where(last < 0, self._hold + 1, frames - last)
        held = np.take_along_axis(x, np.maximum(last, 0)[None], axis=1)
        return self._fill_in(x, held, age)

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        missing = self._missing(x)  # (V)
        if past is None:
            past = np.concatenate([x, np.full((1, x.shape[1]), self._hold, np.float32)])
        held = np.where(missing, past[:-1], x)
        age = np.where(missing, np.minimum(past[-1] + 1, self._hold + 1), 0)
        return self._fill_in(x, held, age), np.concatenate([held, age[None]])

    def _missing(self, x: Array) -> Mask:
        missing = np.isnan(x).any(axis=0)
        if self._score is not None and self._least is not None:
            missing |= x[self._score] < self._least
        return np.asarray(missing)

    def _fill_in(self, x: Array, held: Array, age: Kept) -> Array:
        """(C, [T,] V) of now and of when joints were last seen, ([T,] V) frames since."""
        y = np.where(age <= self._hold, held, self._fill)
        if self._score is not None:
            y[self._score] = np.nan_to_num(x[self._score], nan=0.0)
        seen = np.maximum(1 - age.astype(np.float64) / (self._hold + 1), 0).astype(np.float32)
        return np.concatenate([y, seen[None]])
