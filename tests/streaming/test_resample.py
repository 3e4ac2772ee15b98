"""From any times to the grid of the bundle, against numpy's interpolation of the whole recording."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.bundle import Bundle
from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.streaming import Resampler, resample_clip
from kinestream.streaming.stream import LARGEST_PAUSE_S

Array = NDArray[np.float32]
ClipOf = Callable[..., Clip]


def naive(times: list[float], frames: Array, fps: float) -> tuple[list[float], Array]:
    """Grid times, and (N, ...) frames on lines between neighbours, one number at a time."""
    grid: list[float] = []
    while times[0] + len(grid) / fps <= times[-1] + 1e-9:
        grid.append(times[0] + len(grid) / fps)
    flat = frames.reshape(len(times), -1).astype(float)
    lines = [np.interp(grid, times, column) for column in flat.T]
    return grid, np.stack(lines, axis=1).reshape(len(grid), *frames.shape[1:]).astype(np.float32)


@given(
    st.lists(st.integers(1, 400), min_size=0, max_size=12),
    st.sampled_from([10.0, 25.0, 29.97]),
    st.sampled_from([0.0, -3.5, 1e6]),
)
def test_live_frames_come_out_on_the_grid_as_soon_as_they_are_known(
    steps_ms: list[int], fps: float, start_s: float
) -> None:
    times = [start_s + t / 1000 for t in np.cumsum([0, *steps_ms]).tolist()]
    frames = np.random.default_rng(len(times)).normal(size=(len(times), 2, 3)).astype(np.float32)
    resampler, came = Resampler(fps), []
    for time_s, frame in zip(times, frames, strict=True):
        came += [(time_s, made) for made in resampler.push(frame, time_s)]
    grid, expected = naive(times, frames, fps)
    np.testing.assert_allclose([made for _, made in came], expected, atol=1e-4)
    for (time_s, _), grid_s in zip(came, grid, strict=True):
        assert time_s == next(t for t in times if t + 1e-9 >= grid_s)


def test_frames_of_one_instant_are_not_extrapolated() -> None:
    resampler = Resampler(25)
    resampler.push(np.zeros((1, 1), np.float32), 0.0)
    resampler.push(np.zeros((1, 1), np.float32), 0.04 - 1.0000001e-9)
    (made,) = resampler.push(np.ones((1, 1), np.float32), 0.04 - 0.9999999e-9)
    assert made == 1


@pytest.mark.parametrize("fps", [30.0, 15.0, 60.0, 23.976, 100 / 3, 7.5])
def test_a_clip_is_resampled_on_the_same_grid(clip_of: ClipOf, fps: float) -> None:
    clip = clip_of(31, seed=3, people=2, fps=fps)
    made = resample_clip(clip, 25)
    times = [t / fps for t in range(31)]
    grid, expected = naive(times, clip.data.transpose(1, 0, 2, 3), 25)
    assert made.fps == 25
    np.testing.assert_allclose(made.data.transpose(1, 0, 2, 3), expected, atol=1e-5)
    assert clip.labels is not None and made.labels is not None
    for label, grid_s in zip(made.labels, grid, strict=True):
        near = [t for t in range(31) if abs(t / fps - grid_s) <= 0.5 / fps + 1e-9]
        assert label in clip.labels[near]


@pytest.mark.parametrize("fps", [25.0, 25.1])
def test_rates_this_close_are_the_same(clip_of: ClipOf, fps: float) -> None:
    clip = clip_of(9, fps=fps)
    assert resample_clip(clip, 25.0) is clip


def test_a_single_frame_has_any_rate(clip_of: ClipOf) -> None:
    clip = clip_of(1, fps=30)
    assert (resample_clip(clip, 25).data == clip.data).all()


@pytest.mark.parametrize("fps", [1.0, 3.1, 201.0, 1e300, 1e-300])
def test_rates_too_far_off_are_refused(clip_of: ClipOf, fps: float) -> None:
    with pytest.raises(DataError, match="rates within a factor of 8 can be resampled"):
        resample_clip(clip_of(5, fps=fps), 25)


@pytest.mark.parametrize("fps", [30, 12.5, 100])
def test_a_stream_resamples_what_it_is_pushed(bundle: Bundle, clip_of: ClipOf, fps: float) -> None:
    clip = clip_of(40, seed=2, fps=fps)
    stream, found = bundle.stream(fps=fps), []
    for t in range(40):
        stream.push(clip.data[:, t, :, 0])
        found += stream.answers
    stream.flush()
    found += stream.answers
    slow, expected = bundle.stream(), []
    for frame in resample_clip(clip, 25).data[..., 0].transpose(1, 0, 2):
        slow.push(frame)
        expected += slow.answers
    slow.flush()
    expected += slow.answers
    assert len(found) == math.floor(Fraction(39) / Fraction(fps) * 25) + 1
    for (label, scores), (other, wanted) in zip(found, expected, strict=True):
        assert label.index == other.index
        assert label.time_s == pytest.approx(other.time_s)
        np.testing.assert_allclose(scores, wanted, atol=1e-4)


def test_labels_of_a_resampled_stream_lie_on_its_grid(bundle: Bundle, clip_of: ClipOf) -> None:
    clip = clip_of(30, fps=30)
    stream, times, indices = bundle.stream(fps=30), [], []
    for t in range(30):
        label = stream.push(clip.data[:, t, :, 0], 50 + t / 30)
        for answer, _ in stream.answers:
            times.append(answer.time_s)
            indices.append(answer.index)
        if stream.answers:
            assert label == stream.answers[-1][0]
            # The newest frame is the one it waits for, and no later one.
            assert 0 <= (50 + t / 30) - (label.time_s + label.delay_s) < 1 / 30 + 1e-9
    assert indices == list(range(len(indices)))
    np.testing.assert_allclose(times, 50 + np.arange(len(times)) / 25)


def test_streams_of_different_rates_go_together(bundle: Bundle, clip_of: ClipOf) -> None:
    rates = (25.0, 50.0, 10.0)
    clips = [clip_of(24, seed=7, fps=fps) for fps in rates]
    together = [bundle.stream(fps=fps, person=p) for p, fps in enumerate(rates)]
    alone = [bundle.stream(fps=fps, person=p) for p, fps in enumerate(rates)]
    for t in range(24):
        frames = [clip.data[:, t, :, 0] for clip in clips]
        bundle.push_many(together, frames)
        for one, other, frame in zip(together, alone, frames, strict=True):
            other.push(frame)
            assert [label.index for label, _ in one.answers] == [
                label.index for label, _ in other.answers
            ]
            for (_, scores), (_, wanted) in zip(one.answers, other.answers, strict=True):
                np.testing.assert_allclose(scores, wanted, atol=1e-5)


def test_a_long_pause_is_not_filled_with_inventions(bundle: Bundle, clip_of: ClipOf) -> None:
    frame = clip_of(1).data[:, 0, :, 0]
    stream = bundle.stream(fps=30)
    stream.push(frame, 1.7e9)
    for pause_s in (LARGEST_PAUSE_S + 1, 9e11):
        with pytest.raises(DataError, match="no frame came for .* flush this stream and start a"):
            stream.push(frame, 1.7e9 + pause_s)
    stream.push(frame, 1.7e9 + LARGEST_PAUSE_S / 2)
    assert len(stream.answers) == LARGEST_PAUSE_S / 2 * 25 + 1 - 3
    own_rate = bundle.stream()
    own_rate.push(frame, 0.0)
    own_rate.push(frame, 3600.0)
    assert [label.time_s for label in own_rate.flush()] == [0.0, 3600.0]
