from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()


def write(folder: Path) -> Path:
    path = folder / "s01s02" / "05" / "001" / "skeleton_pos.txt"
    path.parent.mkdir(parents=True)
    rows = ([180 + t, *(f"{(k + 1 + t) / 128:.5f}" for k in range(90))] for t in range(4))
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path
