from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()
SENSORS = ("rf", "rs", "rt", "lf", "ls", "lt")
HEADER = (
    "#Activity\tstanding walking\n#ActivityID\t8 1\n#Date 10-26-17-47\n"
    + "\t".join(
        f"{kind}_{at}_{axis}" for at in SENSORS for kind in ("acc", "gyro") for axis in "xyz"
    )
    + "\tEMG_r\tEMG_l\tact\n"
)


def write(folder: Path) -> Path:
    path = folder / "HuGaDB_v2_various_07_03.txt"
    rows = ([*(100 * k - 900 * t for k in range(36)), 120, 127, (8, 8, 1)[t]] for t in range(3))
    path.write_text(HEADER + "".join("\t".join(map(str, row)) + "\n" for row in rows))
    return path
