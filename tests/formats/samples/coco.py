from __future__ import annotations

import json
from pathlib import Path

from kinestream.formats import Stated
from kinestream.skeletons import skeleton

STATED = Stated(fps=30.0)


def write(folder: Path) -> Path:
    names = skeleton("coco17").joints
    images = [{"id": 10 + t, "file_name": f"{t}.jpg", "frame_id": t} for t in range(3)]
    annotations = [
        {
            "id": 2 * t + person,
            "image_id": 10 + t,
            "category_id": 1,
            "track_id": person,
            "keypoints": [v for k in range(17) for v in (5 * k + t, 90 * person + k, 2 * (k != 3))],
        }
        for t in range(3)
        for person in range(1 + (t > 0))
    ]
    category = {"id": 1, "name": "person", "keypoints": list(names), "skeleton": [[1, 2]]}
    content = {"images": images, "annotations": annotations, "categories": [category]}
    (folder / "people.json").write_text(json.dumps(content))
    return folder / "people.json"
