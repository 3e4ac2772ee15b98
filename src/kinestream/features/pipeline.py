"""Features one after the other, for whole clips and for live frames.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kinestream.errors import ConfigError, DataError
from kinestream.features.body_frame import BodyFrame
from kinestream.features.bone import Bone, BoneMotion
from kinestream.features.centre import Centre
from kinestream.features.displacement import Displacement
from kinestream.features.feature import Array, Feature, Kept
from kinestream.features.heading import Heading
from kinestream.features.hold import Hold
from kinestream.features.magnitude import Magnitude
from kinestream.features.motion import Motion
from kinestream.features.relative import Relative
from kinestream.features.scale import Scale
from kinestream.features.standardise import Standardise
from kinestream.skeletons import Skeleton

FEATURES: dict[str, type[Feature]] = {
    feature.name: feature
    for feature in (
        *(BodyFrame, Bone, BoneMotion, Centre, Displacement, Heading, Hold, Magnitude, Motion),
        *(Relative, Scale, Standardise),
    )
}

Past = list[Kept | None]

# Features append channels, some double them: a bundle must not ask for more than memory holds.
MAX_CHANNELS = 1024


class Pipeline:
    """The way from raw joints to what a network takes; the same code in training and live.

    Args:
        skeleton: What the V axis means.
        channels: What the C axis of the raw joints means.
        specs: For each feature its name, or a mapping with ``name`` and arguments.

    Raises:
        ConfigError: A feature or an argument is unknown or comes at the wrong place, or they make
            too many channels.
        SkeletonError: The skeleton does not have the joints that a feature needs.
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
        for step in self.steps[1:]:
            if step.takes_missing:
                raise ConfigError(
                    f"feature {step.name!r} must come first, before {self.steps[0].name!r}: no other "
                    f"takes missing joints."
                )

    @property
    def channels(self) -> tuple[str, ...]:
        """What the C axis of the output means."""
        return self.steps[-1].channels if self.steps else self.raw_channels

    @property
    def num_joints(self) -> int:
        """Number of joints V."""
        return self.skeleton.num_joints

    @property
    def takes_missing(self) -> bool:
        """Whether raw joints may be NaN, where they are missing."""
        return bool(self.steps) and self.steps[0].takes_missing

    @property
    def absent(self) -> float:
        """What stands for the joints of a person who is not there: NaN if it may, else 0."""
        return np.nan if self.takes_missing else 0.0

    def check(self, x: Array, source: str = "") -> None:
        """Refuse raw joints (C, T, V, M) that this pipeline does not take.

        Args:
            x: Raw joints.
            source: Named in the message where it is known.

        Raises:
            DataError: A value is infinite, or NaN though missing joints are not taken.
        """
        check_finite(x, source, missing=self.takes_missing)

    def fit(self, clips: Iterable[Array]) -> None:
        """Let features that measure the training set measure it; clips are (C, T, V, M).

        Raises:
            DataError: As :meth:`check`.
        """
        clips = list(clips)
        for clip in clips:
            self.check(clip)
        people = [clip[..., m] for clip in clips for m in range(clip.shape[3])]
        for step in self.steps:
            if isinstance(step, Standardise):
                step.fit(people)
            people = [step.clip(person) for person in people]

    def clip(self, x: Array) -> Array:
        """(C, T, V, M) -> (C', T, V, M).

        Raises:
            DataError: As :meth:`check`.
        """
        self.check(x)
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


def check_finite(x: Array, source: str = "", *, missing: bool = False) -> None:
    """Refuse joints (C, T, V, M) that are infinite or NaN.

    Args:
        x: The joints.
        source: Named in the message where it is known.
        missing: Whether NaN may stand for a missing joint.

    Raises:
        DataError: Names the first frame and joint.
    """
    bad = np.isinf(x) if missing else ~np.isfinite(x)
    if not bad.any():
        return
    first = tuple(np.argwhere(bad)[0])
    way_out = (
        "a missing joint must be filled in or its frames left out before recognition; features that "
        "begin with 'hold' take missing joints as NaN"
        if np.isnan(x[first])
        else "a coordinate must be a finite number"
    )
    raise DataError(
        f"{source + ': ' if source else ''}joint {first[2]} of frame {first[1]} is {x[first]}: "
        f"{way_out} ({bad.sum()} values in all)."
    )


def _build(spec: str | dict[str, Any], skeleton: Skeleton, channels: tuple[str, ...]) -> Feature:
    arguments = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = arguments.pop("name", None)
    if not isinstance(name, str) or name not in FEATURES:
        raise ConfigError(f"unknown feature {name!r}; there are {', '.join(sorted(FEATURES))}.")
    try:
        feature = FEATURES[name](skeleton, channels, **arguments)  # type: ignore[call-arg]
    except TypeError:
        raise ConfigError(
            f"feature {name!r} does not take {sorted(map(str, arguments))}."
        ) from None
    feature.arguments = arguments
    return feature
