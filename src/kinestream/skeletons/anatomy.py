"""Which joints of different layouts are one point of the body, and which can be worked out.

The facts are in ``anatomy.json``. A joint that it does not list is a point of its own name, so
``left_elbow`` is the same point wherever it occurs. ``layout/joint`` speaks of one layout alone:
the neck of OpenPose is the middle of the shoulders, that of Kinect v2 is a neck.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kinestream.skeletons.skeleton import Skeleton

_FILE = Path(__file__).parent / "anatomy.json"
# What a skeleton without names calls its joints; equal numbers say nothing about the body.
_NUMBERED = re.compile(r"joint\d+")


@dataclass(frozen=True)
class Recipe:
    """A point of the body as a weighted mean of others.

    Attributes:
        weights: ``(point, weight)``; the weights sum to 1.
        note: What the mean is worth.
    """

    weights: tuple[tuple[str, float], ...]
    note: str


def points_of(skeleton: Skeleton) -> tuple[str, ...]:
    """The point of the body that each joint is, in the order of the joints.

    >>> from kinestream.skeletons.skeleton import skeleton
    >>> points_of(skeleton("kinect20"))[:2], points_of(skeleton("openpose18"))[1]
    (('pelvis', 'spine'), 'mid_shoulder')
    """
    return tuple(_point(skeleton.name, joint) for joint in skeleton.joints)


def recipes_for(point: str) -> tuple[Recipe, ...]:
    """Ways to work a point out, the best first; none for most points.

    >>> recipes_for("head")[0].weights
    (('left_ear', 0.5), ('right_ear', 0.5))
    """
    return tuple(
        Recipe(tuple(recipe["from"].items()), recipe["note"])
        for recipe in _anatomy()["derived"].get(point, ())
    )


def note_on(point: str) -> str:
    """How sensors differ in where they put a point; empty where nothing is to be said."""
    return str(_anatomy()["points"].get(point, {}).get("note", ""))


def _point(layout: str, joint: str) -> str:
    if _NUMBERED.fullmatch(joint):
        return f"{layout}/{joint}"
    points = _points_by_name()
    return points.get(f"{layout}/{joint}") or points.get(joint, joint)


@cache
def _points_by_name() -> dict[str, str]:
    points = _anatomy()["points"]
    return {name: point for point, about in points.items() for name in about["names"]}


@cache
def _anatomy() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return read
