"""What a camera's tracker gets wrong: places that are nearly right, and joints that it cannot see.

Legend: T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.kinect import tracked

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Bones = Sequence[tuple[int, int]]

USUAL_M = 3.0  # the distance at which a tracker errs as a Kinect does
TRUNK_M, BEHIND_M = 0.13, 0.12  # how wide a trunk is, and how far behind it a joint is hidden
BURST_S = (0.1, 0.8)  # how long a joint is lost
BURSTS = 0.12  # in a second, of each joint, at occlusion 1
GUESSED_S = 1.0  # how long a tracker guesses where a hidden joint is
FURNITURE_S = (1.5, 4.0)
FURNITURE = 0.06  # in a second, at occlusion 1


def tracked_at(seen: Array, rng: np.random.Generator, fps: float, noise: float) -> Array:
    """(T, V, 3) joints as a tracker finds them: worse in fast movements and far away."""
    far = np.clip(seen[..., 2:] / USUAL_M, 0.5, 3.0)
    return np.asarray(seen + noise * far * (tracked(seen, rng, fps) - seen))


def hidden(
    seen: Array, trunks: Array, rng: np.random.Generator, fps: float, occlusion: float
) -> Mask:
    """Which joints are hidden, by a trunk or by furniture.

    Args:
        seen: (T, V, 3, M) in camera axes.
        trunks: (T, P, 3, M), points along the trunk of each person.
        rng: Where chance comes from.
        fps: Frames per second.
        occlusion: From 0, nothing, to 1.

    Returns:
        (T, V, M).
    """
    frames, joints, _, people = seen.shape
    mask = np.zeros((frames, joints, people), dtype=bool)
    if not occlusion:
        return mask
    # Each joint has its own luck: at occlusion 1 all that a trunk covers is lost.
    luck = rng.uniform(size=(joints, people)) < occlusion
    for person in range(people):
        for other in range(people):
            mask[..., person] |= _behind(seen[..., person], trunks[..., other])
    mask &= luck
    for start, stop in _spells(rng, frames, fps, FURNITURE * occlusion, FURNITURE_S):
        edge = np.quantile(seen[start:stop, :, 1], rng.uniform(0.1, 0.4))
        mask[start:stop] |= seen[start:stop, :, 1] < edge
    return mask


def lost(shape: tuple[int, ...], rng: np.random.Generator, fps: float, occlusion: float) -> Mask:
    """Which of (T, V, M) joints a tracker loses for a moment, without any reason."""
    mask = np.zeros(shape, dtype=bool)
    if occlusion:
        for joint in np.ndindex(shape[1:]):
            for start, stop in _spells(rng, shape[0], fps, BURSTS * occlusion, BURST_S):
                mask[(slice(start, stop), *joint)] = True
    return mask


def held(values: Array, mask: Mask, bones: Bones, most: int) -> Array:
    """Places as a tracker guesses them where joints are hidden.

    A hidden joint goes along with its parent, from which it is as far and in the same direction as
    when it was last seen. One without a parent goes along with the middle of the body. What was
    not seen before, or not for long, is NaN.

    Args:
        values: (T, V, C, M) true places.
        mask: (T, V, M), what is hidden.
        bones: (child, parent) pairs.
        most: Frames after which a tracker no longer guesses.
    """
    frames, joints = values.shape[:2]
    now = np.arange(frames)[:, None, None]
    last = np.maximum.accumulate(np.where(mask, -1, now), axis=0)  # (T, V, M)
    unknown = (last < 0) | (now - last > most)
    parent_of = dict(bones)
    kept = values.copy()
    middle = values.mean(axis=1)  # (T, C, M)
    for joint in sorted(range(joints), key=lambda joint: _depth(joint, parent_of)):
        parent = parent_of.get(joint)
        base, guessed = (middle, middle) if parent is None else (values[:, parent], kept[:, parent])
        then = np.maximum(last[:, joint], 0)[:, None]  # (T, 1, M)
        away = np.take_along_axis(values[:, joint] - base, then, axis=0)
        away = np.where(unknown[:, joint, None], np.nan, away)
        kept[:, joint] = np.where(mask[:, joint, None], guessed + away, values[:, joint])
    return kept


def _depth(joint: int, parent_of: Mapping[int, int]) -> int:
    """Number of bones from a joint to its root."""
    for depth in range(len(parent_of) + 1):
        if joint not in parent_of:
            return depth
        joint = parent_of[joint]
    return 0


def _behind(seen: Array, trunk: Array) -> Mask:
    """Which of (T, V, 3) joints the camera would see through a trunk of (T, P, 3) points."""
    covered = np.zeros(seen.shape[:2], dtype=bool)
    far = np.linalg.norm(seen, axis=-1)  # (T, V)
    way = seen / np.maximum(far, 1e-6)[..., None]
    for p in range(trunk.shape[1]):
        at = trunk[:, p, None]  # (T, 1, 3)
        along = np.sum(at * way, axis=-1)  # (T, V): how far away the line of sight passes it
        aside = np.linalg.norm(at - along[..., None] * way, axis=-1)
        covered |= (aside < TRUNK_M) & (far > along + BEHIND_M)
    return covered


def _spells(
    rng: np.random.Generator, frames: int, fps: float, rate_hz: float, lasts_s: tuple[float, float]
) -> list[tuple[int, int]]:
    """Random spells as (start, stop) frames."""
    count = int(rng.poisson(rate_hz * frames / fps))
    starts = np.sort(rng.integers(0, frames, count))
    lengths = np.maximum(1, np.round(rng.uniform(*lasts_s, count) * fps)).astype(int)
    return [(int(a), int(a + n)) for a, n in zip(starts, lengths, strict=True)]
