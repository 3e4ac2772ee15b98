from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()


def write(folder: Path) -> Path:
    rows = (
        f"{t} " + " ".join(f"{0.01 * t + v / 8:.4f}" for v in range(60)) for t in range(0, 40, 4)
    )
    path = folder / "joints_s01_e01.txt"
    path.write_text("".join(f"{row}\n" for row in rows))
    (folder / "actionLabel_modified.txt").write_text("s01_e01\nwalk: 8 16\n")
    return path
