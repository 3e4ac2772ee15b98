"""What the answers of a bundle are worth on recordings of a prepared data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kinestream.bundle import Bundle
from kinestream.clips import Clip
from kinestream.datasets import open_dataset
from kinestream.errors import DataError
from kinestream.metrics import Report, evaluate
from kinestream.recognition import recognise_people

SPLIT = "test"


def stream_recordings(
    bundle: Bundle, clips: Sequence[Clip], background: Sequence[int] = ()
) -> Report:
    """Stream recordings through a bundle, flush each at its end, and compare with their labels.

    Args:
        bundle: Labels the first person of each.
        clips: With labels.
        background: Classes that form no segments.
    """
    timelines = [recognise_people(clip, bundle)[0] for clip in clips]
    truths = [timeline.truth for timeline in timelines if timeline.truth is not None]
    found = [timeline.labels for timeline in timelines if timeline.truth is not None]
    return evaluate(found, truths, len(bundle.classes), background=background)


def accuracy_of(bundle: Bundle, prepared: Path) -> dict[str, float]:
    """Frame accuracy and F1@50 (protocol ms-tcn, all classes), in percent, and recordings.

    Args:
        bundle: Its classes are those of the data set.
        prepared: What ``kinestream data prepare`` wrote; its test recordings are streamed.

    Raises:
        MissingFileError: There is no such data set.
        DataError: It has other classes, or no labelled test recordings.
    """
    clips = list(open_dataset(prepared, SPLIT))
    if not clips or any(clip.labels is None for clip in clips):
        raise DataError(f"{prepared} has no labelled recordings in split {SPLIT!r} to measure on.")
    if tuple(clips[0].classes) != bundle.classes:
        raise DataError(
            f"{prepared} has the classes {', '.join(clips[0].classes)[:80]}, {bundle.name!r} answers "
            f"{', '.join(bundle.classes)[:80]}: name the data set that it was trained for."
        )
    report = stream_recordings(bundle, clips)
    return {
        "frame_accuracy": report.frame_accuracy,
        "f1@50": report.f1[50],
        "recordings": len(clips),
    }
