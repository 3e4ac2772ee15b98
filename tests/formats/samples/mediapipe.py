from __future__ import annotations

import json
from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()


def write(folder: Path) -> Path:
    frames = [
        {
            "timestamp_ms": 40 * t,
            "landmarks": [
                {"x": k / 64, "y": t / 8, "z": -k / 128, "visibility": 0.5} for k in range(33)
            ],
        }
        for t in range(3)
    ]
    (folder / "walk.json").write_text(json.dumps({"frames": frames}))
    return folder / "walk.json"
