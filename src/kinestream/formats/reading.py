"""One door for recordings: the format that fits a file reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kinestream.clips import Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.formats.annotations import with_labels
from kinestream.formats.format import Format, Named, Reading, Stated
from kinestream.formats.label_files import read_annotations
from kinestream.formats.table import format_of
from kinestream.skeletons import Skeleton
from kinestream.skeletons import skeleton as find_skeleton


def read_clip(
    path: str | Path,
    *,
    skeleton: Skeleton | str | Path | None = None,
    fps: float | None = None,
    axes: str | None = None,
    recording: str | None = None,
    format: str | None = None,
    labels: str | Path | None = None,
    tier: str | None = None,
    background: str | None = None,
) -> Clip:
    """Read one recording, whatever known format it has.

    Args:
        path: A file, or a folder that is one recording (OpenPose). Formats are told by content;
            ``kinestream data formats`` lists them.
        skeleton: What the V axis means, where the file does not tell: a skeleton, a layout's name
            or a JSON file.
        fps: Frames per second, where the file does not tell.
        axes: Order of a lone array's axes, letters of ``CTVM`` such as ``TVC``.
        recording: Which recording of a file that holds several.
        format: Name of the format, where the content does not tell it.
        labels: A file of labels that takes the place of the recording's own: CSV, SubRip, WebVTT,
            ELAN or Label Studio.
        tier: Which tier of an ELAN file, or which label set of Label Studio.
        background: Class of frames outside every span of ``labels``; else they are unlabelled.

    Raises:
        MissingFileError: There is no such file.
        ConfigError: There is no format of that name.
        DataError: A file is no recording or no labels, is damaged, or does not tell its skeleton or
            rate; or it tells another rate than ``fps``.
        SkeletonError: The joints are not those of ``skeleton``.
    """
    clip = read_recording(path, stated(skeleton, fps, axes, recording), format).clip
    if labels is None:
        return clip
    spans = read_annotations(labels, fps=clip.fps, tier=tier, num_frames=clip.num_frames)
    return with_labels(clip, spans, None, background)


def stated(
    skeleton: Skeleton | str | Path | None = None,
    fps: float | None = None,
    axes: str | None = None,
    recording: str | None = None,
) -> Stated:
    """What a caller says about a recording, the skeleton looked up."""
    given = find_skeleton(skeleton) if isinstance(skeleton, str | Path) else skeleton
    return Stated(given, fps, axes, recording)


def read_recording(path: str | Path, stated: Stated, format: str | None = None) -> Reading:
    """Read one recording and say what had to be mended; raises as :func:`read_clip`."""
    path = Path(path)
    found = format_of(path, format)
    if stated.recording is not None and not found.several:
        raise DataError(
            f"{path} holds a single recording ({found.title}): leave the recording's name out "
            f"(--recording, recording=... in Python)."
        )
    reading = _guarded(found, path, stated)
    return Reading(_agreed(path, reading.clip, stated), reading.repairs)


def read_recordings(path: str | Path, stated: Stated, format: str | None = None) -> Iterator[Named]:
    """Read every recording of a file; raises as :func:`read_clip`, as soon as one is met."""
    path = Path(path)
    found = format_of(path, format)
    if found.read_all is None:
        reading = read_recording(path, stated, format)
        yield Named(path.stem, *reading)
        return
    for name, clip, repairs in found.read_all(path, stated):
        yield Named(name, _agreed(path, clip, stated), repairs)


def _guarded(found: Format, path: Path, stated: Stated) -> Reading:
    try:
        return found.read(path, stated)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def _agreed(path: Path, clip: Clip, stated: Stated) -> Clip:
    given, fps = stated.skeleton, stated.fps
    if fps is not None and fps != clip.fps:
        raise DataError(
            f"{path} has {clip.fps:g} frames per second, got {fps:g}: leave it out (--fps, fps=... "
            f"in Python)."
        )
    if given is not None and given.joints != clip.skeleton.joints:
        raise SkeletonError(
            f"{path} has the joints of skeleton {clip.skeleton.name!r}, got {given.name!r}: leave it "
            f"out (--skeleton, skeleton=... in Python)."
        )
    return clip if given is None else replace(clip, skeleton=given)
