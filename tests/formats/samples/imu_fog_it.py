from __future__ import annotations

from pathlib import Path

from kinestream.clips import IMU
from kinestream.formats import Stated
from kinestream.skeletons import skeleton

STATED = Stated()
COLUMNS = [f"{sensor}_{channel}" for sensor in skeleton("imu7").joints for channel in IMU]


def write(folder: Path) -> Path:
    path = folder / "trial.csv"
    rows = [[t / 64, *(t + k / 8 for k in range(42)), t % 2] for t in range(6)]
    table = [["time", *COLUMNS, "label"], *rows]
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in table))
    return path
