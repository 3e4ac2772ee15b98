"""People seen in frames, put into one array with a slot for each of them.

Legend: C channels, T frames, V joints, M people, R sightings.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES
from kinestream.errors import DataError
from kinestream.formats.repairs import Repairs

MAX_PEOPLE = 32

Whole = NDArray[np.int64]
Joints = NDArray[np.float32]


def scene(
    path: Path, num_frames: int, frames: Whole, people: Whole, poses: Joints
) -> tuple[Joints, Repairs]:
    """Put sightings of people into an array.

    A sighting without a single joint is none. Of more than :data:`MAX_PEOPLE` people those seen
    most often stay, and of two sightings of a person in a frame the first.

    Args:
        path: The recording, for errors.
        num_frames: Number of frames T.
        frames: (R,) the frame of each sighting, 0 to T - 1.
        people: (R,) who is seen, a number for each person. Slots are in the order of the numbers.
        poses: (R, V, C), NaN where a joint is missing.

    Returns:
        (C, T, V, M), NaN for people who are not there, and the counts of missing joints, dropped
        people and duplicates.

    Raises:
        DataError: Nobody is seen in any frame, or the array would be too large for a clip.
    """
    seen = ~np.isnan(poses).all(axis=(1, 2))
    frames, people, poses = frames[seen], people[seen], poses[seen]
    if not len(people):
        raise DataError(f"{path}: nobody is seen in any of {num_frames} frames.")
    known, count = np.unique(people, return_counts=True)
    kept = np.sort(known[np.argsort(-count, kind="stable")[:MAX_PEOPLE]])
    chosen = np.isin(people, kept)
    slots = np.searchsorted(kept, people[chosen])
    _, first = np.unique(frames[chosen] * len(kept) + slots, return_index=True)
    frames, slots, poses = frames[chosen][first], slots[first], poses[chosen][first]
    shape = (poses.shape[2], num_frames, poses.shape[1], len(kept))
    check_size(path, shape)
    data = np.full(shape, np.nan, dtype=np.float32)
    data[:, frames, :, slots] = poses.transpose(0, 2, 1)  # (R, C, V)
    return data, Repairs(
        duplicates=int(chosen.sum()) - len(first),
        missing_joints=int(np.isnan(poses).any(axis=2).sum()),
        dropped_people=len(known) - len(kept),
    )


def order_in_frame(frames: Whole) -> Whole:
    """A number for each sighting: which one of its frame it is, for people without an identity.

    >>> order_in_frame(np.array([0, 0, 2, 0, 2])).tolist()
    [0, 1, 0, 2, 1]
    """
    order = np.argsort(frames, kind="stable")
    begins = np.searchsorted(frames[order], frames[order], side="left")
    place = np.empty(len(frames), dtype=np.int64)
    place[order] = np.arange(len(frames)) - begins
    return place


def joints_whole_or_missing(
    poses: NDArray[np.float32] | NDArray[np.float64], score: int | None = None
) -> Joints:
    """Poses (R, V, C) in which a joint with a NaN, or with a score of 0, is NaN in all channels.

    Args:
        poses: (R, V, C).
        score: The channel that tells how sure the joint is, if there is one.
    """
    missing: NDArray[np.bool_] = np.asarray(np.isnan(poses).any(axis=2))
    if score is not None:
        missing |= poses[..., score] <= 0
    return np.where(missing[..., None], np.nan, poses).astype(np.float32)


def check_size(path: Path, shape: tuple[int, int, int, int]) -> None:
    """Refuse what is larger than a clip may be, before memory is taken.

    Raises:
        DataError: (C, T, V, M) are more values than ``clips.MAX_VALUES``.
    """
    if int(np.prod(shape, dtype=np.float64)) > MAX_VALUES:
        raise DataError(
            f"{path} has {shape[1]} frames of {shape[3]} people, too long for one clip: cut the "
            f"recording first."
        )
