from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()
HEADER = "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label\n"


def write(folder: Path) -> Path:
    rows = "".join(f"{t / 50},2,3,4,5,6,{t},WALKING\n" for t in range(0, 200, 10))
    for device in ("sp", "sw"):
        (folder / f"s02_01_{device}.csv").write_text(HEADER + rows)
    return folder / "s02_01_sp.csv"
