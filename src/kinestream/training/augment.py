"""Random changes of training recordings: other bodies, other ways to wear a sensor, other tempos.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import ConfigError
from kinestream.training.config import AugmentConfig
from kinestream.training.playing import frames_at

Array = NDArray[np.float32]


def check_augment(clip: Clip, config: AugmentConfig) -> None:
    """Refuse changes that make no sense for recordings like this one.

    Raises:
        ConfigError: The channels are not what a change works on, or there is no such sensor.
    """
    for key, wanted in (("rotate_deg", config.rotate_deg), ("turn_over", config.turn_over)):
        if wanted and not _triples(clip.channels):
            raise ConfigError(
                f"augment.{key} needs channels in triples ..x, ..y, ..z, got {clip.channels}."
            )
    for key, wanted in (("tilt_deg", config.tilt_deg), ("stretch", config.stretch)):
        if wanted and clip.channels[:3] != ("x", "y", "z"):
            raise ConfigError(f"augment.{key} needs channels x, y, z first, got {clip.channels}.")
    if config.mirror and "x" not in clip.channels:
        raise ConfigError(f"augment.mirror needs a channel x, got {clip.channels}.")
    for name in config.turn_over:
        if name not in clip.skeleton.joints:
            raise ConfigError(
                f"augment.turn_over: there is no sensor {name!r}; the data has "
                f"{', '.join(clip.skeleton.joints)}."
            )


def augment(clip: Clip, config: AugmentConfig, rng: np.random.Generator) -> Clip:
    """A changed copy of a clip; the same one for the same state of ``rng``.

    Raises:
        ConfigError: As :func:`check_augment`.
    """
    check_augment(clip, config)
    data, labels = clip.data, clip.labels
    if config.speed:
        data, labels = _play(data, labels, rng.uniform(1 - config.speed, 1 + config.speed))
    changes: list[Callable[[Array], Array]] = []
    if config.rotate_deg:
        changes.append(lambda x: _rotate(x, clip.channels, config.rotate_deg, rng))
    if config.tilt_deg:
        changes.append(lambda x: _tilt(x, clip.channels, config.tilt_deg, rng))
    if config.turn_over:
        changes.append(lambda x: _turn_over(x, clip, config.turn_over, rng))
    if config.scale:
        changes.append(lambda x: x * np.float32(rng.uniform(1 - config.scale, 1 + config.scale)))
    if config.stretch:
        changes.append(lambda x: _stretch(x, clip.channels, config.stretch, rng))
    if config.mirror and rng.random() < 0.5:
        changes.append(lambda x: _mirror(x, clip))
    if config.noise:
        changes.append(lambda x: x + rng.normal(0, config.noise, x.shape).astype(np.float32))
    for change in changes:
        data = change(data)
    return replace(clip, data=data, labels=labels)


def _play(
    data: Array, labels: NDArray[np.int64] | None, speed: float
) -> tuple[Array, NDArray[np.int64] | None]:
    frames = data.shape[1]
    times = np.linspace(0, frames - 1, max(round(frames / speed), 1))
    played = frames_at(data, times)
    return played, None if labels is None else labels[np.rint(times).astype(int)]


def _rotate(
    data: Array, channels: tuple[str, ...], largest_deg: float, rng: np.random.Generator
) -> Array:
    angle = np.deg2rad(rng.uniform(-largest_deg, largest_deg))
    positions = channels[:3] == ("x", "y", "z")
    turned = data.copy()
    # A camera sees a person turned about the vertical; each sensor may sit at an angle of its own.
    for joint in [slice(None)] if positions else range(data.shape[2]):
        axis = np.array([0.0, 1.0, 0.0]) if positions else rng.normal(size=3)
        if not positions:
            angle = np.deg2rad(rng.uniform(-largest_deg, largest_deg))
        matrix = _rotation(axis, angle)
        for start in _triples(channels):
            part = data[start : start + 3, :, joint]
            turned[start : start + 3, :, joint] = np.einsum("ij,j...->i...", matrix, part)
    return turned


def _tilt(
    data: Array, channels: tuple[str, ...], largest_deg: float, rng: np.random.Generator
) -> Array:
    towards = rng.uniform(0, 2 * np.pi)
    axis = np.array([np.cos(towards), 0.0, np.sin(towards)])
    matrix = _rotation(axis, np.deg2rad(rng.uniform(-largest_deg, largest_deg)))
    tilted = data.copy()
    for start in _triples(channels):
        tilted[start : start + 3] = np.einsum("ij,j...->i...", matrix, data[start : start + 3])
    return tilted


def _stretch(
    data: Array, channels: tuple[str, ...], most: float, rng: np.random.Generator
) -> Array:
    factors = rng.uniform(1 - most, 1 + most, 3).astype(np.float32)
    stretched = data.copy()
    for start in _triples(channels):
        stretched[start : start + 3] *= factors[:, None, None, None]
    return stretched


def _turn_over(data: Array, clip: Clip, sensors: list[str], rng: np.random.Generator) -> Array:
    turned = data.copy()
    for sensor in map(clip.skeleton.index, sensors):
        kept = rng.integers(4)  # the axis it turns about; 3 leaves it as it is
        signs = np.array([1 if kept in (axis, 3) else -1 for axis in range(3)], np.float32)
        for start in _triples(clip.channels):
            turned[start : start + 3, :, sensor] *= signs[:, None, None]
    return turned


def _triples(channels: tuple[str, ...]) -> list[int]:
    """Where the x, y and z of a vector begin."""
    stems = [channel[:-1] for channel in channels]
    return [
        start
        for start, stem in enumerate(stems)
        if channels[start : start + 3] == (f"{stem}x", f"{stem}y", f"{stem}z")
    ]


def _rotation(axis: NDArray[np.float64], angle: float) -> Array:
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return np.asarray(matrix, np.float32)


def _mirror(data: Array, clip: Clip) -> Array:
    order = np.arange(data.shape[2])
    for left, right in clip.skeleton.pairs:
        order[[left, right]] = right, left
    swapped = data[:, :, order].copy()
    swapped[clip.channels.index("x")] *= -1
    return swapped
