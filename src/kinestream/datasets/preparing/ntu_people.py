"""Choosing the people of an NTU recording among the bodies that the sensor tracked.

Kinect takes furniture for people, loses people and finds them again as somebody else. What is done
about it moves published accuracies, so each way has a name:

* ``published``: bodies are weeded out and joined as in the preprocessing of SGN and CTR-GCN.
* ``energy``: the two that move most among the first four, as in 2s-AGCN; there bodies are told
  apart by their place in a frame's list, here by their identity.
* ``raw``: all of them, in order of appearance.

Frames stay where they are: one in which nobody is left is NaN, not cut out as in those works.

Legend: C channels, T frames, V joints, M people.

Source: SGN (Zhang et al., CVPR 2020) and CTR-GCN (Chen et al., ICCV 2021), their preprocessing of
NTU RGB+D; 2s-AGCN (Shi et al., CVPR 2019), its generation of data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import ConfigError
from kinestream.formats.repairs import Repairs

Choice = Literal["published", "energy", "raw"]

SHORTEST_FRAMES = 12
"""Bodies seen in fewer frames are dropped: 11 or less in the published preprocessing."""

WIDEST = 0.8
"""A pose whose joints spread wider than this times their height is taken for noise."""

MOST_NOISE = 0.69754
"""A body is dropped if this part of its poses, or more, is noise."""

CANDIDATES = 4
"""2s-AGCN reads no more bodies than this."""

Body = NDArray[np.float32]  # (C, T, V)


def choose_people(clip: Clip, how: Choice, max_people: int = 2) -> tuple[Clip, Repairs]:
    """The clip with the people of its action.

    ``published``, where there are several bodies: those seen in 11 frames or less are dropped, then
    those that are wide rather than tall most of the time, as long as one is left. The others are
    sorted by motion, see :func:`motion`. The first is the first person. Every other body continues
    the first person that it does not overlap in time by more than a frame, becomes a new person if
    there is room, or is dropped. Labels are not looked at: they are not known of a recording that is
    to be recognised.

    Args:
        clip: (3, T, 25, M), a recording of NTU RGB+D with a slot for each body.
        how: The way.
        max_people: At most so many people; ``raw`` leaves all.

    Returns:
        The clip, M of at least 1, most motion first, and how many bodies were dropped; one that was
        joined to another is not.

    Raises:
        ConfigError: There is no such way, or no room for anybody.
    """
    if max_people < 1:
        raise ConfigError(f"max_people must be at least 1, got {max_people}.")
    bodies = [clip.data[..., m] for m in range(clip.num_people)]
    if how == "raw":
        return clip, Repairs()
    if how == "energy":
        people = sorted(bodies[:CANDIDATES], key=energy, reverse=True)[:max_people]
        used = len(people)
    elif how == "published":
        kept = sorted(_without_noise(bodies), key=motion, reverse=True)
        people, used = _people(kept, max_people)
    else:
        raise ConfigError(f"people can be chosen as published, energy or raw, got {how!r}.")
    chosen = replace(clip, data=np.stack(people, axis=-1))
    return chosen, Repairs(dropped_people=len(bodies) - used)


def motion(body: Body) -> float:
    """How much a body moves: the variances of x, y and z over all joints and frames, added up.

    It is the lesser of that over all poses and that over poses which are not noise.
    """
    poses = _poses(body)
    tall = poses[:, ~_wide(poses)]
    each = [poses, tall] if tall.size else [poses]
    return min(float(sum(axis.var() for axis in some.astype(np.float64))) for some in each)


def energy(body: Body) -> float:
    """The standard deviations of x, y and z over all joints and frames, added up."""
    return float(sum(axis.std() for axis in _poses(body).astype(np.float64)))


def noise(body: Body) -> float:
    """Part of a body's poses, 0 to 1, that are wider than a person is."""
    return float(_wide(_poses(body)).mean())


def _wide(poses: Body) -> NDArray[np.bool_]:
    return np.asarray(np.ptp(poses[0], axis=1) > WIDEST * np.ptp(poses[1], axis=1))


def _without_noise(bodies: list[Body]) -> list[Body]:
    bodies = [body for body in bodies if _seen(body).sum() >= SHORTEST_FRAMES] or bodies
    for body in list(bodies):
        if len(bodies) > 1 and noise(body) >= MOST_NOISE:
            bodies = [other for other in bodies if other is not body]
    return bodies


def _people(bodies: Iterable[Body], most: int) -> tuple[list[Body], int]:
    """People made of bodies, and how many bodies were used."""
    people: list[Body] = []
    used = 0
    for body in bodies:
        apart = next((m for m, person in enumerate(people) if _overlap(person, body) <= 1), None)
        if apart is not None:
            people[apart] = np.where(_seen(body)[:, None], body, people[apart])
        elif len(people) < most:
            people.append(body)
        else:
            continue
        used += 1
    return people, used


def _overlap(one: Body, other: Body) -> int:
    """Number of frames from the later beginning to the earlier end, at most 0 if there are none."""
    frames = [np.flatnonzero(_seen(body)) for body in (one, other)]
    if not all(len(seen) for seen in frames):
        return 0
    return int(min(seen[-1] for seen in frames) - max(seen[0] for seen in frames)) + 1


def _seen(body: Body) -> NDArray[np.bool_]:
    """Frames with at least one joint, (T,)."""
    return np.asarray(~np.isnan(body).all(axis=(0, 2)))


def _poses(body: Body) -> Body:
    """Poses in which the body is whole, (C, T', V); one of zeros if there is none."""
    whole = ~np.isnan(body).any(axis=(0, 2))
    return body[:, whole] if whole.any() else np.zeros_like(body[:, :1])
