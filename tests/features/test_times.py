"""Irregular times on a grid: as numpy interpolates, as a live stream gets it, and without invention."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.errors import DataError
from kinestream.features.times import resample_times
from kinestream.streaming import Resampler

Array = NDArray[np.float32]

STEPS = st.lists(
    st.sampled_from([0.01, 0.02, 0.033, 0.04, 0.08, 0.31, 0.9]), min_size=1, max_size=12
)


def irregular(
    steps: list[float], seed: int = 0, missing: float = 0.0
) -> tuple[Array, NDArray[np.float64]]:
    """(2, T, 3, 1) and (T,)."""
    rng = np.random.default_rng(seed)
    times_s = 7.0 + np.cumsum([0.0, *steps])
    values = rng.normal(size=(2, len(times_s), 3, 1)).astype(np.float32)
    values[:, rng.random((len(times_s), 3, 1)) < missing] = np.nan
    return values, times_s


@given(STEPS, st.sampled_from([10.0, 25.0, 100 / 3]))
def test_points_lie_on_lines_between_frames(steps: list[float], fps: float) -> None:
    values, times_s = irregular(steps)
    grid, frames = resample_times(values, times_s, fps)
    points_s = times_s[0] + np.arange(grid.shape[1]) / fps
    assert points_s[-1] <= times_s[-1] + 1e-8 < points_s[-1] + 1 / fps + 1e-8
    flat = values.reshape(2, len(times_s), 3)
    for c in range(2):
        for v in range(3):
            line = np.interp(points_s, times_s, flat[c, :, v])
            np.testing.assert_allclose(grid[c, :, v, 0], line, atol=1e-4)
    off = np.abs(times_s[frames] - points_s)
    nearest = np.abs(times_s[:, None] - points_s).min(axis=0)
    np.testing.assert_allclose(off, nearest, atol=1e-6)


@given(STEPS, st.sampled_from([None, 0.05, 0.5]), st.sampled_from([0.0, 0.4]))
def test_live_and_clip_agree(steps: list[float], max_gap_s: float | None, missing: float) -> None:
    values, times_s = irregular(steps, missing=missing)
    grid, _ = resample_times(values, times_s, 25.0, max_gap_s)
    resampler = Resampler(25.0, max_gap_s)
    live = [
        made
        for t, time_s in enumerate(times_s.tolist())
        for made in resampler.push(values[:, t, :, 0], time_s)
    ]
    np.testing.assert_allclose(np.stack(live, axis=1), grid[..., 0], atol=1e-5, equal_nan=True)


@given(STEPS, st.integers(1, 12))
def test_no_point_knows_more_than_the_first_frame_after_it(steps: list[float], cut: int) -> None:
    values, times_s = irregular(steps)
    cut = min(cut, len(times_s))
    whole, _ = resample_times(values, times_s, 25.0, 0.5)
    begun, _ = resample_times(values[:, :cut], times_s[:cut], 25.0, 0.5)
    np.testing.assert_array_equal(whole[:, : begun.shape[1]], begun)


def test_gaps_are_missing_and_unlabelled() -> None:
    values = np.array([0, 1, 9, 10], np.float32).reshape(1, 4, 1, 1)
    grid, frames = resample_times(values, np.array([0, 1, 9, 10.0]), 1.0, max_gap_s=2)
    np.testing.assert_array_equal(grid.ravel(), [0, 1, *[np.nan] * 7, 9, 10])
    assert frames.tolist() == [0, 1, *[-1] * 7, 2, 3]


def test_a_missing_joint_spoils_no_frame_but_those_between() -> None:
    values = np.array([0, np.nan, 2, 3], np.float32).reshape(1, 4, 1, 1)
    grid, _ = resample_times(values, np.array([0, 0.04, 0.08, 0.12]), 50.0)
    np.testing.assert_allclose(grid.ravel(), [0, *[np.nan] * 3, 2, 2.5, 3], atol=1e-5)
    grid, _ = resample_times(values, np.arange(4) * 0.1 + 0.7, 10.0)
    np.testing.assert_allclose(grid.ravel(), values.ravel(), atol=1e-5)


@pytest.mark.parametrize(
    ("times_s", "fps", "max_gap_s", "says"),
    [
        ([0, 1], 10, None, "need one time each"),
        ([0, 1, 1], 10, None, "finite and grow"),
        ([0, 2, 1], 10, None, "finite and grow"),
        ([0, 1, np.nan], 10, None, "finite and grow"),
        ([0, 1, np.inf], 10, None, "finite and grow"),
        ([0, 1, 2], 0, None, "fps must be above 0"),
        ([0, 1, 2], np.nan, None, "fps must be above 0"),
        ([0, 1, 2], 10, -1, "max_gap_s must be above 0"),
        ([0, 1, 1e12], 30, None, "more than a clip may hold: are the times in seconds"),
        ([0, 1, 1e300], 30, None, "more than a clip may hold"),
    ],
)
def test_what_is_no_time_is_refused(
    times_s: list[float], fps: float, max_gap_s: float | None, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        resample_times(
            np.zeros((1, 3, 2, 1), np.float32),
            np.array([float(t) for t in times_s]),
            fps,
            max_gap_s,
        )
