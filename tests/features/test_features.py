"""Each feature against a naive reading of its sentence, one frame and one joint at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinestream.clips import IMU, XYZ
from kinestream.errors import ConfigError, SkeletonError
from kinestream.features import Pipeline
from kinestream.skeletons import Skeleton, skeleton

Array = NDArray[np.float32]

BODY = Skeleton(
    "body", ("hip", "left_hip", "right_hip", "head"), ((1, 0), (2, 0), (3, 0)), centre=3
)


def recording(channels: int = 3, joints: int = 4, frames: int = 6, seed: int = 0) -> Array:
    """(C, T, V) of a person some metres away, drifting."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.1, (channels, frames, joints)).cumsum(axis=1)
    return np.asarray(2 + steps + rng.normal(0, 0.5, (channels, 1, joints)), np.float32)


def apply(spec: str, x: Array, channels: tuple[str, ...] = XYZ, body: Skeleton = BODY) -> Array:
    return Pipeline(body, channels, [spec]).clip(x[..., None])[..., 0]


def across(x: Array) -> Array:
    """(3, T): from the left hip to the right one."""
    return x[:3, :, BODY.index("right_hip")] - x[:3, :, BODY.index("left_hip")]


def test_centre_subtracts_the_centre_joint_from_positions_alone() -> None:
    channels = ("x", "score", "y")
    x = recording()
    y = apply("centre", x, channels)
    for t in range(x.shape[1]):
        for v in range(x.shape[2]):
            assert y[0, t, v] == x[0, t, v] - x[0, t, 3]
            assert y[1, t, v] == x[1, t, v]
            assert y[2, t, v] == x[2, t, v] - x[2, t, 3]


def test_displacement_is_the_way_since_the_frame_before() -> None:
    x = recording()
    pipeline = Pipeline(BODY, XYZ, ["displacement"])
    y = pipeline.clip(x[..., None])[..., 0]
    assert pipeline.channels == ("x", "y", "z", "d_x", "d_y", "d_z")
    assert (y[:3] == x).all()
    assert (y[3:, 0] == 0).all()
    for t in range(1, x.shape[1]):
        assert (y[3:, t] == x[:, t] - x[:, t - 1]).all()


def test_magnitude_is_the_length_of_every_triple() -> None:
    x = recording(channels=6, joints=2)
    pipeline = Pipeline(skeleton("phonewatch2"), IMU, ["magnitude"])
    y = pipeline.clip(x[..., None])[..., 0]
    assert pipeline.channels == (*IMU, "acc_norm", "gyro_norm")
    assert (y[:6] == x).all()
    for t in range(x.shape[1]):
        for v in range(2):
            a, b, c, d, e, f = (float(value) for value in x[:, t, v])
            assert y[6, t, v] == pytest.approx(math.sqrt(a * a + b * b + c * c), rel=1e-6)
            assert y[7, t, v] == pytest.approx(math.sqrt(d * d + e * e + f * f), rel=1e-6)


def test_magnitude_names_what_it_measures() -> None:
    assert Pipeline(BODY, XYZ, ["displacement", "magnitude"]).channels[6:] == ("norm", "d_norm")


def test_heading_turns_the_hip_line_to_x_and_keeps_lengths() -> None:
    x = recording(frames=40)
    y = apply("heading", x)
    floor = np.hypot(across(x)[0], across(x)[2])
    np.testing.assert_allclose(across(y), [floor, across(x)[1], 0 * floor], atol=1e-5)
    for a in range(4):
        for b in range(4):
            before = np.linalg.norm(x[:, :, a] - x[:, :, b], axis=0)
            after = np.linalg.norm(y[:, :, a] - y[:, :, b], axis=0)
            np.testing.assert_allclose(after, before, atol=1e-5)
    assert (y[1] == x[1]).all()
    # A turn, not a mirror: the triple product of three joints keeps its sign and size.
    corners = [body[:, :, :3].transpose(1, 0, 2).astype(float) for body in (x, y)]
    np.testing.assert_allclose(np.linalg.det(corners[1]), np.linalg.det(corners[0]), atol=1e-4)


@given(st.floats(-math.pi, math.pi))
def test_heading_forgets_how_the_camera_stood(angle: float) -> None:
    x = recording(frames=5)
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    turned = np.stack([cos * x[0] + sin * x[2], x[1], cos * x[2] - sin * x[0]])
    np.testing.assert_allclose(apply("heading", turned), apply("heading", x), atol=2e-5)


def test_heading_turns_displacements_along() -> None:
    x = recording(frames=9)
    y = Pipeline(BODY, XYZ, ["displacement", "heading"]).clip(x[..., None])[..., 0]
    step = np.diff(x, axis=1, prepend=x[:, :1])
    for t in range(9):
        to_x = math.atan2(across(x)[2, t], across(x)[0, t])
        cos, sin = math.cos(to_x), math.sin(to_x)
        for v in range(4):
            dx, dy, dz = (float(value) for value in step[:, t, v])
            expected = [cos * dx + sin * dz, dy, cos * dz - sin * dx]
            np.testing.assert_allclose(y[3:, t, v], expected, atol=1e-5)


def test_heading_leaves_a_person_without_heading_as_he_is() -> None:
    x = recording(frames=3)
    x[[0, 2], 1, 1] = x[[0, 2], 1, 2]  # hips above each other: he lies on his side
    x[:, 2, 1] = x[:, 2, 2]  # hips in one place
    y = apply("heading", x)
    assert (y[:, 1:] == x[:, 1:]).all()
    assert np.abs(y[:, 0] - x[:, 0]).max() > 0.01


def test_standardise_measures_the_training_set() -> None:
    clips = [recording(frames=7, seed=1), recording(frames=30, seed=2)]
    two = np.stack([recording(frames=5, seed=s) for s in (3, 4)], axis=-1)  # two people
    pipeline = Pipeline(BODY, XYZ, ["standardise"])
    pipeline.fit([*(clip[..., None] for clip in clips), two])
    frames = np.concatenate([*clips, two[..., 0], two[..., 1]], axis=1).astype(float)
    for c in range(3):
        means = [frames[c, :, v].mean() for v in range(4)]
        squares = [(frames[c, t, v] - means[v]) ** 2 for t in range(47) for v in range(4)]
        spread = math.sqrt(sum(squares) / len(squares))
        y = pipeline.clip(two)[c]
        for v in range(4):
            np.testing.assert_allclose(y[:, v], (two[c, :, v] - means[v]) / spread, atol=1e-5)


def test_standardise_measures_what_the_features_before_it_make() -> None:
    clips = [recording(frames=20, seed=s)[..., None] for s in range(3)]
    pipeline = Pipeline(BODY, XYZ, ["centre", "displacement", "standardise"])
    pipeline.fit(clips)
    made = np.concatenate([pipeline.clip(clip)[..., 0] for clip in clips], axis=1)
    np.testing.assert_allclose(made.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(made.reshape(6, -1).std(axis=1), 1, atol=1e-5)


def test_a_channel_that_never_changes_stays_finite() -> None:
    x = np.ones((3, 5, 4, 1), np.float32)
    pipeline = Pipeline(BODY, XYZ, ["standardise"])
    pipeline.fit([x])
    assert (pipeline.clip(x) == 0).all()
    assert (pipeline.clip(x + 1) == 1).all()


@pytest.mark.parametrize(
    ("spec", "channels", "error", "says"),
    [
        ("centre", ("score",), ConfigError, "'centre' needs positions x, y, z among channels"),
        ("heading", ("x", "y"), ConfigError, "'heading' needs channels x, y, z first"),
        ("heading", ("y", "x", "z"), ConfigError, "'heading' needs channels x, y, z first"),
        ("magnitude", ("x", "y"), ConfigError, "'magnitude' needs channels in triples"),
        ("magnitude", ("score",), ConfigError, "'magnitude' needs channels in triples"),
        ("bones", XYZ, ConfigError, "unknown feature 'bones'; there are body_frame, bone, bone_mo"),
        ({}, XYZ, ConfigError, "unknown feature None"),
        ({"name": ["centre"]}, XYZ, ConfigError, r"unknown feature \['centre'\]"),
        ({"name": "centre", "bone": 1}, XYZ, ConfigError, r"'centre' does not take \['bone'\]"),
        ({"name": "centre", 3: 1, "a": 2}, XYZ, ConfigError, r"does not take \['3', 'a'\]"),
        ({"name": "centre", "joint": "knee"}, XYZ, SkeletonError, "no joint 'knee'; it has hip,"),
        ({"name": "centre", "joint": 4}, XYZ, SkeletonError, "joint is 4, .* has joints 0 to 3"),
        ({"name": "centre", "joint": True}, XYZ, ConfigError, "'centre': joint must name joints"),
        ({"name": "centre", "joint": []}, XYZ, ConfigError, "'centre': joint names no joint"),
        ({"name": "centre", "joint": {"a": 1}}, XYZ, ConfigError, "joint must name joints"),
        ({"name": "centre", "when": "last"}, XYZ, ConfigError, "when must be every or first, got"),
        ({"name": "centre", "when": []}, XYZ, ConfigError, "when must be every or first, got"),
        ("relative", ("score",), ConfigError, "'relative' needs positions"),
        ("bone", ("d_x", "b_x"), ConfigError, "'bone' needs positions"),
        ("scale", ("b_x",), ConfigError, "'scale' needs positions"),
        ({"name": "bone", "bones": 3}, XYZ, ConfigError, "bones must be pairs of joints, got 3"),
        ({"name": "bone", "bones": [[[0, 1], 2]]}, XYZ, ConfigError, "bones join two joints"),
        ({"name": "bone", "bones": [[0, 1], [0, 2]]}, XYZ, SkeletonError, "the child of two"),
        ({"name": "scale", "bones": []}, XYZ, ConfigError, "'scale' needs bones to measure"),
        ({"name": "scale", "bones": ["hip"]}, XYZ, ConfigError, "bones must be two joints, from"),
        ({"name": "scale", "bones": "hip"}, XYZ, ConfigError, "'scale' needs bones to measure"),
        ({"name": "scale", "memory_frames": 0}, XYZ, ConfigError, "whole number from 1 to"),
        ({"name": "scale", "memory_frames": 2.0}, XYZ, ConfigError, "whole number from 1 to"),
        ("body_frame", ("x", "y"), ConfigError, "'body_frame' needs channels x, y, z, got"),
        ("body_frame", XYZ, SkeletonError, "'body' has no joints .* knows as spine: name them"),
        ({"name": "body_frame", "spine": [0, 3]}, XYZ, SkeletonError, "knows as shoulders"),
        ({"name": "body_frame", "spine": [0]}, XYZ, ConfigError, "spine must be two joints"),
        ({"name": "body_frame", "mode": "all"}, XYZ, ConfigError, "mode must be first or runni"),
        ({"name": "hold", "hold_frames": -1}, XYZ, ConfigError, "whole number from 0 to 1000000"),
        ({"name": "hold", "hold_frames": 1 << 70}, XYZ, ConfigError, "whole number from 0 to"),
        ({"name": "hold", "fill": math.nan}, XYZ, ConfigError, "fill must be a finite number"),
        ({"name": "hold", "fill": 10**400}, XYZ, ConfigError, "fill must be a finite number"),
        ({"name": "hold", "fill": 1e39}, XYZ, ConfigError, "fill must be a finite number"),
        ({"name": "hold", "fill": "0"}, XYZ, ConfigError, "fill must be a finite number"),
        ({"name": "hold", "min_score": 0.5}, XYZ, ConfigError, "needs a channel 'score'"),
        ("hold", ("x", "seen"), ConfigError, "makes a channel 'seen', which"),
        ({"name": "centre", "skeleton": 1}, XYZ, ConfigError, r"does not take \['skeleton'\]"),
        ({"name": "standardise", "mean": [[0.0] * 4] * 2}, XYZ, ConfigError, r"shape \(3, 4\)"),
        ({"name": "standardise", "mean": "abc"}, XYZ, ConfigError, "needs finite mean and std"),
        ({"name": "standardise", "mean": [[1], [1, 2]]}, XYZ, ConfigError, "needs finite mean"),
        (
            {"name": "standardise", "mean": [[math.nan] * 4] * 3},
            XYZ,
            ConfigError,
            "needs finite mean and std",
        ),
        ({"name": "standardise", "std": [[0.0] * 4] * 3}, XYZ, ConfigError, "std above 0"),
        ({"name": "standardise", "std": [[-1.0] * 4] * 3}, XYZ, ConfigError, "std above 0"),
    ],
)
def test_what_does_not_fit_is_named(
    spec: str | dict[str, object], channels: tuple[str, ...], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        Pipeline(BODY, channels, [spec])


def test_heading_needs_hips() -> None:
    with pytest.raises(SkeletonError, match="'phonewatch2' has no joint 'left_hip'"):
        Pipeline(skeleton("phonewatch2"), XYZ, ["heading"])


def test_features_cannot_ask_for_endless_channels() -> None:
    with pytest.raises(ConfigError, match="more than 1024 channels"):
        Pipeline(BODY, XYZ, ["displacement"] * 40)


def test_a_bone_has_one_parent() -> None:
    ring = Skeleton("ring", ("a", "b", "c"), ((1, 0), (2, 0), (2, 1)))
    with pytest.raises(SkeletonError, match="'ring': joint 'c' is the child of two bones"):
        Pipeline(ring, XYZ, ["bone"])
