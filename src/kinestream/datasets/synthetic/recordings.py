"""Recordings made by code: for demos, tests and first steps without a data set.

Nothing in them was recorded. A body, or a thigh and a forearm that carry sensors, move along smooth
paths between key poses; who it is, how fast and in what style is drawn from the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU, XYZ, Clip
from kinestream.datasets.synthetic.actions import ACTIONS, perform, start_of
from kinestream.datasets.synthetic.actor import Actor
from kinestream.datasets.synthetic.body import Body
from kinestream.datasets.synthetic.kinect import seen, tracked
from kinestream.datasets.synthetic.phonewatch import RATE_HZ, UpAndGo, readings
from kinestream.errors import ConfigError
from kinestream.formats import sp_sw_har, utkinect
from kinestream.skeletons import skeleton

Kind = Literal["phonewatch", "kinect"]

MAX_ROUNDS = 100
TEMPOS = (0.5, 2.0)


def generate(kind: Kind, seed: int = 0, *, tempo: float = 1.0, rounds: int = 1) -> Clip:
    """Make a labelled recording.

    Args:
        kind: ``phonewatch``: somebody gets up from a chair, walks, turns, walks back, turns and sits
            down, with a phone in the pocket and a watch on the wrist (25 Hz, classes of SP-SW-HAR).
            ``kinect``: the ten actions of UTKinect-Action3D in front of a Kinect v1, with background
            between them (15 Hz).
        seed: Draws the person, the style and the noise; the same seed gives the same bytes.
        tempo: From 0.5, slow, to 2, hurried.
        rounds: How often everything is done; one round takes about 12 s or 42 s.

    Returns:
        (6, T, 2, 1) in m/s2 and rad/s, or (3, T, 20, 1) in metres; a label for every frame.

    Raises:
        ConfigError: There is no such kind, or a number is out of range.

    >>> generate("phonewatch", seed=3).data.shape[0], generate("kinect", seed=3).fps
    (6, 15.0)
    """
    _check(kind, seed, tempo, rounds)
    clip = _KINDS[kind](np.random.Generator(np.random.PCG64(seed)), tempo, rounds)
    return replace(clip, subject=f"generated {seed}", source=f"synthetic:{kind}:{seed}")


def _check(kind: object, seed: object, tempo: float, rounds: int) -> None:
    if kind not in _KINDS:
        raise ConfigError(f"there is no generated recording {kind!r}; use {' or '.join(_KINDS)}.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError(f"seed must be a whole number of 0 or more, got {seed!r}.")
    if not TEMPOS[0] <= tempo <= TEMPOS[1]:
        raise ConfigError(f"tempo must be {TEMPOS[0]} to {TEMPOS[1]}, got {tempo}; 1 is usual.")
    if not 1 <= rounds <= MAX_ROUNDS:
        raise ConfigError(f"rounds must be 1 to {MAX_ROUNDS}, got {rounds}.")


def _phonewatch(rng: np.random.Generator, tempo: float, rounds: int) -> Clip:
    person = UpAndGo(rng, tempo)
    person.perform(rounds)
    step = round(RATE_HZ / sp_sw_har.FPS)
    data = readings(person, rng, step)
    newest_s = (np.arange(data.shape[1]) * step + step - 1) / RATE_HZ
    return Clip(
        data=data[..., None].astype(np.float32),
        skeleton=skeleton("phonewatch2"),
        fps=sp_sw_har.FPS,
        channels=IMU,
        classes=sp_sw_har.CLASSES,
        labels=labels_at(newest_s, person.marks, sp_sw_har.CLASSES),
    )


def _kinect(rng: np.random.Generator, tempo: float, rounds: int) -> Clip:
    side = float(rng.choice([-1.0, 1.0]))
    body = Body().scaled(rng.uniform(0.93, 1.07))
    actor = Actor(rng, body, start_of(side), rng.uniform(0.9, 1.1) / tempo)
    perform(actor, tuple(ACTIONS) * rounds)
    layout = skeleton("kinect20")
    data = tracked(seen(actor, layout, utkinect.FPS), rng, utkinect.FPS)
    return Clip(
        data=data.transpose(2, 0, 1)[..., None].astype(np.float32),
        skeleton=layout,
        fps=utkinect.FPS,
        channels=XYZ,
        classes=utkinect.CLASSES,
        labels=labels_at(np.arange(len(data)) / utkinect.FPS, actor.marks, utkinect.CLASSES),
    )


_KINDS: dict[str, Callable[[np.random.Generator, float, int], Clip]] = {
    "phonewatch": _phonewatch,
    "kinect": _kinect,
}


def labels_at(
    times_s: NDArray[np.float64], marks: Sequence[tuple[float, str]], classes: tuple[str, ...]
) -> NDArray[np.int64]:
    """Class of each time from the times at which labels begin.

    >>> labels_at(np.array([0.0, 0.9, 1.0]), [(0.0, "sit"), (1.0, "go")], ("go", "sit")).tolist()
    [1, 1, 0]
    """
    names = np.array([classes.index(name) for _, name in marks], dtype=np.int64)
    return names[np.searchsorted([start_s for start_s, _ in marks], times_s, side="right") - 1]
