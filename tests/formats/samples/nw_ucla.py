from __future__ import annotations

import json
from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()


def write(folder: Path) -> Path:
    frames = [
        [[round(0.1 * v + 0.01 * t + axis, 3) for axis in range(3)] for v in range(20)]
        for t in range(4)
    ]
    name = "a08_s03_e00_v02"
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"file_name": name, "skeletons": frames, "label": 7}))
    return path
