"""2-D normalisation and the four streams as in PYSKL.

Source: PYSKL (Duan et al., ACM MM 2022), its pipelines PreNormalize2D, JointToBone, ToMotion and
GenSkeFeat.

Legend: M people, T frames, V joints, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import ConfigError, DataError

Points = NDArray[np.floating]

# The joint that each joint hangs on, a root on itself. They are PYSKL's own: its COCO hangs hips and
# shoulders on the nose.
_NTU = (1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 20, 22, 7, 24, 11)
PARENTS: dict[str, tuple[int, ...]] = {
    "ntu": _NTU,
    "coco": (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 0, 0, 11, 12, 13, 14),
    "openpose": (0, 0, 1, 2, 3, 1, 5, 6, 2, 8, 9, 5, 11, 12, 0, 0, 14, 15),
    "handmp": (0, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19),
}
"""Layouts by their short names."""

BONE_SCORES = ("coco", "openpose", "handmp")
MOTION_SCORES = ("coco", "openpose")
"""Where the third channel is a score: a bone or a motion has the mean of two."""

STREAMS = ("j", "b", "jm", "bm")


def pre_normalise_2d(
    points: Points,
    image: tuple[int, int] | None = None,
    *,
    mode: str = "fix",
    threshold: float = 0.01,
) -> Points:
    """Bring pixels to -1 to 1.

    Args:
        points: (M, T, V, 2 or 3), x, y and perhaps a score, in pixels.
        image: Height and width, which ``fix`` needs.
        mode: ``fix`` measures from the middle of the image in halves of it. ``auto`` measures from
            the middle of all points with a score above ``threshold``, in halves of their range, if
            they span more than 10 pixels both ways; without it, points stay as they are.
        threshold: With scores, points that have this or less become 0.

    Raises:
        ConfigError: ``mode`` is another, or ``fix`` has no image.
        DataError: The shape is another.
    """
    if points.ndim != 4 or points.shape[3] not in (2, 3):
        raise DataError(f"points must be (M, T, V, 2 or 3), got {points.shape}.")
    if mode not in ("fix", "auto") or (mode == "fix" and image is None):
        raise ConfigError(f"mode must be auto, or fix with an image's size, got {mode!r}.")
    scored = points.shape[3] == 3
    seen = points[..., 2] > threshold if scored else np.ones(points.shape[:3], bool)
    size = np.asarray([1, 1] if image is None else image[::-1], points.dtype)  # width, height
    low, high = np.zeros_like(size), size
    if mode == "auto":
        low, high = _span(points[..., :2][seen], size)
    made = points.copy()
    made[..., :2] = (points[..., :2] - (low + high) / 2) / ((high - low) / 2)
    if scored:
        made[..., :2][~seen] = 0
    return made


def _span(points: Points, otherwise: Points) -> tuple[Points, Points]:
    """Least and greatest x and y of (N, 2)."""
    if len(points):
        low, high = points.min(axis=0), points.max(axis=0)
        if (high - low > 10).all():
            return low, high
    return -np.ones_like(otherwise), np.ones_like(otherwise)


def streams(
    points: Points, layout: str, names: Sequence[str], score: Points | None = None
) -> Points:
    """Streams of a clip, side by side on the last axis in the order asked for.

    Args:
        points: (M, T, V, C).
        layout: One of :data:`PARENTS`.
        names: Of ``j`` joints, ``b`` bones, ``jm`` and ``bm`` how they move.
        score: (M, T, V), becomes a further channel of ``points``.

    Returns:
        (M, T, V, C or a multiple).

    Raises:
        ConfigError: There is no such layout or stream.
        DataError: The joints are not those of the layout.
    """
    if layout not in PARENTS or not names or not set(names) <= set(STREAMS):
        raise ConfigError(
            f"layout must be one of {', '.join(PARENTS)}, streams of {', '.join(STREAMS)}, got "
            f"{layout!r} and {list(names)}."
        )
    if points.ndim != 4 or points.shape[2] != len(PARENTS[layout]):
        raise DataError(
            f"points must be (M, T, {len(PARENTS[layout])}, C) for layout {layout!r}, got "
            f"{points.shape}."
        )
    if score is not None:
        points = np.concatenate([points, score[..., None]], axis=-1)
    made = {"j": points, "b": bones(points, layout)}
    made |= {"jm": motion(made["j"], layout), "bm": motion(made["b"], layout)}
    return np.concatenate([made[name] for name in names], axis=-1)


def bones(points: Points, layout: str) -> Points:
    """(M, T, V, C): child minus parent."""
    hung_on = points[:, :, list(PARENTS[layout])]
    made = points - hung_on
    if points.shape[3] == 3 and layout in BONE_SCORES:
        made[..., 2] = (points[..., 2] + hung_on[..., 2]) / 2
    return made


def motion(points: Points, layout: str) -> Points:
    """(M, T, V, C): next minus current frame, 0 in the last."""
    made = np.zeros_like(points)
    made[:, :-1] = points[:, 1:] - points[:, :-1]
    if points.shape[3] == 3 and layout in MOTION_SCORES:
        made[:, :-1, :, 2] = (points[:, 1:, :, 2] + points[:, :-1, :, 2]) / 2
    return made
