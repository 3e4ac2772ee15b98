"""What the answers of a bundle are worth on recordings of a prepared data set."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

from kinestream.bundle import Bundle
from kinestream.clips import Clip
from kinestream.datasets import open_dataset
from kinestream.errors import DataError
from kinestream.metrics import Report, evaluate
from kinestream.recognition import recognise_people
from kinestream.timeline import Timeline

SPLIT = "test"


def stream_recordings(bundle: Bundle, clips: Sequence[Clip]) -> list[Timeline]:
    """Stream the first person of each recording through a bundle, frame by frame and to the end."""
    return [recognise_people(clip, bundle)[0] for clip in clips]


def evaluate_timelines(timelines: Sequence[Timeline], background: Sequence[int] = ()) -> Report:
    """Compare timelines with the labels of their recordings.

    Args:
        timelines: One or more of one bundle; those without labels do not count.
        background: Classes that form no segments.
    """
    known = [(each.labels, each.truth) for each in timelines if each.truth is not None]
    labels, truths = [found for found, _ in known], [truth for _, truth in known]
    return evaluate(labels, truths, len(timelines[0].classes), background=background)


def listed(classes: Sequence[str], longest: int = 80) -> str:
    """Names of classes in a sentence; what is too much is left out word by word.

    >>> listed(["stand up", "sit down", "walk"], 20)
    'stand up, sit ...'
    """
    return textwrap.shorten(", ".join(classes), longest, placeholder=" ...")


def accuracy_of(bundle: Bundle, prepared: Path) -> dict[str, float | None]:
    """Frame accuracy and F1@50 (protocol ms-tcn, all classes), in percent, and recordings.

    A figure that does not exist, for want of labelled frames or segments, is ``None``.

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
            f"{prepared} has the classes {listed(clips[0].classes)}, {bundle.name!r} answers "
            f"{listed(bundle.classes)}: name the data set that it was trained for."
        )
    report = evaluate_timelines(stream_recordings(bundle, clips))
    figures = {"frame_accuracy": report.frame_accuracy, "f1@50": report.f1[50]}
    known = {key: value if math.isfinite(value) else None for key, value in figures.items()}
    return known | {"recordings": len(clips)}
