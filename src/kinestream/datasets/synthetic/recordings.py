"""Recordings made by code: for demos, tests and first steps without a data set.

Nothing in them was recorded. A body, or a thigh and a forearm that carry sensors, move along smooth
paths between key poses; who it is, how fast and in what style is drawn from the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, Unpack, get_args

import numpy as np

from kinestream.clips import IMU, XYZ, Clip
from kinestream.datasets.synthetic.actions import ACTIONS, perform, start_of
from kinestream.datasets.synthetic.actor import Actor
from kinestream.datasets.synthetic.body import Body
from kinestream.datasets.synthetic.everyday.recording import record
from kinestream.datasets.synthetic.everyday.scene import Options, Scene
from kinestream.datasets.synthetic.kinect import seen, tracked
from kinestream.datasets.synthetic.labelling import labels_at
from kinestream.datasets.synthetic.phonewatch import RATE_HZ, UpAndGo, readings
from kinestream.datasets.synthetic.ranges import whole, within
from kinestream.errors import ConfigError
from kinestream.formats import sp_sw_har, utkinect
from kinestream.skeletons import skeleton

Kind = Literal["phonewatch", "kinect", "everyday"]

MAX_ROUNDS = 100
MAX_SEED = 2**63
TEMPOS = (0.5, 2.0)


def generate(
    kind: Kind,
    seed: int = 0,
    *,
    tempo: float = 1.0,
    rounds: int = 1,
    **options: Unpack[Options],
) -> Clip:
    """Make a labelled recording.

    Args:
        kind: ``phonewatch``: somebody gets up from a chair, walks, turns, walks back, turns and sits
            down, with a phone in the pocket and a watch on the wrist (25 Hz, classes of SP-SW-HAR).
            ``kinect``: the ten actions of UTKinect-Action3D in front of a Kinect v1, with background
            between them (15 Hz).
            ``everyday``: one or two people do everyday actions, as any layout sees or feels it.
        seed: Draws the person, the style and the noise; the same seed gives the same bytes.
        tempo: From 0.5, slow, to 2, hurried.
        rounds: How often everything is done; one round of the first two takes about 12 s or 42 s.
        **options: For ``everyday``: skeleton, fps, actions, people, seconds, trimmed, view, noise,
            occlusion, variation, as :class:`~kinestream.datasets.synthetic.everyday.Scene` has them.

    Returns:
        (6, T, V, M) in m/s2 and rad/s for sensors, (3, T, V, M) in metres, or in pixels with a score
        for joints; a label for every frame.

    Raises:
        ConfigError: There is no such kind or action, or a value is out of range.
        SkeletonError: There is no such layout.

    >>> generate("phonewatch", seed=3).data.shape[0], generate("kinect", seed=3).fps
    (6, 15.0)
    >>> generate("everyday", skeleton="coco17", actions=["drink"]).channels
    ('x', 'y', 'score')
    """
    _check(kind, seed, tempo, rounds)
    rng = np.random.Generator(np.random.PCG64(seed))
    if kind == "everyday":
        clip = record(_scene(options), rng, tempo, rounds)
    elif options:
        raise ConfigError(f"kind {kind!r} takes no {', '.join(options)}; only 'everyday' does.")
    else:
        clip = _FIXED[kind](rng, tempo, rounds)
    return replace(clip, subject=f"generated {seed}", source=f"synthetic:{kind}:{seed}")


def _scene(options: Options) -> Scene:
    unknown = set(options) - set(Options.__annotations__)
    if unknown:
        raise ConfigError(
            f"a recording has no {', '.join(sorted(unknown))}; it has "
            f"{', '.join(Options.__annotations__)}."
        )
    return Scene(**options)


def _check(kind: object, seed: object, tempo: object, rounds: object) -> None:
    if kind not in get_args(Kind):
        kinds = " or ".join(get_args(Kind))
        raise ConfigError(f"there is no generated recording {kind!r}; use {kinds}.")
    whole("seed", seed, 0, MAX_SEED)
    within("tempo", tempo, *TEMPOS)
    whole("rounds", rounds, 1, MAX_ROUNDS)


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


_FIXED: dict[str, Callable[[np.random.Generator, float, int], Clip]] = {
    "phonewatch": _phonewatch,
    "kinect": _kinect,
}
