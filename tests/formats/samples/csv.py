from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated
from kinestream.skeletons import skeleton

STATED = Stated()


def write(folder: Path) -> Path:
    names = skeleton("openpose18").joints
    header = [f"{name}_{axis}" for name in names for axis in ("x", "y", "score")]
    rows = [
        [f"{t / 25}", f"{person}", "walk" if t else "", *(f"{t + k / 8}" for k in range(54))]
        for t in range(4)
        for person in range(2)
    ]
    lines = [["time_s", "person", "label", *header], *rows]
    (folder / "table.csv").write_text("".join(",".join(line) + "\n" for line in lines))
    return folder / "table.csv"
