from __future__ import annotations

import json
from pathlib import Path

from kinestream.formats import Stated

STATED = Stated(fps=25.0)


def write(folder: Path) -> Path:
    recording = folder / "walk"
    recording.mkdir()
    for t in range(3):
        pose = [v for k in range(25) for v in (10.5 * k + t, 3 * k, 0.5 if k != t else 0)]
        content = {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": pose}]}
        (recording / f"walk_{t:012d}_keypoints.json").write_text(json.dumps(content))
    return recording
