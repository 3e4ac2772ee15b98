"""The best temperature against a search over many."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.errors import ConfigError, DataError
from kinestream.metrics import best_temperature, negative_log_likelihood, softmax


def drawn(seed: int, count: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are ``scale`` times too large for their labels."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, 4))
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return logits * scale, truth


@given(st.integers(0, 1000), st.integers(5, 60), st.floats(0.05, 20))
def test_no_other_temperature_is_likelier(seed: int, count: int, scale: float) -> None:
    logits, truth = drawn(seed, count, scale)
    best = best_temperature(logits, truth)
    assert 0.01 <= best <= 100
    least = negative_log_likelihood(softmax(logits, best), truth)
    for other in np.geomspace(0.01, 100, 200):
        # The figure stops at the smallest float32; where it does, other temperatures are worse.
        assert negative_log_likelihood(softmax(logits, other), truth) >= least - 1e-9


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.0])
def test_logits_that_are_too_large_are_divided_by_as_much(scale: float) -> None:
    logits, truth = drawn(0, 20_000, scale)
    assert best_temperature(logits, truth) == pytest.approx(scale, rel=0.05)


@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(-100, 100))
def test_scale_and_shift(seed: int, scale: float, shift: float) -> None:
    logits, truth = drawn(seed, 200, 1.0)
    best = best_temperature(logits, truth)
    if 0.1 < best < 10:
        moved = best_temperature(logits * scale + shift, truth)
        assert moved == pytest.approx(best * scale, rel=1e-6)
        assert best_temperature(np.log(softmax(logits)), truth) == pytest.approx(best, rel=1e-6)


def test_the_bounds() -> None:
    sure = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert best_temperature(sure, [0, 1]) == 0.01
    assert best_temperature(sure, [1, 0]) == 100.0
    assert best_temperature(np.zeros((3, 2)), [0, 1, 1]) == 1.0
    assert best_temperature(sure[:, :1], [0, 0]) == 1.0


def test_unlabelled_frames_do_not_count() -> None:
    logits, truth = drawn(3, 50, 2.0)
    hidden = np.concatenate([truth, np.full(20, -1)])
    longer = np.concatenate([logits, np.full((20, 4), np.nan)])
    assert best_temperature(longer, hidden) == best_temperature(logits, truth)


def test_the_logits_are_left_as_they_are() -> None:
    logits, truth = drawn(4, 50, 2.0)
    before = logits.copy()
    best_temperature(logits, truth)
    np.testing.assert_array_equal(logits, before)


def test_softmax_is_its_formula() -> None:
    logits, _ = drawn(5, 10, 3.0)
    for row, shares in zip(logits, softmax(logits, 2.5), strict=True):
        powers = [math.exp(value / 2.5) for value in row]
        assert shares.tolist() == pytest.approx([power / sum(powers) for power in powers])
    assert softmax([[1000.0, 0.0]]).tolist() == [[1.0, 0.0]]


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(DataError, match="labelled"):
        best_temperature([[1.0, 0.0]], [-1])
    with pytest.raises(DataError, match="labelled"):
        best_temperature(np.empty((0, 2)), [])
    for value in (math.nan, math.inf, -math.inf, 1e7):
        with pytest.raises(DataError):
            best_temperature([[value, 0.0]], [0])
    with pytest.raises(DataError):
        best_temperature([[1.0, 0.0]], [2])
    for logits in ([[math.nan, 0.0]], [[1e308, -1e308]], [1.0, 0.0], [[1.0], [1.0, 2.0]]):
        with pytest.raises(DataError):
            softmax(logits)  # type: ignore[arg-type]
    for temperature in (0.0, -1.0, 1e-300, math.nan, math.inf):
        with pytest.raises(ConfigError, match="temperature"):
            softmax([[1.0, 0.0]], temperature)
