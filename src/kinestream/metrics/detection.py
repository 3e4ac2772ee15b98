"""Detection in long recordings: proposals with a confidence against true segments.

Legend: P proposals, S true segments. Rows are ``video, class, start, end, confidence``.

``official``: what the script of PKU-MMD computes, to the last digit. A proposal is right when the
true segment of its video and class that it overlaps most reaches IoU theta; several may stand for
one segment, which counts once in recall and precision. AP goes from all proposals downwards, the
least confident first, and weighs every loss of recall with the highest precision met so far,
measured after each right proposal that leaves. ``mAP_action`` is the mean over all classes, 0 for
those without a true segment; ``mAP_video`` that over all videos. Of equal confidence rows leave by
class, then video, then order in the list.

``strict``: each true segment is found by one proposal at most, the most confident chooses first.
AP is the area under the precision that is still reached at each recall; rows of equal confidence
count together. Classes and videos without a true segment are left out of the means.

In both, ``2D-AP`` is the mean AP over theta 0.05, 0.10 .. 1.00.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import ConfigError, DataError
from kinestream.metrics.curves import pku_curve, strict_curve
from kinestream.metrics.frames import MAX_CLASSES
from kinestream.metrics.matching import NONE, Indices, Pairs, best_match, one_to_one, overlapping
from kinestream.metrics.proposals import CLASS, CONFIDENCE, VIDEO, as_rows

Mode = Literal["official", "strict"]

MODES: tuple[str, ...] = get_args(Mode)
THETAS = (0.1, 0.3, 0.5, 0.7)
STEPS = 20
"""Values of theta that 2D-AP averages over."""


@dataclass(frozen=True)
class DetectionReport:
    """The figures of one set of proposals, all in percent (0 to 100), by theta.

    Attributes:
        mode: How they were counted, ``official`` or ``strict``.
        f1: F1 of all proposals, whatever their confidence.
        ap: Average precision of all proposals in one list.
        map_action: Mean of the classes' average precision.
        map_video: Mean of the videos' average precision.
        ap_2d: Mean of ``ap`` over theta 0.05, 0.10 .. 1.00.
        proposals: How many there were.
        truths: How many true segments.
    """

    mode: str
    f1: dict[float, float]
    ap: dict[float, float]
    map_action: dict[float, float]
    map_video: dict[float, float]
    ap_2d: float
    proposals: int
    truths: int

    def to_dict(self) -> dict[str, object]:
        """The report as plain JSON values."""
        by_theta = ("f1", "ap", "map_action", "map_video")
        return {
            "mode": self.mode,
            **{name: {str(t): v for t, v in getattr(self, name).items()} for name in by_theta},
            "ap_2d": self.ap_2d,
            "proposals": self.proposals,
            "truths": self.truths,
        }

    def __str__(self) -> str:
        rows = [
            f"theta {theta:g}: F1 {self.f1[theta]:.2f}, AP {self.ap[theta]:.2f}, "
            f"mAP_action {self.map_action[theta]:.2f}, mAP_video {self.map_video[theta]:.2f}"
            for theta in self.f1
        ]
        return "\n".join([*rows, f"2D-AP {self.ap_2d:.2f} ({self.mode}, {self.truths} segments)"])


def evaluate_detections(
    proposals: ArrayLike,
    truths: ArrayLike,
    classes: Sequence[int],
    *,
    mode: Mode = "official",
    thetas: Sequence[float] = THETAS,
) -> DetectionReport:
    """F1, AP, mAP by class and by video, and 2D-AP of proposals.

    Args:
        proposals: (P, 5) rows of video, class, start, end and confidence.
        truths: (S, 4 or 5) rows; a confidence is not read.
        classes: All that count; for PKU-MMD ``range(1, 52)``.
        mode: ``official`` or ``strict``.
        thetas: IoU to reach, each above 0 to 1.

    Raises:
        DataError: A row is not as it must be, a class is not among those that count, or there is
            no true segment.
        ConfigError: The mode or a theta does not exist.

    Source: Liu et al., PKU-MMD (2017), section 5, and its ``evaluate.py``.

    >>> truths = [[0, 1, 0, 10], [0, 1, 40, 50]]
    >>> print(evaluate_detections([[0, 1, 5, 15, 0.9], [0, 1, 0, 9, 0.5]], truths, [1], thetas=[0.3]))
    theta 0.3: F1 50.00, AP 50.00, mAP_action 50.00, mAP_video 50.00
    2D-AP 30.00 (official, 2 segments)
    """
    if mode not in MODES:
        raise ConfigError(f"unknown mode {mode!r}; use {' or '.join(MODES)}.")
    if not thetas or not all(0 < theta <= 1 for theta in thetas):
        raise ConfigError(f"thetas must each be above 0 and at most 1, got {list(thetas)}.")
    detections = _Detections(proposals, truths, classes, mode)
    figures = {float(theta): detections.figures(theta) for theta in thetas}
    f1, ap, actions, videos = (
        {theta: 100.0 * row[column] for theta, row in figures.items()} for column in range(4)
    )
    # Official thetas are products, as 3 * 0.05 is above 0.15 and an IoU of 0.15 falls short of it.
    steps = [k * 0.05 if mode == "official" else k / STEPS for k in range(1, STEPS + 1)]
    ap_2d = math.fsum(detections.ap(theta) for theta in steps) / STEPS
    counts = len(detections.proposals), len(detections.truths)
    return DetectionReport(mode, f1, ap, actions, videos, 100.0 * ap_2d, *counts)


class _Detections:
    """Proposals beside true segments, matched once for all thetas."""

    def __init__(
        self, proposals: ArrayLike, truths: ArrayLike, classes: Sequence[int], mode: Mode
    ) -> None:
        if not 1 <= len(classes) <= MAX_CLASSES:
            raise DataError(f"there must be 1 to {MAX_CLASSES} classes, got {len(classes)}.")
        self.proposals = as_rows(proposals, "proposals")
        self.truths = as_rows(truths, "truths", columns=4)
        self.classes = sorted(set(classes))
        for rows, what in ((self.proposals, "proposals"), (self.truths, "truths")):
            outside = rows[~np.isin(rows[:, CLASS], self.classes), CLASS]
            if outside.size:
                raise DataError(
                    f"{what} hold class {outside[0]:g}, which is not among the classes."
                )
        if not len(self.truths):
            raise DataError("there is no true segment to find.")
        self.mode = mode
        self.pairs: Pairs = overlapping(self.proposals, self.truths)
        self.best_iou, self.best = best_match(self.pairs, len(self.proposals))
        confidence = self.proposals[:, CONFIDENCE]
        by_list = (self.proposals[:, VIDEO], self.proposals[:, CLASS], confidence)
        self.order: Indices = np.lexsort(by_list)
        self.order_in_video: Indices = np.argsort(confidence, kind="stable")

    def figures(self, theta: float) -> tuple[float, float, float, float]:
        """F1, AP, mAP of the classes and mAP of the videos, as shares."""
        found = self.found(theta)
        right = len(np.unique(found[found != NONE]))
        f1 = 2.0 * right / (len(self.proposals) + len(self.truths))
        ap = self._area(found, self.order, len(self.truths))
        videos = np.union1d(self.proposals[:, VIDEO], self.truths[:, VIDEO])
        by_class = self._mean_area(found, self.order, CLASS, np.asarray(self.classes))
        by_video = self._mean_area(found, self.order_in_video, VIDEO, videos)
        return f1, ap, by_class, by_video

    def ap(self, theta: float) -> float:
        return self._area(self.found(theta), self.order, len(self.truths))

    def found(self, theta: float) -> Indices:
        """(P,) true segment that each proposal stands for, or -1."""
        if self.mode == "strict":
            return one_to_one(self.pairs, self.proposals, theta)
        return np.where(self.best_iou >= theta, self.best, NONE)

    def _area(self, found: Indices, order: Indices, truths: int) -> float:
        if self.mode == "strict":
            recall, precision = strict_curve(
                found[order], self.proposals[order, CONFIDENCE], truths
            )
            return float(-np.diff(recall) @ precision[:-1])
        recall, precision = pku_curve(found[order], truths)
        return float(-np.diff(recall) @ precision[1:])

    def _mean_area(
        self, found: Indices, order: Indices, column: int, groups: NDArray[np.generic]
    ) -> float:
        """Mean AP of the videos or classes."""
        grouped = order[np.argsort(self.proposals[order, column], kind="stable")]
        low, high = _bounds(self.proposals[grouped, column], groups)
        first, last = _bounds(np.sort(self.truths[:, column]), groups)
        areas = [
            self._area(found, grouped[a:b], int(size))
            for a, b, size in zip(low, high, last - first, strict=True)
            if size or self.mode == "official"
        ]
        return math.fsum(areas) / len(areas)


def _bounds(values: NDArray[np.float64], groups: NDArray[np.generic]) -> tuple[Indices, Indices]:
    """Where each group begins and ends in ascending values."""
    return np.searchsorted(values, groups, "left"), np.searchsorted(values, groups, "right")
