"""Pipelines: a clip and its frames get the same numbers, whatever the features."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.clips import IMU, XYZ
from kinestream.errors import DataError
from kinestream.features import Pipeline, check_finite
from kinestream.skeletons import skeleton
from tests.features.checks import in_frames

Array = NDArray[np.float32]

NAMES = st.sampled_from(["centre", "displacement", "heading", "magnitude", "standardise"])
FOR_SENSORS = st.sampled_from(["displacement", "magnitude", "standardise"])


def fitted(layout: str, channels: tuple[str, ...], specs: list[Any], seed: int = 0) -> Pipeline:
    pipeline = Pipeline(skeleton(layout), channels, specs)
    pipeline.fit([joints(pipeline, frames=12, seed=seed + 1, people=2)])
    return pipeline


def joints(pipeline: Pipeline, frames: int, seed: int, people: int = 1) -> Array:
    rng = np.random.default_rng(seed)
    shape = len(pipeline.raw_channels), frames, pipeline.num_joints, people
    return rng.normal(0.5, 1, shape).astype(np.float32)


@given(st.lists(NAMES, max_size=5), st.integers(1, 7), st.integers(1, 2), st.integers(0, 99))
def test_clip_and_frames_agree_for_every_pipeline(
    specs: list[str], frames: int, people: int, seed: int
) -> None:
    pipeline = fitted("kinect20", XYZ, specs, seed)
    x = joints(pipeline, frames, seed, people)
    y = pipeline.clip(x)
    assert y.shape == (len(pipeline.channels), frames, 20, people)
    assert y.dtype == np.float32
    np.testing.assert_allclose(in_frames(pipeline, x), y, rtol=1e-5, atol=1e-5)


@given(st.lists(FOR_SENSORS, max_size=4), st.integers(1, 7), st.integers(0, 99))
def test_clip_and_frames_agree_for_sensors(specs: list[str], frames: int, seed: int) -> None:
    pipeline = fitted("phonewatch2", IMU, specs, seed)
    x = joints(pipeline, frames, seed)
    np.testing.assert_allclose(in_frames(pipeline, x), pipeline.clip(x), rtol=1e-5, atol=1e-5)


@given(st.lists(NAMES, max_size=5), st.integers(1, 8))
def test_nothing_after_a_frame_is_used(specs: list[str], cut: int) -> None:
    pipeline = fitted("kinect20", XYZ, specs)
    x = joints(pipeline, frames=9, seed=3)
    assert (pipeline.clip(x[:, :cut]) == pipeline.clip(x)[:, :cut]).all()


def test_a_frame_that_the_caller_reuses_is_remembered_as_it_was() -> None:
    pipeline = Pipeline(skeleton("kinect20"), XYZ, ["displacement"])
    buffer = np.ones((3, 20), np.float32)
    _, past = pipeline.frame(buffer, pipeline.start())
    buffer += 2
    moved, _ = pipeline.frame(buffer, past)
    assert (moved[3:] == 2).all()


def test_a_pipeline_is_rebuilt_from_what_it_writes() -> None:
    specs = ["heading", "centre", {"name": "displacement"}, "magnitude", "standardise"]
    pipeline = fitted("ntu25", XYZ, specs)
    again = Pipeline(skeleton("ntu25"), XYZ, json.loads(json.dumps(pipeline.to_list())))
    assert [step["name"] for step in again.to_list()] == [
        *("heading", "centre", "displacement", "magnitude", "standardise")
    ]
    x = joints(pipeline, frames=5, seed=7)
    assert (again.clip(x) == pipeline.clip(x)).all()
    assert again.channels == pipeline.channels


def test_no_features_give_the_joints_themselves() -> None:
    pipeline = Pipeline(skeleton("sbu15"), XYZ, [])
    x = joints(pipeline, frames=3, seed=0)
    assert (pipeline.clip(x) == x).all()
    assert (in_frames(pipeline, x) == x).all()
    assert pipeline.to_list() == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_missing_joint_is_named(value: float) -> None:
    pipeline = Pipeline(skeleton("sbu15"), XYZ, ["centre"])
    x = joints(pipeline, frames=4, seed=0)
    x[1, 2, 7:9] = value
    says = f"joint 7 of frame 2 is {value}: .* \\(2 values in all\\)"
    with pytest.raises(DataError, match=says):
        pipeline.clip(x)
    with pytest.raises(DataError, match=says):
        pipeline.fit([x])
    with pytest.raises(DataError, match=says):
        check_finite(x)
