from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()


def write(folder: Path) -> Path:
    """Four frames, the second person in two of them, and labels in a folder beside."""
    rows = []
    for t in range(4):
        first = [f"{v / 8 + t}" for v in range(1, 76)]
        second = [f"{-v / 4}" if t in (1, 2) else "0" for v in range(1, 76)]
        rows.append(" ".join(first + second))
    (folder / "skeletons").mkdir(exist_ok=True)
    (folder / "labels").mkdir(exist_ok=True)
    path = folder / "skeletons" / "0003-L.skeleton"
    path.write_text("\n".join(rows) + "\n")
    (folder / "labels" / "0003-L.txt").write_text("14,1,3,2\n")
    return path
