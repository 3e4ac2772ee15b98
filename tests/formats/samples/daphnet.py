from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()


def write(folder: Path) -> Path:
    path = folder / "S07R01.txt"
    rows = (
        [int(15.625 * k), *(100 * v - 970 + k for v in range(9)), (0, 1, 2)[k % 3]]
        for k in range(1, 13)
    )
    path.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))
    return path
