"""Labels of a file put onto a clip, and taken off it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.annotations.annotations import Annotations, FrameLabels

_log = logging.getLogger(__name__)


def with_labels(
    clip: Clip,
    annotations: Annotations,
    classes: Sequence[str] | None = None,
    background: str | None = None,
) -> Clip:
    """The clip with labels of a file in place of its own.

    What :func:`within` logs, is logged.

    Args:
        clip: A recording that begins at second 0 of the labels.
        annotations: What was done when.
        classes: Names that are allowed, in their order; those of the spans where omitted.
        background: Class of frames outside every span; they are unlabelled where omitted.

    Raises:
        DataError: No span lies within the recording, or a label is not among ``classes``.
    """
    found = within(annotations, clip.num_frames, clip.fps, classes, background)
    return replace(clip, labels=found.labels, classes=found.classes)


def within(
    annotations: Annotations,
    num_frames: int,
    fps: float,
    classes: Sequence[str] | None = None,
    background: str | None = None,
) -> FrameLabels:
    """A label for each of ``num_frames`` frames, as :meth:`Annotations.to_frames`.

    Spans that overlap, cover no frame, are cut at the end or lie behind it are logged with their
    number.

    Raises:
        DataError: No span lies within the frames, or a label is not among ``classes``.
    """
    found = annotations.to_frames(num_frames, fps, classes, background)
    if found.outside == len(annotations.spans):
        raise DataError(
            f"{annotations.source or 'the labels'}: none of {len(annotations.spans)} spans lies "
            f"within the {num_frames / fps:.2f} s of the recording."
        )
    for count, what in (
        (found.overlapped, "frames have several labels; the one that starts later is kept"),
        (found.too_short, "spans are shorter than half a frame and are lost"),
        (found.outside, "spans begin behind the end of the recording and are left out"),
        (found.cut, "spans end behind the end of the recording and are cut there"),
    ):
        if count:
            _log.warning("%s: %d %s", annotations.source or "labels", count, what)
    return found


def labels_of(clip: Clip) -> Annotations:
    """The clip's labels as spans.

    Raises:
        DataError: The clip has none.
    """
    if clip.labels is None:
        raise DataError(f"{clip.source or 'the clip'} has no labels.")
    return Annotations.from_frames(clip.labels, clip.classes, clip.fps, clip.source)
