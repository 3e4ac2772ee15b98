"""Where the joints of any layout are on a generated body.

Legend: T frames, V joints. Offsets are (outward, up, forward) in the axes of a segment, in body
heights; ``outward`` is to the left for what has no side.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kinestream.datasets.synthetic.everyday.body import SIDES, SIGN, Body
from kinestream.datasets.synthetic.everyday.figure import Figure
from kinestream.errors import ConfigError, SkeletonError
from kinestream.skeletons import Skeleton
from kinestream.skeletons.convert import Conversion

Array = NDArray[np.float64]
Place = tuple[str, str, tuple[float, float, float]]  # from which point, in which segment, how far

HERE = (0.0, 0.0, 0.0)
MIDDLE: dict[str, Place] = {
    "pelvis": ("pelvis", "pelvis", HERE),
    "spine": ("pelvis", "spine", (0.0, 0.042, 0.0)),
    "spine1": ("pelvis", "spine", (0.0, 0.060, 0.0)),
    "mid_spine": ("spine", "spine", HERE),
    "spine2": ("spine", "chest", (0.0, 0.015, 0.0)),
    "spine3": ("spine", "chest", (0.0, 0.060, 0.0)),
    "shoulder_centre": ("shoulder_centre", "chest", HERE),
    "neck": ("neck", "chest", HERE),
    "head": ("head", "head", HERE),
    "jaw": ("head", "head", (0.0, -0.045, 0.040)),
    "nose": ("head", "head", (0.0, -0.008, 0.060)),
}
SIDED: dict[str, Place] = {
    "eye": ("head", "head", (0.018, 0.008, 0.050)),
    "eye_inner": ("head", "head", (0.011, 0.008, 0.052)),
    "eye_outer": ("head", "head", (0.025, 0.008, 0.046)),
    "ear": ("head", "head", (0.042, 0.0, 0.0)),
    "mouth": ("head", "head", (0.013, -0.034, 0.052)),
    "collar": ("shoulder_centre", "chest", (0.035, -0.015, 0.010)),
    "shoulder": ("shoulder", "chest", HERE),
    "elbow": ("elbow", "upper_arm", HERE),
    "wrist": ("wrist", "forearm", HERE),
    "hand": ("hand", "forearm", HERE),
    "hand_tip": ("hand_tip", "forearm", HERE),
    "thumb": ("wrist", "forearm", (0.0, -0.055, 0.032)),
    "thumb_knuckle": ("wrist", "forearm", (0.0, -0.028, 0.024)),
    "index": ("wrist", "forearm", (0.0, -0.052, 0.013)),
    "pinky": ("wrist", "forearm", (0.0, -0.048, -0.016)),
    "hip": ("hip", "pelvis", HERE),
    "knee": ("knee", "thigh", HERE),
    "ankle": ("ankle", "shank", HERE),
    "foot": ("ankle", "foot", (0.0, -0.022, 0.050)),
    "foot_index": ("toe", "foot", HERE),
    "big_toe": ("toe", "foot", (-0.012, 0.0, 0.0)),
    "small_toe": ("toe", "foot", (0.020, 0.0, -0.020)),
    "heel": ("heel", "foot", HERE),
}
HAS_SIDE = ("upper_arm", "forearm", "thigh", "shank", "foot")


def joints(body: Body, figure: Figure, layout: Skeleton) -> Array:
    """The joints of a layout: (T, V, 3) in the room, metres.

    Raises:
        ConfigError: The layout has a joint that a generated body does not.
    """
    places = []
    for recipe in recipes(layout):
        parts = [weight * at(body, figure, name) for name, weight in recipe]
        places.append(np.sum(parts, axis=0))
    return np.stack(places, axis=1)


def at(body: Body, figure: Figure, name: str) -> Array:
    """A landmark: (T, 3)."""
    point, segment, offset = _places()[name]
    moved = figure.turns[segment] @ (np.array(offset) * body.height_m)
    return np.asarray(figure.points[point] + moved)


@cache
def recipes(layout: Skeleton) -> tuple[tuple[tuple[str, float], ...], ...]:
    """For each joint of a layout the landmarks whose weighted mean it is.

    Raises:
        ConfigError: The layout has a joint that a generated body does not.
    """
    names = tuple(_places())
    try:
        way = Conversion(Skeleton("generated body", names, ()), layout)
    except SkeletonError:
        missing: tuple[str, ...] = layout.joints
    else:
        missing = way.missing
    if missing:
        raise ConfigError(
            f"people cannot be generated for skeleton {layout.name!r}: there is no "
            f"{', '.join(missing[:3])} on a generated body; use a layout of the whole body such as "
            f"'ntu25'."
        )
    return tuple(origin.weights for origin in way.joints)


@cache
def _places() -> dict[str, Place]:
    places = dict(MIDDLE)
    for side in SIDES:
        for name, (point, segment, (out, up, forward)) in SIDED.items():
            own = point if point in MIDDLE else f"{side}_{point}"
            turned = f"{side}_{segment}" if segment in HAS_SIDE else segment
            places[f"{side}_{name}"] = (own, turned, (SIGN[side] * out, up, forward))
    return places
