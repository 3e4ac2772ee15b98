"""One number that makes a network's probabilities believable: the temperature of its softmax.

Legend: T frames, K classes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinestream.errors import ConfigError, DataError
from kinestream.metrics.calibration import Values, as_table, scored_frames

TEMPERATURES = (0.01, 100.0)
"""Where the best temperature is looked for."""
LARGEST_LOGIT = 1e6
COLDEST, HOTTEST = 1e-4, 1e4
STEPS = 100
CLOSE = 1e-10


def softmax(logits: ArrayLike, temperature: float = 1.0) -> Values:
    """Probabilities of logits that are first divided by a temperature.

    Args:
        logits: (T, K), each within a million.
        temperature: 0.0001 to 10000; above 1 makes the probabilities milder, below 1 sharper.

    Returns:
        (T, K), each row 1 in sum.

    Raises:
        DataError: The logits are not (T, K), not finite or beyond a million.
        ConfigError: The temperature is not in its range.

    >>> softmax([[0.0, 0.0]]).tolist()
    [[0.5, 0.5]]
    """
    if not COLDEST <= temperature <= HOTTEST:
        raise ConfigError(f"temperature must be {COLDEST:g} to {HOTTEST:g}, got {temperature}.")
    rows = as_table(logits)
    _check_size(rows)
    return _distributions(rows - rows.max(axis=1, keepdims=True), 1.0 / temperature)


def best_temperature(logits: ArrayLike, truth: ArrayLike) -> float:
    """The temperature at which held-out frames are likeliest.

    The negative log-likelihood is convex in one over the temperature, so that Newton steps, kept
    between bounds where its slope changes sign, find the least.

    Args:
        logits: (T, K) of frames that the network has not been trained on; log-probabilities serve
            as well.
        truth: (T,) class indices, -1 where a frame is not labelled.

    Returns:
        0.01 to 100. The lower bound where every frame is right, for no temperature is then too
        low; the upper one where the logits are worth nothing; 1 where they do not depend on it.

    Raises:
        DataError: Shapes do not fit, no frame is labelled, a logit is not finite or beyond a
            million, or a label is out of range.

    Source: Guo et al., On Calibration of Modern Neural Networks (ICML 2017), section 4.2.

    >>> logits = np.log([[0.9, 0.1]] * 4)
    >>> round(best_temperature(logits, [0, 0, 0, 1]), 6)  # log 9 / log 3
    2.0
    """
    rows, wanted = scored_frames(logits, truth)
    if not len(wanted):
        raise DataError("none of the frames is labelled: there is nothing to fit.")
    _check_size(rows)
    rows -= rows.max(axis=1, keepdims=True)
    if not rows.any():
        return 1.0
    true = float(rows[np.arange(len(wanted)), wanted].mean())
    low, high = 1.0 / TEMPERATURES[1], 1.0 / TEMPERATURES[0]
    if _slope(rows, true, high)[0] <= 0:
        return TEMPERATURES[0]
    if _slope(rows, true, low)[0] >= 0:
        return TEMPERATURES[1]
    return 1.0 / _root(rows, true, low, high)


def _check_size(rows: Values) -> None:
    if rows.size and not np.abs(rows).max() <= LARGEST_LOGIT:
        raise DataError(f"logits must be numbers within {LARGEST_LOGIT:g} of 0: is one NaN?")


def _root(rows: Values, true: float, low: float, high: float) -> float:
    """Where the slope, below 0 at ``low`` and above at ``high``, is 0."""
    scale = 1.0
    for _ in range(STEPS):
        slope, curvature = _slope(rows, true, scale)
        low, high = (scale, high) if slope < 0 else (low, scale)
        step = slope / curvature if curvature > 0 else math.inf
        if abs(step) <= CLOSE * scale or high - low <= CLOSE * low:
            break
        scale = scale - step if low < scale - step < high else math.sqrt(low * high)
    return scale


def _slope(rows: Values, true: float, scale: float) -> tuple[float, float]:
    """First and second derivative of the negative log-likelihood by one over the temperature."""
    shares = _distributions(rows, scale)
    mean = np.einsum("tk,tk->t", shares, rows)
    square = np.einsum("tk,tk,tk->t", shares, rows, rows)
    return float(mean.mean()) - true, float((square - mean**2).mean())


def _distributions(rows: Values, scale: float) -> NDArray[np.float64]:
    """Softmax of ``rows * scale``; the highest of each row is 0."""
    powers = np.exp(rows * scale)
    powers /= powers.sum(axis=1, keepdims=True)
    return powers
