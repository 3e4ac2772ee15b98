"""Features one after the other, for whole clips and for live frames.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kinestream.errors import ConfigError, DataError
from kinestream.features.centre import Centre
from kinestream.features.displacement import Displacement
from kinestream.features.feature import Array, Feature
from kinestream.features.heading import Heading
from kinestream.features.magnitude import Magnitude
from kinestream.features.standardise import Standardise
from kinestream.skeletons import Skeleton

FEATURES: dict[str, type[Feature]] = {
    feature.name: feature for feature in (Centre, Displacement, Heading, Magnitude, Standardise)
}

Past = list[Array | None]

# Features append channels, some double them: a bundle must not ask for more than memory holds.
MAX_CHANNELS = 1024


class Pipeline:
    """The way from raw joints to what a network takes; the same code in training and live.

    Args:
        skeleton: What the V axis means.
        channels: What the C axis of the raw joints means.
        specs: For each feature its name, or a mapping with ``name`` and arguments.

    Raises:
        ConfigError: A feature or an argument is unknown, or they make too many channels.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        channels: tuple[str, ...],
        specs: Sequence[str | dict[str, Any]],
    ) -> None:
        self.skeleton = skeleton
        self.raw_channels = channels
        self.steps: list[Feature] = []
        for spec in specs:
            self.steps.append(_build(spec, skeleton, self.channels))
            if len(self.channels) > MAX_CHANNELS:
                raise ConfigError(
                    f"features make more than {MAX_CHANNELS} channels: leave some out."
                )

    @property
    def channels(self) -> tuple[str, ...]:
        """What the C axis of the output means."""
        return self.steps[-1].channels if self.steps else self.raw_channels

    @property
    def num_joints(self) -> int:
        """Number of joints V."""
        return self.skeleton.num_joints

    def fit(self, clips: Iterable[Array]) -> None:
        """Let features that measure the training set measure it; clips are (C, T, V, M).

        Raises:
            DataError: A value is NaN or infinite.
        """
        clips = list(clips)
        for clip in clips:
            check_finite(clip)
        people = [clip[..., m] for clip in clips for m in range(clip.shape[3])]
        for step in self.steps:
            if isinstance(step, Standardise):
                step.fit(people)
            people = [step.clip(person) for person in people]

    def clip(self, x: Array) -> Array:
        """(C, T, V, M) -> (C', T, V, M).

        Raises:
            DataError: A value is NaN or infinite.
        """
        check_finite(x)
        people = []
        for m in range(x.shape[3]):
            person = x[..., m]
            for step in self.steps:
                person = step.clip(person)
            people.append(person)
        return np.stack(people, axis=-1)

    def start(self) -> Past:
        """What a stream that has seen nothing remembers."""
        return [None] * len(self.steps)

    def frame(self, x: Array, past: Past) -> tuple[Array, Past]:
        """One person's frame (C, V) -> (C', V), and what the next frame needs."""
        after: Past = []
        for step, before in zip(self.steps, past, strict=True):
            x, kept = step.frame(x, before)
            after.append(kept)
        return x, after

    def to_list(self) -> list[dict[str, Any]]:
        """Plain JSON values that rebuild the pipeline."""
        return [step.to_dict() for step in self.steps]


def check_finite(x: Array, source: str = "") -> None:
    """Refuse joints (C, T, V, M) that are NaN or infinite; ``source`` is named where it is known.

    Raises:
        DataError: Names the first frame and joint.
    """
    if np.isfinite(x).all():
        return
    bad = np.argwhere(~np.isfinite(x))[0]
    raise DataError(
        f"{source + ': ' if source else ''}joint {bad[2]} of frame {bad[1]} is {x[tuple(bad)]}: a "
        f"missing joint must be filled in or its frames left out before recognition "
        f"({(~np.isfinite(x)).sum()} values in all)."
    )


def _build(spec: str | dict[str, Any], skeleton: Skeleton, channels: tuple[str, ...]) -> Feature:
    arguments = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = arguments.pop("name", None)
    if not isinstance(name, str) or name not in FEATURES:
        raise ConfigError(f"unknown feature {name!r}; there are {', '.join(sorted(FEATURES))}.")
    try:
        return FEATURES[name](skeleton, channels, **arguments)  # type: ignore[call-arg]
    except TypeError:
        raise ConfigError(f"feature {name!r} does not take {sorted(arguments)}.") from None
