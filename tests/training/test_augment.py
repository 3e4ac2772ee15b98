"""Augmentation: what each change keeps, and that chance alone decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.clips import IMU, Clip
from kinestream.errors import ConfigError, InputError
from kinestream.skeletons import skeleton
from kinestream.training.augment import augment
from kinestream.training.config import AugmentConfig

Array = NDArray[np.float32]


def body(frames: int = 30, seed: int = 0) -> Clip:
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(3, frames, 20, 2)).astype(np.float32)
    labels = np.arange(frames) * 3 // frames
    return Clip(data, skeleton("kinect20"), 30, classes=("a", "b", "c"), labels=labels)


def sensors(frames: int = 30) -> Clip:
    data = np.random.default_rng(1).normal(size=(6, frames, 2, 1)).astype(np.float32)
    return Clip(data, skeleton("phonewatch2"), 25, channels=IMU)


def changed(clip: Clip, seed: int = 0, **settings: Any) -> Clip:
    return augment(clip, AugmentConfig(**settings), np.random.default_rng(seed))


def turn_of(before: Array, after: Array) -> NDArray[np.float64]:
    """The 3 x 3 matrix that takes one set of vectors, (3, ...), to another."""
    a, b = (x.reshape(3, -1).astype(np.float64) for x in (before, after))
    matrix = np.linalg.lstsq(a.T, b.T, rcond=None)[0].T
    np.testing.assert_allclose(matrix @ a, b, atol=1e-5)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-5)
    return np.asarray(matrix)


def angle_deg(matrix: NDArray[np.float64]) -> float:
    return float(np.rad2deg(np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1, 1))))


def test_nothing_asked_is_nothing_changed() -> None:
    clip = body()
    same = changed(clip)
    assert (same.data == clip.data).all()
    assert np.array_equal(np.asarray(same.labels), np.asarray(clip.labels))


@pytest.mark.parametrize(
    "settings",
    [
        {"rotate_deg": 30},
        {"scale": 0.2},
        {"noise": 0.1},
        {"speed": 0.3},
        {"mirror": True},
        {"rotate_deg": 30, "scale": 0.2, "noise": 0.1, "speed": 0.3, "mirror": True},
    ],
)
def test_chance_alone_decides(settings: dict[str, Any]) -> None:
    clip = body()
    kept = clip.data.copy()
    results = [changed(clip, seed, **settings) for seed in (1, 1, 2, 3, 4, 5)]
    assert (results[0].data == results[1].data).all()
    others = [one for one in results if not np.array_equal(one.data, results[0].data)]
    assert others
    assert (clip.data == kept).all()
    for one in results:
        assert one.data.dtype == np.float32
        assert one.skeleton == clip.skeleton
        assert one.labels is not None and len(one.labels) == one.num_frames


def test_a_person_turns_about_the_vertical() -> None:
    clip = body()
    angles = []
    for seed in range(30):
        matrix = turn_of(clip.data, changed(clip, seed, rotate_deg=20).data)
        np.testing.assert_allclose(matrix[1], [0, 1, 0], atol=1e-5)
        np.testing.assert_allclose(matrix[:, 1], [0, 1, 0], atol=1e-5)
        angles.append(angle_deg(matrix))
    assert 10 < max(angles) < 20.1


def test_a_camera_tilts_about_a_horizontal_axis() -> None:
    clip = body()
    for seed in range(20):
        matrix = turn_of(clip.data, changed(clip, seed, tilt_deg=15).data)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-4)
        assert 0 < angle_deg(matrix) <= 15
        values, vectors = np.linalg.eig(matrix)
        axis = np.real(vectors[:, np.argmin(abs(values - 1))])
        assert abs(axis[1]) < 1e-2
    with pytest.raises(ConfigError, match="tilt_deg needs channels x, y, z first"):
        changed(sensors(), tilt_deg=15)


def test_each_axis_is_stretched_by_a_factor_of_its_own() -> None:
    clip = body()
    factors = []
    for seed in range(50):
        ratio = changed(clip, seed, stretch=0.2).data / clip.data
        assert np.ptp(ratio, axis=(1, 2, 3)).max() < 1e-5
        factors.append(ratio[:, 0, 0, 0])
    found = np.array(factors)
    assert 0.8 <= found.min() < 0.85 and 1.15 < found.max() <= 1.2
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.5


def test_each_sensor_turns_about_an_axis_of_its_own() -> None:
    clip = sensors()
    for seed in range(20):
        after = changed(clip, seed, rotate_deg=45).data
        turns = []
        for sensor in range(2):
            felt = [
                turn_of(clip.data[c : c + 3, :, sensor], after[c : c + 3, :, sensor])
                for c in (0, 3)
            ]
            np.testing.assert_allclose(felt[0], felt[1], atol=1e-5)  # gyroscope and accelerometer
            turns.append(felt[0])
            assert angle_deg(felt[0]) < 45.1
        assert not np.allclose(turns[0], turns[1], atol=1e-3)


def test_a_phone_in_a_pocket_turns_half_around() -> None:
    clip = sensors()
    seen = set()
    for seed in range(40):
        after = changed(clip, seed, turn_over=["phone"]).data
        assert (after[:, :, 1] == clip.data[:, :, 1]).all()
        signs = after[:, :, 0] / clip.data[:, :, 0]
        assert (signs == signs[:, :1]).all()
        row = tuple(signs[:, 0, 0].astype(int).tolist())
        assert row[:3] == row[3:]
        seen.add(row[:3])
    assert seen == {(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)}


def test_sizes_change_by_one_factor() -> None:
    clip = body()
    factors = []
    for seed in range(30):
        ratio = changed(clip, seed, scale=0.2).data / clip.data
        assert np.ptp(ratio) < 1e-5
        factors.append(float(ratio.mean()))
    assert 0.8 <= min(factors) < 0.85
    assert 1.15 < max(factors) <= 1.2


def test_noise_is_white_and_as_strong_as_asked() -> None:
    clip = body(frames=200)
    noise = changed(clip, noise=0.05).data - clip.data
    assert noise.std() == pytest.approx(0.05, rel=0.03)
    assert abs(noise.mean()) < 0.001
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.02


def test_speed_plays_the_same_movement_in_another_time() -> None:
    clip = body(frames=50)
    lengths = set()
    for seed in range(12):
        after = changed(clip, seed, speed=0.3)
        count = after.num_frames
        lengths.add(count)
        times = np.linspace(0, 49, count)
        for joint in (0, 7):
            line = np.interp(times, np.arange(50), clip.data[1, :, joint, 1])
            np.testing.assert_allclose(after.data[1, :, joint, 1], line, atol=1e-5)
        assert after.labels is not None and clip.labels is not None
        assert after.labels.tolist() == [clip.labels[round(float(t))] for t in times]
        assert after.fps == clip.fps
    assert min(lengths) >= round(50 / 1.3)
    assert max(lengths) <= round(50 / 0.7) + 1
    assert len(lengths) > 5


def test_a_single_frame_survives_any_speed() -> None:
    one = replace(body(), data=body().data[:, :1], labels=np.array([2]))
    after = changed(one, speed=0.9)
    assert (after.data == one.data).all()


def test_mirroring_swaps_left_and_right_in_half_of_the_recordings() -> None:
    clip = body()
    mirrored = 0
    for seed in range(60):
        after = changed(clip, seed, mirror=True)
        if (after.data == clip.data).all():
            continue
        mirrored += 1
        for v, joint in enumerate(clip.skeleton.joints):
            side = {"left": "right", "right": "left"}.get(joint.partition("_")[0])
            other = v if side is None else clip.skeleton.index(f"{side}_{joint.partition('_')[2]}")
            assert (after.data[0, :, v] == -clip.data[0, :, other]).all()
            assert (after.data[1:, :, v] == clip.data[1:, :, other]).all()
    assert 15 < mirrored < 45


@pytest.mark.parametrize(
    ("make", "settings", "error", "says"),
    [
        (sensors, {"mirror": True}, ConfigError, "augment.mirror needs a channel x"),
        (sensors, {"turn_over": ["knee"]}, ConfigError, "no sensor 'knee'"),
        (
            lambda: replace(body(), channels=("x", "y", "score")),
            {"rotate_deg": 10},
            ConfigError,
            r"augment.rotate_deg needs channels in triples .*, got \('x', 'y', 'score'\)",
        ),
        (
            lambda: replace(body(), channels=("x", "y", "score")),
            {"turn_over": ["head"]},
            ConfigError,
            "augment.turn_over needs channels in triples",
        ),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    make: Callable[[], Clip], settings: dict[str, Any], error: type[InputError], says: str
) -> None:
    for seed in range(4):  # also where chance would have left it out
        with pytest.raises(error, match=says):
            changed(make(), seed, **settings)
