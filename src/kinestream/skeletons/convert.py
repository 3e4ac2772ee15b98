"""Conversion of joint positions from one layout to another, by what the joints are.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError, SkeletonError
from kinestream.skeletons.anatomy import points_of, recipes_for
from kinestream.skeletons.skeleton import Skeleton

CONFIDENCES = frozenset({"score", "confidence", "visibility"})

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Origin:
    """How one joint of the target is had.

    Attributes:
        joint: Its name in the target.
        how: ``exact`` is a joint of the source as it is, ``derived`` a weighted mean of several,
            ``missing`` cannot be had.
        weights: ``(joint of the source, weight)``: one of weight 1, several that sum to 1, or none.
        note: What a derived joint is worth.
    """

    joint: str
    how: Literal["exact", "derived", "missing"]
    weights: tuple[tuple[str, float], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Conversion:
    """The way from one layout to another.

    Positions stay in the units and axes of the source. A joint that the source does not have, and
    from which it cannot be worked out, is missing: nothing is put in its place.

    Attributes:
        source: The layout of the data at hand.
        target: The layout that is wanted.
        joints: How each joint of the target is had, in their order.

    Raises:
        SkeletonError: A layout is one of sensors, or no joint of the target can be had.

    >>> from kinestream.skeletons import skeleton
    >>> way = Conversion(skeleton("coco17"), skeleton("openpose18"))
    >>> way.joints[1].how, way.joints[1].weights
    ('derived', (('left_shoulder', 0.5), ('right_shoulder', 0.5)))
    >>> len(way.exact), way.derived, way.missing
    (17, ('neck',), ())
    """

    source: Skeleton
    target: Skeleton
    joints: tuple[Origin, ...] = field(init=False)

    def __post_init__(self) -> None:
        for layout in (self.source, self.target):
            if layout.units == "imu":
                raise SkeletonError(
                    f"{layout.name!r} is a layout of sensors: what a sensor measures depends on how "
                    f"it is worn, so it is neither a position nor another sensor's reading. Only "
                    f"layouts of joint positions can be converted."
                )
        object.__setattr__(self, "joints", _origins(self.source, self.target))
        if len(self.missing) == self.target.num_joints:
            raise SkeletonError(
                f"no joint of {self.target.name!r} can be had from {self.source.name!r}: no names "
                f"agree. If both are of the whole body, name the joints as layout 'coco17' does."
            )

    @property
    def exact(self) -> tuple[str, ...]:
        """Joints of the target that the source has."""
        return self._had("exact")

    @property
    def derived(self) -> tuple[str, ...]:
        """Joints of the target that are worked out from several of the source."""
        return self._had("derived")

    @property
    def missing(self) -> tuple[str, ...]:
        """Joints of the target that cannot be had."""
        return self._had("missing")

    def _had(self, how: str) -> tuple[str, ...]:
        return tuple(origin.joint for origin in self.joints if origin.how == how)

    def apply(self, data: NDArray[np.floating], channels: Sequence[str] = ("x", "y", "z")) -> Array:
        """Convert joint data.

        Args:
            data: (C, T, V, M) in the order of the source's joints; NaN where a joint is missing.
            channels: What the C axis means. ``score``, ``confidence`` and ``visibility`` say how
                sure a joint is; everything else is taken for a coordinate.

        Returns:
            (C, T, V', M) float32. Exact joints are copied bit for bit. A coordinate of a derived
            joint is the weighted mean in float64, NaN where one of its sources is; that of a
            missing joint is NaN. A confidence is the lowest among the sources, 0 without any.

        Raises:
            SkeletonError: The V axis is not the source's.
            DataError: The data is not (C, T, V, M), or ``channels`` has another length than C.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            data = np.asarray(data, dtype=np.float32)
            self._check(data, channels)
            sure = np.array([channel in CONFIDENCES for channel in channels], dtype=bool)
            made = np.full((*data.shape[:2], len(self.joints), data.shape[3]), np.nan, np.float32)
            made[sure] = 0
            for v, origin in enumerate(self.joints):
                held = data[:, :, [self.source.index(joint) for joint, _ in origin.weights]]
                if origin.how == "exact":
                    made[:, :, v] = held[:, :, 0]
                elif origin.how == "derived":
                    weights = [weight for _, weight in origin.weights]
                    made[~sure, :, v] = _mean(held[~sure], weights)
                    made[sure, :, v] = held[sure].min(axis=2)
        return made

    def _check(self, data: Array, channels: Sequence[str]) -> None:
        if data.ndim != 4:
            raise DataError(f"joint data must be (C, T, V, M), got shape {data.shape}.")
        if data.shape[2] != self.source.num_joints:
            raise SkeletonError(
                f"joints must be (C, T, {self.source.num_joints}, M) for skeleton "
                f"{self.source.name!r}, got {data.shape}: name the skeleton that has "
                f"{data.shape[2]} joints."
            )
        if data.shape[0] != len(channels):
            raise DataError(
                f"channels {tuple(channels)} name {len(channels)} values, the data has "
                f"{data.shape[0]}."
            )


def _mean(positions: Array, weights: Sequence[float]) -> NDArray[np.float64]:
    """Weighted mean over joints: (C, T, S, M) of S sources to (C, T, M)."""
    total = np.zeros((*positions.shape[:2], positions.shape[3]))
    for s, weight in enumerate(weights):
        total += weight * positions[:, :, s].astype(np.float64)
    return total


def _origins(source: Skeleton, target: Skeleton) -> tuple[Origin, ...]:
    held: dict[str, list[str]] = {}
    for joint, point in zip(source.joints, points_of(source), strict=True):
        held.setdefault(point, []).append(joint)
    return tuple(
        _origin(joint, point, held)
        for joint, point in zip(target.joints, points_of(target), strict=True)
    )


def _origin(joint: str, point: str, held: dict[str, list[str]]) -> Origin:
    """How a joint is had from a source that holds these joints at these points."""
    if point in held:
        # A user's skeleton may have several names for one point: the same name is the best of them.
        same = joint if joint in held[point] else held[point][0]
        return Origin(joint, "exact", ((same, 1.0),))
    for recipe in recipes_for(point):
        if all(part in held for part, _ in recipe.weights):
            weights = tuple((held[part][0], weight) for part, weight in recipe.weights)
            return Origin(joint, "derived", weights, recipe.note)
    return Origin(joint, "missing")
