from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()


def write(folder: Path) -> Path:
    path = folder / "a13_s02_e01_skeleton3D.txt"
    joints = ((t, v) for t in range(3) for v in range(20))
    path.write_text("".join(f"{0.1 * t:.6f} {0.1 * v:.6f} 2.5 1.000000\n" for t, v in joints))
    return path
