"""A clip as COCO keypoints: an image for each frame, an annotation for each person in it.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.files import write_atomically

VISIBLE = 2
Poses = NDArray[np.float32]


def write_coco(clip: Clip, path: Path) -> None:
    """Write a COCO keypoints file with ``frame_id`` and ``track_id``.

    A score takes the place of the visibility; without scores, joints that are there are visible
    (2). A joint of score 0 is written as missing, which is how COCO means it. The frame rate and the
    labels are not kept.

    Raises:
        DataError: The channels are not x and y, with or without score, or the place cannot be
            written.
    """
    if clip.channels not in (("x", "y"), ("x", "y", "score")):
        raise DataError(f"{path}: COCO files hold x, y, (score), the clip {clip.channels}.")
    values = clip.data
    if len(clip.channels) == 2:
        values = np.concatenate([values, np.full_like(values[:1], VISIBLE)])
    values = np.where(np.isfinite(values).all(axis=0) & (values[2] != 0), values, 0)
    people = values.transpose(1, 3, 2, 0)  # (T, M, V, C)
    seen = [(t, m) for t, scene in enumerate(people) for m, pose in enumerate(scene) if pose.any()]
    layout = clip.skeleton
    content = {
        "images": [
            {"id": t + 1, "frame_id": t, "file_name": f"{t:012d}.jpg"}
            for t in range(clip.num_frames)
        ],
        "annotations": [
            {"id": k + 1, "image_id": t + 1, "category_id": 1, "track_id": m}
            | _annotation(people[t, m])
            for k, (t, m) in enumerate(seen)
        ],
        "categories": [
            {
                "id": 1,
                "name": "person",
                "keypoints": list(layout.joints),
                "skeleton": [[parent + 1, child + 1] for child, parent in layout.bones],
            }
        ],
    }
    write_atomically(path, json.dumps(content).encode())


def _annotation(pose: Poses) -> dict[str, Any]:
    there = pose[pose[:, 2] != 0, :2].astype(np.float64)
    low = there.min(axis=0)
    size = there.max(axis=0) - low
    return {
        "keypoints": [float(f"{value:.9g}") for value in pose.ravel().tolist()],
        "num_keypoints": len(there),
        "bbox": [*low.tolist(), *size.tolist()],
        "area": float(size.prod()),
        "iscrowd": 0,
    }
