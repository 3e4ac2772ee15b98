"""What a file does not carry of the clip it was written from, found out by reading it.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.clips import UNLABELLED, Clip
from kinestream.errors import InputError
from kinestream.formats.format import Stated
from kinestream.formats.reading import read_recording
from kinestream.skeletons import Skeleton

SAME_RATE = 1e-6


def losses(clip: Clip, path: Path, format: str | None = None) -> list[str]:
    """What is lost, in a few words each; nothing where the file gives the clip back.

    Args:
        clip: What was written.
        path: The file or folder that was written.
        format: Its format's name, where the content does not tell it.
    """
    hints: tuple[tuple[Skeleton | None, float | None, list[str]], ...] = (
        (None, None, []),
        (None, clip.fps, ["the frame rate"]),
        (clip.skeleton, None, ["the skeleton"]),
        (clip.skeleton, clip.fps, ["the skeleton", "the frame rate"]),
    )
    problem = ""
    for layout, fps, lost in hints:
        try:
            again = read_recording(path, Stated(layout, fps), format).clip
        except InputError as error:
            problem = str(error)
            continue
        return [*lost, *_differences(clip, again)]
    return [f"everything, for it cannot be read again: {problem}"]


def _differences(clip: Clip, again: Clip) -> list[str]:
    lost = [f"channel {name}" for name in clip.channels if name not in again.channels]
    if again.skeleton.joints != clip.skeleton.joints:
        lost.append(f"joints, which become those of {again.skeleton.name!r}")
    elif _bones(again.skeleton) != _bones(clip.skeleton):
        lost.append("bones")
    if abs(again.fps / clip.fps - 1) > SAME_RATE:
        lost.append(f"the frame rate of {clip.fps:g}, which becomes {again.fps:g}")
    if _names(again) != _names(clip):
        lost.append("labels")
    elif again.classes != clip.classes:
        lost.append("the list of classes and its order")
    if again.subject != clip.subject:
        lost.append("the subject")
    return [*lost, *_value_differences(clip, again)]


def _bones(layout: Skeleton) -> set[frozenset[int]]:
    return {frozenset(bone) for bone in layout.bones}


def _names(clip: Clip) -> list[str]:
    """The label of every frame, by name; those without one are alike in every clip."""
    if clip.labels is None:
        return [""] * clip.num_frames
    return ["" if label == UNLABELLED else clip.classes[label] for label in clip.labels.tolist()]


def _value_differences(clip: Clip, again: Clip) -> list[str]:
    if clip.data.shape[1:] != again.data.shape[1:]:
        was, became = clip.data.shape[1:], again.data.shape[1:]
        return [f"the shape (T, V, M) of {was}, which becomes {became}"]
    kept = [name for name in clip.channels if name in again.channels]
    if not kept:
        return []
    before = clip.data[[clip.channels.index(name) for name in kept]]
    after = again.data[[again.channels.index(name) for name in kept]]
    lost = []
    if not np.array_equal(np.isnan(before), np.isnan(after)):
        lost.append("which values are missing")
    with np.errstate(invalid="ignore"):  # infinite values
        error = np.abs(before.astype(np.float64) - after)
    largest = float(np.fmax.reduce(error, axis=None, initial=0.0))
    if largest > 0:
        lost.append(f"decimals: values are rounded by up to {largest:.1g}")
    return lost
