from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()


def write(folder: Path) -> Path:
    """Three frames: two bodies, one of them, nobody."""
    lines = ["3"]
    for frame, bodies in enumerate(((5, 7), (7,), ())):
        lines.append(str(len(bodies)))
        for body in bodies:
            lines += [f"72057594037{body} 0 1 1 0 0 0 0.1 -0.2 2", "25"]
            lines += [
                f"{0.1 * joint:.1f} -{body}.5 {3 + 0.25 * frame} 277.4 191 1036 519 0 0 1 0 2"
                for joint in range(25)
            ]
    path = folder / "S001C002P003R002A013.skeleton"
    path.write_text("\n".join(lines) + "\n")
    return path
