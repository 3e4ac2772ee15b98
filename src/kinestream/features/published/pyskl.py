"""Preprocessing of 3-D skeletons and of clips as in PYSKL.

Source: PYSKL (Duan et al., ACM MM 2022), its pipelines PreNormalize3D, PadTo and FormatGCNInput.

Legend: M people, T frames, V joints, C channels, K clips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import ConfigError, DataError
from kinestream.features.published.turning import turn_onto

Points = NDArray[np.floating]


@dataclass(frozen=True)
class Normalised3D:
    """What :func:`pre_normalise_3d` makes.

    Attributes:
        points: (M, T', V, 3); float64 once something was turned.
        body_centre: (3,) what was subtracted; ``None`` where nothing was.
    """

    points: Points
    body_centre: Points | None

    @property
    def total_frames(self) -> int:
        """Frames T' that were kept."""
        return int(self.points.shape[1])


def pre_normalise_3d(
    points: Points,
    *,
    zaxis: tuple[int, int] = (0, 1),
    xaxis: tuple[int, int] = (8, 4),
    align_centre: bool = True,
    align_spine: bool = True,
    centre: int | None = None,
) -> Normalised3D:
    """Leave out empty frames, put the body's centre at the origin, stand it up, face it forward.

    Frames in which the main person is all zeros are left out; of two people the one seen in more
    frames is the main one. ``centre`` of the first frame left is subtracted from every joint that is
    not zero. Then all is turned so that ``zaxis`` of that frame points to +z, and again so that
    ``xaxis``, from its second joint to its first, points to +x.

    Args:
        points: (M, T, V, 3) with one or two people, zeros where nobody is.
        zaxis: Lower and upper joint.
        xaxis: Right and left joint.
        align_centre: Whether to subtract the centre.
        align_spine: Whether to turn.
        centre: The joint that is the centre; by default 1 of 25, and the last of another number.

    Raises:
        DataError: The shape is another.
    """
    if points.ndim != 4 or points.shape[0] not in (1, 2) or points.shape[3] != 3:
        raise DataError(f"points must be (M, T, V, 3) of one or two people, got {points.shape}.")
    if not points.any():
        return Normalised3D(points, None)
    points = _main_person_first(points)
    if centre is None:
        centre = 1 if points.shape[2] == 25 else -1
    middle = None
    if align_centre:
        middle = points[0, 0, centre].copy()
        points = np.where((points != 0).any(axis=-1, keepdims=True), points - middle, 0)
    if align_spine:
        points = points @ turn_onto(points[0, 0, zaxis[1]] - points[0, 0, zaxis[0]], 2).T
        points = points @ turn_onto(points[0, 0, xaxis[0]] - points[0, 0, xaxis[1]], 0).T
    return Normalised3D(points, middle)


def _main_person_first(points: Points) -> Points:
    """Frames in which the main person is there, that person first."""
    there = np.asarray(~np.isclose(points, 0).all(axis=(2, 3)))  # (M, T)
    main = int(len(there) == 2 and there[1].sum() > there[0].sum())
    kept = np.flatnonzero(there[main])
    return (points[::-1] if main else points)[:, kept]


def pad_to(points: Points, length: int, mode: str = "loop") -> Points:
    """(M, T, V, C) -> (M, length, V, C): go round again, or add zeros; longer ones are cut.

    Raises:
        ConfigError: ``mode`` is neither ``loop`` nor ``zero``.
    """
    if mode not in ("loop", "zero"):
        raise ConfigError(f"mode must be loop or zero, got {mode!r}.")
    frames = np.arange(length)
    padded = points[:, frames % points.shape[1]]
    if mode == "zero":
        padded[:, frames >= points.shape[1]] = 0
    return padded


def format_gcn_input(points: Points, *, people: int = 2, clips: int = 1) -> Points:
    """(M, K * T, V, C) -> (K, people, T, V, C): as many people as a network takes, clip by clip.

    People who are not there are zeros. That holds for the original's mode ``loop`` too: it was to
    copy the only person, but looks for one after zeros have been added.

    Args:
        points: K clips after one another.
        people: How many there will be; further ones are left out.
        clips: K.

    Raises:
        DataError: The frames do not divide into the clips.
    """
    if clips < 1 or points.shape[1] % clips:
        raise DataError(f"{points.shape[1]} frames do not divide into {clips} clips.")
    filled = np.zeros((people, *points.shape[1:]), points.dtype)
    filled[: len(points)] = points[:people]
    return np.moveaxis(filled.reshape(people, clips, -1, *points.shape[2:]), 1, 0)
