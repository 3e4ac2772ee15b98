"""A frame from outside: numbers of the shape that a bundle takes, or a sentence why not.

Legend: C channels, V joints, M people of a scene.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import DataError, SkeletonError
from kinestream.features import Pipeline

Array = NDArray[np.float32]

# Above this a coordinate is a broken sensor or a wrong unit, in metres, pixels or millimetres alike.
LARGEST_VALUE = 1e6


def checked_frame(joints: ArrayLike, pipeline: Pipeline, people: int) -> Array:
    """A frame as a stream takes it, people who are not there filled in.

    Args:
        joints: (C, V), of scenes (C, V, M) or fewer people.
        pipeline: Says what it takes.
        people: M; 1 of bundles that label each alone.

    Raises:
        SkeletonError: The shape is not the bundle's.
        DataError: A value is no number, infinite or absurd, or NaN though the features take no
            missing joints.
    """
    frame = shaped(numbers(joints, "a frame"), pipeline, people)
    if people > 1:
        frame = fill_scene(frame, people, pipeline.absent)
    _check_values(frame, pipeline)
    return frame


def numbers(values: ArrayLike, what: str) -> Array:
    """A copy in float32.

    Raises:
        DataError: Something is no number.
    """
    try:
        with np.errstate(over="ignore"):  # becomes infinite, and is refused as such
            return np.array(values, np.float32)
    except (TypeError, ValueError):
        raise DataError(f"{what} must be numbers, as many for each joint.") from None


def fill_scene(x: Array, people: int, absent: float = 0.0) -> Array:
    """(..., m) -> (..., M): fill in people who are not there, as networks of scenes are trained.

    Args:
        x: Raw joints.
        people: How many a scene holds.
        absent: What stands for the others; see :attr:`kinestream.features.Pipeline.absent`.

    Raises:
        DataError: There are more people than the scene holds.
    """
    if x.shape[-1] > people:
        raise DataError(f"{x.shape[-1]} people in a scene of {people}: choose which of them.")
    room = (*((0, 0),) * (x.ndim - 1), (0, people - x.shape[-1]))
    return np.pad(x, room, constant_values=absent)


def shaped(frame: Array, pipeline: Pipeline, people: int) -> Array:
    """A frame (C, V) or, of scenes of up to M people, (C, V, m).

    Raises:
        SkeletonError: It is neither.
    """
    expected: tuple[int, ...] = len(pipeline.raw_channels), pipeline.num_joints
    if people > 1 and frame.shape == expected:
        frame = frame[..., None]
    if people == 1 and frame.shape == expected:
        return frame
    scene = people > 1 and frame.ndim == 3 and frame.shape[:2] == expected
    if scene and 0 < frame.shape[2] <= people:
        return frame
    wanted = expected if people == 1 else (*expected, people)
    raise SkeletonError(
        f"a frame must be {wanted} (channels {', '.join(pipeline.raw_channels)}; joints "
        f"of skeleton {pipeline.skeleton.name!r}{'; people' if people > 1 else ''}), got "
        f"{frame.shape}."
    )


def _check_values(frame: Array, pipeline: Pipeline) -> None:
    bad = np.isinf(frame) if pipeline.takes_missing else ~np.isfinite(frame)
    if bad.any():
        first = tuple(np.argwhere(bad)[0])
        way_out = (
            "a missing joint must be filled in; bundle.live() takes frames with missing joints, and so "
            "do features that begin with 'hold'"
            if np.isnan(frame[first])
            else "a coordinate must be a finite number"
        )
        person = f" of person {first[2]}" if frame.ndim > 2 else ""
        raise DataError(
            f"joint {first[1]}{person} is {frame[first]}: {way_out} ({bad.sum()} values in all)."
        )
    if (np.abs(frame) > LARGEST_VALUE).any():
        raise DataError(
            f"a joint lies at {np.nanmax(np.abs(frame)):g} {pipeline.skeleton.units}; values above "
            f"{LARGEST_VALUE:g} are taken for a broken sensor or a wrong unit."
        )
