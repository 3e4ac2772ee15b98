"""Labels as stretches of time, the way people write them down, and as a label for every frame.

Legend: T frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES, UNLABELLED
from kinestream.errors import DataError
from kinestream.formats.labels import MAX_CLASSES
from kinestream.formats.parsing.rate import check_fps
from kinestream.metrics import runs

MAX_SPANS = 1_000_000
MAX_SECONDS = 1e7  # four months
MAX_LABEL = 500  # characters

_JOINERS = dict.fromkeys((0x200C, 0x200D))  # invisible, but Persian and Hindi are written with them


class Span(NamedTuple):
    """Somebody did ``label`` from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    label: str


class FrameLabels(NamedTuple):
    """A label for every frame.

    Attributes:
        labels: (T,) int64 class indices, -1 where nothing was labelled.
        classes: Names that they index.
        overlapped: Frames that several spans claim; the one that starts last has them, of those
            that start together the shortest.
        too_short: Spans that cover no frame at this rate.
        outside: Spans that begin behind the last frame.
        cut: Spans that begin before the last frame and would end behind it.
    """

    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    overlapped: int
    too_short: int
    outside: int
    cut: int = 0


@dataclass(frozen=True)
class Annotations:
    """Spans in the order of time.

    Attributes:
        spans: They may overlap and leave gaps. Of those that start together the longest is first.
        source: Where they came from.

    Raises:
        DataError: A time is negative, not finite or past the end, or a label is empty or no line.
    """

    spans: tuple[Span, ...]
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.spans) > MAX_SPANS:
            raise DataError(f"{self._where}{len(self.spans)} spans; {MAX_SPANS} are allowed.")
        checked = []
        for span in self.spans:
            start_s, end_s, label = span
            if not 0 <= start_s <= end_s <= MAX_SECONDS:
                raise DataError(
                    f"{self._where}{label[:40]!r} runs from {start_s:g} to {end_s:g} s; a span has "
                    f"a start of 0 or more, and an end not before it and within {MAX_SECONDS:g} s."
                )
            label = " ".join(label.split())
            if not _is_label(label):
                raise DataError(
                    f"{self._where}the label {label[:40]!r} at {start_s:g} s is empty, too long or "
                    f"holds control characters."
                )
            checked.append(Span(float(start_s), float(end_s), label))
        ordered = sorted(checked, key=lambda span: (span.start_s, -span.end_s))
        object.__setattr__(self, "spans", tuple(ordered))

    @property
    def _where(self) -> str:
        return f"{self.source}: " if self.source else ""

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels in the order in which they first appear."""
        return tuple(dict.fromkeys(span.label for span in self.spans))

    @property
    def end_s(self) -> float:
        """When the last span ends."""
        return max((span.end_s for span in self.spans), default=0.0)

    @classmethod
    def from_frames(
        cls, labels: NDArray[np.int64], classes: Sequence[str], fps: float, source: str = ""
    ) -> Annotations:
        """Spans of the frames between two changes of label; frames without a label are left out.

        Raises:
            DataError: A label is outside the list, or the rate is none.

        >>> Annotations.from_frames(np.array([1, 1, -1, 0]), ("sit", "walk"), 2.0).spans[0]
        Span(start_s=0.0, end_s=1.0, label='walk')
        """
        check_fps(fps, source)
        found = runs(labels)
        if any(not 0 <= run.label < len(classes) for run in found):
            raise DataError(f"a label is outside the list of {len(classes)} classes.")
        spans = tuple(Span(run.start / fps, run.stop / fps, classes[run.label]) for run in found)
        return cls(spans, source)

    def to_frames(
        self,
        num_frames: int,
        fps: float,
        classes: Sequence[str] | None = None,
        background: str | None = None,
    ) -> FrameLabels:
        """A label for each of ``num_frames`` frames.

        A span covers the frames from the one nearest to its start up to, without it, the one
        nearest to its end (halves go up). So times that were rounded to milliseconds give back the
        frames they were made of, at any rate up to 1000 per second.

        Args:
            num_frames: Number of frames T.
            fps: Frames per second.
            classes: Names that are allowed, in their order; those of the spans where omitted.
            background: Class of frames outside every span; they are unlabelled where omitted.

        Raises:
            DataError: A label is not among ``classes``, ``background`` is no name, or there are too
                many frames or classes.

        >>> Annotations((Span(0.5, 1.0, "sit"),)).to_frames(4, 2.0).labels.tolist()
        [-1, 0, -1, -1]
        """
        check_fps(fps, self.source)
        if not 0 < num_frames <= MAX_VALUES:
            raise DataError(f"labels are for 1 to {MAX_VALUES} frames, got {num_frames}.")
        index = self._index(classes, background)
        labels = np.full(num_frames, UNLABELLED if background is None else index[background])
        claims = np.zeros(num_frames + 1, dtype=np.int64)
        too_short = outside = cut = 0
        painted: list[tuple[int, int]] = []  # what has its label, apart, the leftmost last
        for span in reversed(self.spans):
            first, stop = nearest(span.start_s * fps), nearest(span.end_s * fps)
            if first >= num_frames:
                outside += 1
                continue
            if first == stop:
                too_short += 1
                continue
            cut += stop > num_frames
            stop = min(stop, num_frames)
            claims[first] += 1
            claims[stop] -= 1
            free = first
            while painted and painted[-1][0] < stop:
                start, end = painted.pop()
                labels[free:start] = index[span.label]
                free = end
            labels[free:stop] = index[span.label]
            painted.append((first, max(free, stop)))
        overlapped = int((np.cumsum(claims) > 1).sum())
        return FrameLabels(labels, tuple(index), overlapped, too_short, outside, cut)

    def _index(self, classes: Sequence[str] | None, background: str | None) -> dict[str, int]:
        names = list(self.classes if classes is None else classes)
        if background is not None and not _is_label(background):
            raise DataError(
                f"background must be the name of a class, got {ascii(background)[:40]}."
            )
        if background is not None and background not in names:
            names.insert(0, background)
        if len(names) > MAX_CLASSES:
            raise DataError(f"{self._where}{len(names)} classes; {MAX_CLASSES} are allowed.")
        known = set(names)
        unknown = [span for span in self.spans if span.label not in known][:1]
        if unknown:
            raise DataError(
                f"{self._where}label {unknown[0].label[:60]!r} at {unknown[0].start_s:g} s is "
                f"outside the list; allowed are {', '.join(names[:20])}."
            )
        return {name: k for k, name in enumerate(names)}


def _is_label(text: object) -> bool:
    if not isinstance(text, str) or not 0 < len(text) <= MAX_LABEL:
        return False
    return text.translate(_JOINERS).isprintable()


def nearest(frame: float) -> int:
    """The whole number nearest to a place between frames; halves go up.

    >>> nearest(0.5), nearest(1.49)
    (1, 1)
    """
    return math.floor(frame + 0.5)
