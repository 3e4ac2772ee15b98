"""The tables of ``docs/skeletons.md``, made from the layouts themselves.

    python docs/make_skeleton_table.py

Writes them anew between the marks in the page, ``<!-- table: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import kinestream.skeletons
from kinestream.errors import SkeletonError
from kinestream.skeletons import Conversion, layout_names, skeleton
from kinestream.skeletons.anatomy import note_on, points_of

PAGE = Path(__file__).parent / "skeletons.md"
LAYOUTS = Path(kinestream.skeletons.__file__).parent / "layouts"
MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Key = TypeVar("Key")

POSITIONS = [name for name in layout_names() if skeleton(name).units != "imu"]


def main() -> None:
    """Write the tables into the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def filled(page: str) -> str:
    """The page with its tables as they are now."""
    made = {"layouts": layouts(), "pairs": pairs(), "derived": derived(), "points": points()}
    return MARKED.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", page)


def layouts() -> str:
    """Every layout: size, centre, units, where it comes from."""
    rows = []
    for name in layout_names():
        body = skeleton(name)
        about = json.loads((LAYOUTS / f"{name}.json").read_text(encoding="utf-8"))
        centre = f"`{body.joints[body.centre]}`"
        rows.append([f"`{name}`", str(body.num_joints), centre, body.units, about["source"]])
    return table(["layout", "joints", "centre", "units", "source"], rows)


def pairs() -> str:
    """Exact, derived and missing joints from each layout (rows) to each (columns)."""
    bodies = [name for name in POSITIONS if any(convertible(name, o) for o in others(name))]
    rows = [[f"`{one}`", *(counts(one, other) for other in bodies)] for one in bodies]
    return table(["from \\ to", *(f"`{name}`" for name in bodies)], rows)


def counts(one: str, other: str) -> str:
    """``exact + derived, missing`` of one conversion, without what is nought."""
    if one == other:
        return "="
    way = Conversion(skeleton(one), skeleton(other))
    had = str(len(way.exact)) + (f" + {len(way.derived)}" if way.derived else "")
    return had + (f", -{len(way.missing)}" if way.missing else "")


def derived() -> str:
    """Every joint that is worked out: of which layouts, from what, in which sources."""
    joints: dict[tuple[str, str], dict[str, list[str]]] = {}
    sources: dict[tuple[str, str], list[str]] = {}
    for target in POSITIONS:
        for way in filter(None, (convertible(one, target) for one in others(target))):
            for origin in way.joints:
                if origin.how == "derived":
                    mean = " + ".join(f"{weight:g} `{part}`" for part, weight in origin.weights)
                    add(joints.setdefault((mean, origin.note), {}), origin.joint, target)
                    add(sources, (mean, origin.note), way.source.name)
    return table(
        ["joint", "is made of", "where the source is", "note"],
        [
            [of_layouts(held), mean, listed(sources[mean, note]), note]
            for (mean, note), held in joints.items()
        ],
    )


def points() -> str:
    """Points of the body that several joints are taken for, or that names mislead about."""
    joints: dict[str, dict[str, list[str]]] = {}
    for name in POSITIONS:
        for joint, point in zip(skeleton(name).joints, points_of(skeleton(name)), strict=True):
            add(joints.setdefault(point, {}), joint, name)
    rows = [[of_layouts(held), note_on(point)] for point, held in joints.items() if note_on(point)]
    return table(["one point", "note"], rows)


def of_layouts(joints: dict[str, list[str]]) -> str:
    """Joints, each with the layouts that call it so."""
    return "; ".join(f"`{joint}` of {listed(names)}" for joint, names in joints.items())


def listed(names: Sequence[str]) -> str:
    """Names, one after the other."""
    return ", ".join(f"`{name}`" for name in sorted(names))


def add(lists: dict[Key, list[str]], key: Key, name: str) -> None:
    """Put a name into the list of a key, once."""
    if name not in lists.setdefault(key, []):
        lists[key].append(name)


def others(name: str) -> list[str]:
    """All other layouts of positions."""
    return [other for other in POSITIONS if other != name]


def convertible(one: str, other: str) -> Conversion | None:
    """The way from one layout to another, if there is one."""
    try:
        return Conversion(skeleton(one), skeleton(other))
    except SkeletonError:
        return None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
