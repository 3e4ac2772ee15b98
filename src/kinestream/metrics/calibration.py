"""Whether a probability of 80 % is right eight times in ten.

Legend: T frames, K classes, B bins. A truth of -1 marks a frame that is not labelled: such frames
count nowhere. The confidence of a frame is the highest of its probabilities.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import ConfigError, DataError
from kinestream.metrics.frames import UNLABELLED, as_labels, check_range

Values = NDArray[np.float64]
Spacing = Literal["width", "mass"]

SPACINGS: tuple[str, ...] = get_args(Spacing)
MAX_BINS = 10_000
LOWEST = float(np.finfo(np.float32).tiny)
"""Probabilities below count as this in a logarithm: a float32 softmax rounds them to zero."""
SLACK = 1e-3
"""How far probabilities may be from 0, from 1 and from the sum 1, by rounding."""


@dataclass(frozen=True)
class Reliability:
    """The reliability diagram: frames in bins of like confidence.

    Attributes:
        count: (B,) frames in each bin.
        confidence: (B,) their mean confidence in percent; NaN in an empty bin.
        accuracy: (B,) percent of them that are right; NaN in an empty bin.
    """

    count: NDArray[np.int64]
    confidence: Values
    accuracy: Values

    @property
    def expected_error(self) -> float:
        """ECE: mean distance of confidence and accuracy, by frames, percent; NaN without any."""
        full = self.count > 0
        if not full.any():
            return float("nan")
        return float(np.average(self._gaps[full], weights=self.count[full]))

    @property
    def maximum_error(self) -> float:
        """MCE: largest distance of confidence and accuracy in a bin, percent; NaN without any."""
        full = self.count > 0
        return float(self._gaps[full].max()) if full.any() else float("nan")

    @property
    def _gaps(self) -> Values:
        return np.abs(self.accuracy - self.confidence)


@dataclass(frozen=True)
class CalibrationReport:
    """How far probabilities can be believed; a figure is NaN when no frame is labelled.

    Attributes:
        ece: Expected calibration error over bins of equal width, percent.
        ece_mass: The same over bins of equal mass, percent.
        mce: Maximum calibration error over bins of equal width, percent.
        brier: Half the squared distance from the truth, percent: 0 perfect, 100 sure and wrong.
        nll: Mean negative log-likelihood of the true class, in nats; no percentage.
        frames: Number of labelled frames.
    """

    ece: float
    ece_mass: float
    mce: float
    brier: float
    nll: float
    frames: int

    def to_dict(self) -> dict[str, int | float | None]:
        """The report as plain JSON values; a figure that does not exist is ``None``."""
        values = asdict(self).items()
        return {name: value if math.isfinite(value) else None for name, value in values}

    def __str__(self) -> str:
        return (
            f"ECE {self.ece:.2f} % ({self.ece_mass:.2f} % in bins of equal mass), "
            f"MCE {self.mce:.2f} %, Brier {self.brier:.2f} %, NLL {self.nll:.3f} "
            f"({self.frames} frames)"
        )


def evaluate_calibration(
    probabilities: ArrayLike, truth: ArrayLike, *, bins: int = 15
) -> CalibrationReport:
    """All figures of calibration at once.

    Args:
        probabilities: (T, K), each row 1 in sum.
        truth: (T,) class indices, -1 where a frame is not labelled.
        bins: B.

    Raises:
        DataError: Shapes do not fit, a row is no distribution or a label is out of range.
        ConfigError: A number of bins that cannot be.

    >>> report = evaluate_calibration([[0.75, 0.25]] * 4, [0, 0, 0, 1])
    >>> report.ece, report.brier
    (0.0, 18.75)
    """
    table, wanted = _labelled(probabilities, truth)
    width = reliability(table, wanted, bins=bins)
    return CalibrationReport(
        ece=width.expected_error,
        ece_mass=reliability(table, wanted, bins=bins, spacing="mass").expected_error,
        mce=width.maximum_error,
        brier=brier_score(table, wanted),
        nll=negative_log_likelihood(table, wanted),
        frames=len(wanted),
    )


def reliability(
    probabilities: ArrayLike, truth: ArrayLike, *, bins: int = 15, spacing: Spacing = "width"
) -> Reliability:
    """Sort the labelled frames into bins by their confidence.

    Args:
        probabilities: (T, K), each row 1 in sum.
        truth: (T,) class indices, -1 where a frame is not labelled.
        bins: B.
        spacing: ``width`` cuts 0 to 1 into equal parts, each with its upper end; ``mass`` cuts the
            frames, by rank, into equal parts, but never apart frames of equal confidence.

    Raises:
        DataError: Shapes do not fit, a row is no distribution or a label is out of range.
        ConfigError: A number of bins or a spacing that cannot be.

    Source: Guo et al., On Calibration of Modern Neural Networks (ICML 2017), section 2; Nguyen and
    O'Connor (EMNLP 2015) for bins of equal mass.

    >>> diagram = reliability([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]], [0, 1, 1], bins=2)
    >>> diagram.count.tolist(), round(diagram.expected_error, 6)
    ([0, 3], 10.0)
    """
    if not 1 <= bins <= MAX_BINS:
        raise ConfigError(f"bins must be 1 to {MAX_BINS}, got {bins}.")
    if spacing not in SPACINGS:
        raise ConfigError(f"unknown spacing {spacing!r}; use {' or '.join(SPACINGS)}.")
    table, wanted = _labelled(probabilities, truth)
    sure = table.max(axis=1, initial=0.0)
    right = table.argmax(axis=1) == wanted
    if spacing == "width":
        place = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:], sure)
        place = np.minimum(place, bins - 1)
    else:
        place = np.searchsorted(np.sort(sure), sure) * bins // max(len(sure), 1)
    count = np.bincount(place, minlength=bins)
    means = []
    for values in (sure, right):
        total = np.bincount(place, weights=values, minlength=bins)
        mean = np.full(bins, np.nan)
        np.divide(total, count, out=mean, where=count > 0)
        means.append(100.0 * mean)
    return Reliability(count.astype(np.int64), *means)


def brier_score(probabilities: ArrayLike, truth: ArrayLike) -> float:
    """Half the squared distance between probabilities and truth, mean over the labelled frames.

    ``100 / 2 * mean over t of sum over k of (p[t, k] - [truth[t] = k])^2``. With two classes that
    is the usual score of the second one.

    Returns:
        Percent, 0 to 100; NaN when no frame is labelled.

    Raises:
        DataError: Shapes do not fit, a row is no distribution or a label is out of range.

    Source: Brier, Verification of forecasts expressed in terms of probability (1950), halved.

    >>> brier_score([[1.0, 0.0], [0.5, 0.5]], [0, 0])
    12.5
    """
    table, wanted = _labelled(probabilities, truth)
    if not len(wanted):
        return float("nan")
    squares = np.einsum("tk,tk->t", table, table)
    true = table[np.arange(len(wanted)), wanted]
    return 50.0 * float(np.mean(squares - 2.0 * true + 1.0))


def negative_log_likelihood(probabilities: ArrayLike, truth: ArrayLike) -> float:
    """Mean of ``-log p`` of the true class over the labelled frames.

    Returns:
        Nats, 0 or more, at most 87.34 as smaller probabilities than float32 holds are not told
        apart; NaN when no frame is labelled.

    Raises:
        DataError: Shapes do not fit, a row is no distribution or a label is out of range.

    >>> round(negative_log_likelihood([[0.5, 0.5], [1.0, 0.0]], [0, 0]), 6)
    0.346574
    """
    table, wanted = _labelled(probabilities, truth)
    if not len(wanted):
        return float("nan")
    true = table[np.arange(len(wanted)), wanted]
    return float(np.mean(-np.log(np.clip(true, LOWEST, 1.0))))


def _labelled(probabilities: ArrayLike, truth: ArrayLike) -> tuple[Values, NDArray[np.int64]]:
    """The rows of the labelled frames, and their labels."""
    table, wanted = scored_frames(probabilities, truth)
    if table.size and not (
        table.min() >= -SLACK and np.abs(table.sum(axis=1) - 1.0).max() <= SLACK
    ):
        raise DataError(
            "probabilities must lie in 0 .. 1 and sum to 1 in each frame: are these logits? "
            "Pass softmax(logits)."
        )
    return table, wanted


def as_table(scores: ArrayLike) -> Values:
    """Scores as (T, K) float64.

    Raises:
        DataError: They are not rows of equal length, of numbers.
    """
    try:
        table = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("scores must be rows of equal length, of numbers only.") from None
    if table.ndim != 2 or not table.shape[1]:
        raise DataError(f"scores must be (T, K), got an array of shape {table.shape}.")
    return table


def scored_frames(scores: ArrayLike, truth: ArrayLike) -> tuple[Values, NDArray[np.int64]]:
    """(T, K) finite scores and their (T,) labels, without the frames that are not labelled.

    Raises:
        DataError: Shapes do not fit, a score is not finite or a label is out of range.
    """
    table, wanted = as_table(scores), as_labels(truth)
    if len(table) != len(wanted):
        raise DataError(f"{len(table)} rows of scores for {len(wanted)} labels.")
    check_range(wanted, table.shape[1], "truth")
    known = wanted != UNLABELLED
    table, wanted = table[known], wanted[known]
    if not np.isfinite(table).all():
        raise DataError("scores must be finite: NaN or infinity is no probability.")
    return table, wanted
