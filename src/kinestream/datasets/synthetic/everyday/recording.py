"""A recording of everyday actions: people are drawn, do what is asked, and are seen or felt.

Legend: T frames, V joints or sensors, M people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import IMU, XYZ, Clip
from kinestream.datasets.synthetic.everyday import pairs, script
from kinestream.datasets.synthetic.everyday.actor import Actor
from kinestream.datasets.synthetic.everyday.blocks import blocks
from kinestream.datasets.synthetic.everyday.body import Body
from kinestream.datasets.synthetic.everyday.camera import Camera, in_picture, pictured
from kinestream.datasets.synthetic.everyday.flaws import GUESSED_S, held, hidden, lost, tracked_at
from kinestream.datasets.synthetic.everyday.landmarks import at, joints, recipes
from kinestream.datasets.synthetic.everyday.pair import Pair
from kinestream.datasets.synthetic.everyday.scene import Scene
from kinestream.datasets.synthetic.everyday.sensors import readings, seat_of
from kinestream.datasets.synthetic.everyday.style import Style
from kinestream.datasets.synthetic.labelling import labels_at
from kinestream.errors import ConfigError
from kinestream.skeletons import Skeleton

Array = NDArray[np.float64]

SCORED = ("x", "y", "score")
MAX_JOINTS = 1 << 23  # of all frames and people together: some 2 GiB on the way
START_M = -1.4  # behind the middle of the room, so that there is way ahead
TRUNK = ("pelvis", "mid_spine", "spine3", "neck", "head")


@dataclass(frozen=True)
class Performance:
    """What was done: by whom, when what began, and until when."""

    actors: tuple[Actor, ...]
    marks: list[tuple[float, str]]
    end_s: float


def record(scene: Scene, rng: np.random.Generator, tempo: float, rounds: int) -> Clip:
    """Make the recording that a scene describes; subject and source are left to the caller.

    Raises:
        ConfigError: The layout has joints or sensors without a place on a generated body, or the
            recording would be too long.
    """
    if scene.sensors:
        for name in scene.layout.joints:
            seat_of(name, scene.layout.name)
    else:
        recipes(scene.layout)
    done = performed(scene, rng, tempo, rounds)
    frames = int(done.end_s * scene.fps)
    if frames * scene.layout.num_joints * scene.people > MAX_JOINTS:
        raise ConfigError(
            f"a recording of {frames} frames is too long to be made in one piece: ask for fewer "
            f"rounds or seconds, or a lower fps."
        )
    times_s = np.arange(frames) / scene.fps
    labels = labels_at(times_s, done.marks, scene.classes)
    data, channels = (_felt if scene.sensors else _seen)(scene, done, times_s, rng)
    if scene.trimmed:
        kept = _last_of(done, scene.names[0], times_s)
        data, labels = data[:, kept], labels[kept]
    return Clip(
        data=data.astype(np.float32),
        skeleton=scene.layout,
        fps=float(scene.fps),
        channels=channels,
        classes=scene.classes,
        labels=labels,
    )


def performed(scene: Scene, rng: np.random.Generator, tempo: float, rounds: int) -> Performance:
    """Draw the people and let them do what is asked."""
    if scene.people == 1:
        actor = _somebody(scene, rng, tempo, (0.0, START_M), rng.uniform(-0.3, 0.3))
        again = _Rounds(scene, rng, rounds)
        while again.wanted(actor.now_s):
            script.perform(actor, again.order(), scene.classes)
        return Performance((actor,), actor.marks, again.end_s(actor.now_s))
    apart_m = rng.uniform(*pairs.APART_M)
    yaw = rng.uniform(-np.pi, np.pi)
    left, forward = apart_m / 2 * np.sin(yaw), apart_m / 2 * np.cos(yaw)
    first = _somebody(scene, rng, tempo, (-left, -forward), yaw)
    second = _somebody(scene, rng, tempo, (left, forward), yaw + np.pi)
    pair = Pair(first, second, rng)
    again = _Rounds(scene, rng, rounds)
    while again.wanted(pair.now_s):
        pairs.perform(pair, again.order())
    pair.meet()
    shown = (first, second) if rng.uniform() < 0.5 else (second, first)
    return Performance(shown, pair.marks, again.end_s(pair.now_s))


class _Rounds:
    """How often everything is done: so many times, or until time is up."""

    def __init__(self, scene: Scene, rng: np.random.Generator, rounds: int) -> None:
        self._scene, self._rng, self._left = scene, rng, rounds

    def wanted(self, now_s: float) -> bool:
        if self._scene.seconds is not None:
            return now_s < self._scene.seconds
        self._left -= 1
        return self._left >= 0

    def order(self) -> list[str]:
        names = self._scene.names
        return [names[k] for k in self._rng.permutation(len(names))]

    def end_s(self, now_s: float) -> float:
        return now_s if self._scene.seconds is None else self._scene.seconds


def _somebody(
    scene: Scene, rng: np.random.Generator, tempo: float, place: tuple[float, float], yaw: float
) -> Actor:
    body = Body.drawn(rng, float(rng.uniform(*scene.variation.height_m)))
    style = Style.drawn(rng, float(rng.uniform(*scene.variation.pace)) / tempo)
    return Actor(rng, body, style, place, yaw)


def _felt(
    scene: Scene, done: Performance, times_s: Array, rng: np.random.Generator
) -> tuple[Array, tuple[str, ...]]:
    """(6, T, V, M) and its channels."""
    felt = [
        readings(actor, scene.layout, scene.fps, len(times_s), rng, scene.noise)
        for actor in done.actors
    ]
    return np.stack(felt, axis=-1), IMU


def _seen(
    scene: Scene, done: Performance, times_s: Array, rng: np.random.Generator
) -> tuple[Array, tuple[str, ...]]:
    """(C, T, V, M) and its channels."""
    spread = scene.variation
    camera = Camera.drawn(
        rng, spread.camera_yaw_deg, spread.camera_height_m, spread.camera_distance_m
    )
    layout, fps = scene.layout, scene.fps
    bodies, trunks = [], []
    for actor in done.actors:
        body, trunk = _placed(actor, layout, times_s)
        bodies.append(camera.sees(body))
        trunks.append(camera.sees(trunk))
    covered = hidden(np.stack(bodies, -1), np.stack(trunks, -1), rng, fps, scene.occlusion)
    gone = lost(covered.shape, rng, fps, scene.occlusion)
    found = np.stack([tracked_at(body, rng, fps, scene.noise) for body in bodies], axis=-1)
    if layout.units == "px":
        guessed = held(found, covered, layout.bones, round(GUESSED_S * fps))
        return _picture(guessed, covered, gone, rng), SCORED
    found = np.where((covered | gone)[:, :, None], np.nan, found)  # (T, V, 3, M)
    return found.transpose(2, 0, 1, 3) * (1000.0 if layout.units == "mm" else 1.0), XYZ


def _placed(actor: Actor, layout: Skeleton, times_s: Array) -> tuple[Array, Array]:
    """Joints (T, V, 3) and points along the trunk (T, P, 3), in the room."""
    body, trunk = (np.empty((len(times_s), n, 3)) for n in (layout.num_joints, len(TRUNK)))
    for start, stop in blocks(len(times_s)):
        figure = actor.figure(times_s[start:stop])
        body[start:stop] = joints(actor.body, figure, layout)
        trunk[start:stop] = np.stack([at(actor.body, figure, name) for name in TRUNK], axis=1)
    return body, trunk


def _picture(
    guessed: Array,
    covered: NDArray[np.bool_],
    gone: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Array:
    """(3, T, V, M): pixels and score. What is covered keeps its place on the body, with a low score."""
    places = np.moveaxis(guessed, 2, -1)  # (T, V, M, 3)
    pixels = pictured(places)
    kept = np.moveaxis(pixels, -1, 2)  # (T, V, 2, M)
    gone = gone | ~in_picture(pixels, places)
    score = rng.beta(30.0, 3.0, covered.shape)
    score = np.where(covered, 0.25 * score, score)
    unseen = gone | np.isnan(kept[:, :, 0])
    kept = np.where(unseen[:, :, None], np.nan, kept)
    score = np.where(unseen, 0.0, score)
    return np.concatenate([kept.transpose(2, 0, 1, 3), score[None]])


def _last_of(done: Performance, name: str, times_s: Array) -> slice:
    """Frames in which an action was done for the last time."""
    spells = [*done.marks, (done.end_s, "")]
    last = max(k for k, (_, label) in enumerate(done.marks) if label == name)
    first, end = np.searchsorted(times_s, (spells[last][0], spells[last + 1][0]))
    return slice(int(first), int(end))
