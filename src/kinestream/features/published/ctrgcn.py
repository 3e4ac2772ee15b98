"""Cropping, turning and streams as in CTR-GCN.

Source: CTR-GCN (Chen et al., ICCV 2021), its feeders.

Legend: C channels, T frames, V joints, M people, W frames of a window.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import ConfigError, DataError

Array = NDArray[np.float32]

SHORTEST_CROP = 64
"""A random crop is not shorter, where the recording allows."""


def valid_frames(data: Array) -> int:
    """Frames of (C, T, V, M) whose values do not add up to 0."""
    return int((data.sum(axis=(0, 2, 3)) != 0).sum())


def centre_crop(valid: int, share: float) -> tuple[int, int]:
    """First frame and length of the middle ``share`` of the first ``valid`` frames.

    >>> centre_crop(50, 0.5)
    (12, 26)
    """
    cut = int((1 - share) * valid / 2)
    return cut, valid - 2 * cut


def random_crop(valid: int, share: float, rng: np.random.Generator) -> tuple[int, int]:
    """First frame and length of a crop of about ``share`` of the first ``valid`` frames."""
    length = crop_length(valid, share)
    return int(rng.integers(0, valid - length + 1)), length


def crop_length(valid: int, share: float) -> int:
    """Frames that a random crop takes: a share, 64 at least, all at most.

    >>> crop_length(200, 0.5), crop_length(90, 0.5), crop_length(30, 0.5)
    (100, 64, 30)
    """
    return min(max(int(np.floor(valid * share)), SHORTEST_CROP), valid)


def crop_resize(data: Array, start: int, length: int, window: int) -> Array:
    """Cut ``length`` frames out of (C, T, V, M) and stretch them to (C, window, V, M).

    Frames of the window lie evenly in the crop, half a step from its ends, on lines between its
    frames.

    Raises:
        DataError: The crop is empty or leaves the clip, or the window is empty.
    """
    if length < 1 or window < 1 or not 0 <= start <= data.shape[1] - length:
        raise DataError(
            f"frames {start} to {start + length} of {data.shape[1]} cannot become {window}."
        )
    crop = data[:, start : start + length]
    # The step, then the places in float32, as published: it shows where frames are far apart.
    places = (np.arange(window) + 0.5) * np.float64(np.float32(length / window)) - 0.5
    places = places.astype(np.float32).clip(0, length - 1)
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, length - 1)
    share = (places - before.astype(np.float32))[:, None, None]
    return np.asarray(crop[:, before] * (1 - share) + crop[:, after] * share, np.float32)


def valid_crop_resize(
    data: Array,
    valid: int,
    shares: Sequence[float],
    window: int,
    rng: np.random.Generator | None = None,
) -> Array:
    """Crop the first ``valid`` frames and stretch them to a window.

    Args:
        data: (C, T, V, M).
        valid: Frames, from the first, that are looked at.
        shares: One share crops the middle; two are the least and greatest of a random crop.
        window: W.
        rng: Draws random crops.

    Returns:
        (C, W, V, M).

    Raises:
        ConfigError: There are not one or two shares, or two without ``rng``.
        DataError: Nothing is left.
    """
    if len(shares) == 1:
        return crop_resize(data, *centre_crop(valid, shares[0]), window)
    if len(shares) != 2 or rng is None:
        raise ConfigError(f"shares must be one, or two with a generator, got {list(shares)}.")
    return crop_resize(data, *random_crop(valid, rng.uniform(shares[0], shares[1]), rng), window)


def turn(data: Array, angles: NDArray[np.floating]) -> Array:
    """Turn (3, T, V, M) by (3,) angles in radians about x, then y, then z, clockwise.

    The published augmentation draws each angle from -0.3 to 0.3.
    """
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles), np.cos(angles)
    about_x = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_z = np.array([[cz, sz, 0], [-sz, cz, 0], [0, 0, 1]])
    matrix = about_z @ about_y @ about_x
    return np.asarray(np.einsum("ij,jtvm->itvm", matrix, data), np.float32)


def bones(data: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    """(C, T, V, M): joint minus parent for each (joint, parent) of the pairs, 0 elsewhere."""
    made = np.zeros_like(data)
    for joint, parent in pairs:
        made[:, :, joint] = data[:, :, joint] - data[:, :, parent]
    return made


def velocity(data: Array) -> Array:
    """(C, T, V, M): next minus current frame, 0 in the last."""
    made = np.zeros_like(data)
    made[:, :-1] = data[:, 1:] - data[:, :-1]
    return made
