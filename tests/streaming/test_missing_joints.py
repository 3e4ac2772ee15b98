"""Missing joints in streams: where the features take them, and where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.clips import XYZ, Clip
from kinestream.errors import DataError
from kinestream.features import Pipeline
from kinestream.features.times import resample_times
from kinestream.skeletons import skeleton
from kinestream.streaming import Recogniser, Stream, push_many, resample_clip
from kinestream.streaming.engine import Engine, StreamMemory
from kinestream.streaming.runners import Call, Lending
from kinestream.streaming.seats import Pool

Array = NDArray[np.float32]

BODY = skeleton("sbu15")
FEATURES: list[str | dict[str, Any]] = [
    {"name": "hold", "hold_frames": 2},
    "centre",
    "displacement",
]
SEEN = 3  # the row of ``seen`` among x, y, z, seen, d_x, d_y, d_z


class _NoGraph:
    """Runs nothing."""

    inputs = outputs = frozenset[str]()

    def call(self, inputs: Lending, outputs: Lending) -> Call:
        return lambda: None


class Recorder(Engine):
    """Takes features down instead of running a graph."""

    def __init__(self) -> None:
        self.delay, self.stride, self.taken = 0, 1, []  # type: ignore[var-annotated]

    def start(self) -> StreamMemory:
        return StreamMemory(Pool(_NoGraph(), (), (), 2))

    def step(self, streams: Sequence[StreamMemory], frames: Array) -> Array:
        for stream, frame in zip(streams, frames, strict=True):
            stream.frames += 1
            self.taken.append(frame)
        return np.zeros((len(streams), 2), np.float32)


def recogniser(features: list[str | dict[str, Any]] = FEATURES, people: int = 1) -> Recogniser:
    pipeline = Pipeline(BODY, XYZ, features)
    return Recogniser(Recorder(), pipeline, ("a", "b"), 25.0, 0, people=people)


def taken(stream: Stream) -> Array:
    """(C', T, V[, M]) that the engine was given."""
    engine = stream.recogniser.engine
    assert isinstance(engine, Recorder)
    return np.stack(engine.taken, axis=1)


def joints(frames: int = 12, people: int = 1, missing: float = 0.4) -> Array:
    rng = np.random.default_rng(0)
    x = rng.normal(1, 1, (3, frames, 15, people)).astype(np.float32)
    x[:, rng.random(x.shape[1:]) < missing] = np.nan
    x[:, 4] = np.nan  # nobody at all
    return x


def test_a_stream_takes_missing_joints_as_a_clip_does() -> None:
    x = joints()
    stream = Stream(recogniser())
    for t in range(12):
        label = stream.push(x[:, t, :, 0])
        assert label.index == t
    truth = stream.recogniser.pipeline.clip(x)[..., 0]
    np.testing.assert_allclose(taken(stream), truth, atol=1e-6)
    assert np.isfinite(truth).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_others_say_what_takes_them(value: float) -> None:
    stream = Stream(recogniser(["centre", "displacement"]))
    frame = np.ones((3, 15))
    frame[1, 7] = value
    way_out = "bundle.live.* begin with 'hold'" if np.isnan(value) else "a finite number"
    with pytest.raises(DataError, match=f"joint 7 is {value}: .*{way_out}"):
        stream.push(frame)
    assert stream.push(np.ones((3, 15))).index == 0


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e7])
def test_no_stream_takes_what_is_absurd(value: float) -> None:
    stream = Stream(recogniser())
    frame = np.full((3, 15), np.nan)
    frame[2, 3] = value
    with pytest.raises(DataError, match="is -?inf|lies at 1e[+]07"):
        stream.push(frame)
    assert stream.push(np.full((3, 15), np.nan)).index == 0


def test_whoever_is_not_in_a_scene_is_not_seen() -> None:
    x = joints(6, people=1)
    stream = Stream(recogniser(people=3))
    for t in range(6):
        stream.push(x[:, t])
    features = taken(stream)
    assert features.shape == (7, 6, 15, 3)
    np.testing.assert_allclose(
        features[..., 0], stream.recogniser.pipeline.clip(x)[..., 0], atol=1e-6
    )
    assert not features[..., 1:].any()


def test_scenes_of_others_are_filled_with_zeros() -> None:
    stream = Stream(recogniser([], people=2))
    stream.push(np.ones((3, 15, 1)))
    assert not taken(stream)[..., 1].any()


def test_irregular_times_with_a_gap_as_a_clip() -> None:
    x = joints(20, missing=0.2)
    rng = np.random.default_rng(1)
    times_s = 5.0 + np.cumsum(rng.uniform(0.01, 0.09, 20))
    times_s[12:] += 1.7
    stream = Stream(recogniser(), fps=20)
    for t in range(20):
        stream.push(x[:, t, :, 0], float(times_s[t]))
    grid, frames = resample_times(x, times_s, 25.0, max_gap_s=0.5)
    truth = stream.recogniser.pipeline.clip(grid)[..., 0]
    np.testing.assert_allclose(taken(stream), truth, atol=2e-5)
    gap = frames == -1
    assert gap.sum() > 35 and not truth[SEEN][gap][3:].any()


def test_gaps_of_others_are_lines_as_ever() -> None:
    stream = Stream(recogniser([]), fps=20)
    stream.push(np.zeros((3, 15)), 0.0)
    stream.push(np.ones((3, 15)), 2.0)
    np.testing.assert_allclose(taken(stream)[0, :, 0], np.arange(51) / 50, atol=1e-6)


def test_streams_with_gaps_go_together() -> None:
    x = joints(8, people=2)
    shared = recogniser()
    streams = [Stream(shared, person=p) for p in range(2)]
    for t in range(8):
        push_many(streams, [x[:, t, :, 0], x[:, t, :, 1]])
    rows = taken(streams[0])
    truth = shared.pipeline.clip(x)
    for p in range(2):
        np.testing.assert_allclose(rows[:, p::2], truth[..., p], atol=1e-6)


@pytest.mark.parametrize("fps", [50.0, 12.5])
def test_a_clip_of_another_rate_keeps_what_is_known(fps: float) -> None:
    x = joints(9, missing=0)
    made = resample_clip(Clip(x, BODY, fps=25.0), fps)
    if fps == 12.5:
        np.testing.assert_array_equal(made.data, x[:, ::2])
    else:
        np.testing.assert_array_equal(made.data[:, ::2], x)
        assert np.isnan(made.data[:, 7:10]).all() and np.isfinite(made.data[:, [6, 10]]).all()
