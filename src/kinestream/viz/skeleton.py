"""Skeletons at chosen frames, as small multiples.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import ConfigError, DataError
from kinestream.viz.canvas import LARGE, SMALL, clean, new_figure, place, save_figure, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Up = Literal["x", "y", "z", "-x", "-y", "-z"]
Array = NDArray[np.float64]

MAX_FRAMES = 64
DOWNWARDS = ("px", "image", "normalised")  # units of pictures: y is counted from the top

_LEFT, _RIGHT, _MIDDLE = "#0072B2", "#D55E00", "#4A4A4A"
_TURN = np.deg2rad(25)  # a view from a little aside shows depth
_PANEL, _CAPTION = 1.55, 0.34  # inches


def plot_skeleton(
    clip: Clip, frames: Sequence[int], path: str | Path, *, up: Up | None = None, title: str = ""
) -> Path:
    """Draw the people of a clip at chosen frames, at one scale: left blue, right orange.

    Each frame is centred from left to right.
    Three-dimensional joints are seen from the front, turned by 25 degrees about the upright.

    Args:
        clip: Positions, with channels that start with x, y or x, y, z; NaN joints are left out.
        frames: 1 to 64 frame indices; negative ones count from the end.
        path: ``.png``, ``.pdf`` or ``.svg``.
        up: Channel that points up; ``None`` takes ``-y`` for units of pictures (pixels, or
            parts of width and height) and ``y`` otherwise.
        title: Drawn above it.

    Raises:
        DataError: The clip holds no positions, or a frame is outside it.
        ConfigError: ``up`` is not a channel of the clip, or the path has another ending.
        MissingExtraError: matplotlib is not installed.
    """
    frames = _checked_frames(clip, frames)
    flat = project(clip, frames, up)  # (F, V, M, 2)
    columns = min(len(frames), 8)
    lines = -(-len(frames) // columns)
    head = 0.38 if title else 0.08
    figure = new_figure(columns * _PANEL + 0.2, head + lines * (_PANEL + _CAPTION) + 0.08)
    if title:
        write(figure, 0.14, 0.12, clean(title, 16 * columns), LARGE, weight="bold")
    limits = _limits(flat)
    for number, frame in enumerate(frames):
        left = 0.1 + number % columns * _PANEL
        top = head + number // columns * (_PANEL + _CAPTION)
        axes = place(figure, left, top + _CAPTION, _PANEL, _PANEL)
        draw_people(axes, clip, flat[number])
        axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
        axes.set_axis_off()
        middle = {"ha": "center"}
        write(figure, left + _PANEL / 2, top + 0.03, _caption(clip, frame), SMALL, **middle)
    return save_figure(figure, path)


def _checked_frames(clip: Clip, frames: Sequence[int]) -> list[int]:
    if not 1 <= len(frames) <= MAX_FRAMES:
        raise DataError(f"name 1 to {MAX_FRAMES} frames to draw, got {len(frames)}.")
    for frame in frames:
        if not -clip.num_frames <= frame < clip.num_frames:
            raise DataError(f"frame {frame} is outside the clip of {clip.num_frames} frames.")
    return [int(frame) % clip.num_frames for frame in frames]


def project(clip: Clip, frames: Sequence[int], up: Up | None) -> Array:
    """Joints of frames on paper, each frame in the middle: (F, V, M, 2) to the right and up.

    Raises:
        DataError: The clip holds no positions.
        ConfigError: ``up`` is not a channel of the clip.
    """
    depth = clip.channels[:3] == ("x", "y", "z")
    if clip.channels[:2] != ("x", "y"):
        raise DataError(
            f"a skeleton is drawn from positions (x, y or x, y, z first); this clip has channels "
            f"{', '.join(clip.channels)}."
        )
    up = up or ("-y" if clip.skeleton.units in DOWNWARDS else "y")
    known = [each for each in get_args(Up) if depth or each[-1] != "z"]
    if up not in known:
        raise ConfigError(f"up must be one of {', '.join(known)} for this clip, got {up!r}.")
    axes = ("x", "y", "z") if depth else ("x", "y")
    points = np.moveaxis(
        clip.data[: len(axes), list(frames)].astype(np.float64), 0, -1
    )  # (F, V, M, 2|3)
    points[~np.isfinite(points).all(axis=-1)] = np.nan
    height = points[..., axes.index(up[-1])] * (-1 if up[0] == "-" else 1)
    flat = [points[..., number] for number, name in enumerate(axes) if name != up[-1]]
    across = flat[0] if not depth else flat[0] * np.cos(_TURN) + flat[1] * np.sin(_TURN)
    return np.stack((_centred(across), height), axis=-1)


def _centred(across: Array) -> Array:
    """Each frame moved to its own middle, so that walking through the room costs no scale."""
    middle = np.zeros((len(across), 1, 1))
    for frame, values in enumerate(across):
        if np.isfinite(values).any():
            middle[frame] = (np.nanmin(values) + np.nanmax(values)) / 2
    return across - middle


def _limits(flat: Array) -> list[tuple[float, float]]:
    """A square around all joints of all frames, with a margin."""
    seen = flat[np.isfinite(flat).all(axis=-1)]  # (joints seen, 2)
    if not seen.size:
        raise DataError("none of the chosen frames has a joint to draw.")
    middle = (seen.min(axis=0) + seen.max(axis=0)) / 2
    half = max(float(np.ptp(seen, axis=0).max()) / 2, 1e-6) * 1.06
    return [(float(value) - half, float(value) + half) for value in middle]


def draw_people(axes: Axes, clip: Clip, points: Array) -> None:
    """Draw (V, M, 2) joints and the bones between them: left blue, right orange."""
    from matplotlib.collections import LineCollection

    sides = dict.fromkeys((left for left, _ in clip.skeleton.pairs), _LEFT)
    sides.update(dict.fromkeys((right for _, right in clip.skeleton.pairs), _RIGHT))
    joint_colours = [sides.get(joint, _MIDDLE) for joint in range(clip.skeleton.num_joints)]
    for person in range(points.shape[1]):
        body = points[:, person]
        strength = 1.0 if person == 0 else 0.45
        bones = [bone for bone in clip.skeleton.bones if np.isfinite(body[list(bone)]).all()]
        colours = [sides.get(child, sides.get(parent, _MIDDLE)) for child, parent in bones]
        lines = [body[list(bone)] for bone in bones]
        axes.add_collection(
            LineCollection(lines, colors=colours, linewidths=1.6, alpha=strength, capstyle="round")
        )
        axes.scatter(
            body[:, 0], body[:, 1], s=5, c=joint_colours, alpha=strength, linewidths=0, zorder=3
        )


def _caption(clip: Clip, frame: int) -> str:
    time = f"{frame / clip.fps:.2f} s"
    if clip.labels is None or clip.labels[frame] < 0:
        return time
    return f"{time}\n{clean(clip.classes[int(clip.labels[frame])], 22)}"
