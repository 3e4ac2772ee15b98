from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from kinestream.formats import Stated

STATED = Stated(fps=25.0)


def write(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    annotation = {
        "frame_dir": "walking",
        "label": 1,
        "img_shape": (480, 640),
        "original_shape": (480, 640),
        "total_frames": 4,
        "keypoint": rng.uniform(1, 400, (2, 4, 17, 2)).astype(np.float16),
        "keypoint_score": rng.uniform(0.1, 1, (2, 4, 17)).astype(np.float16),
    }
    path = folder / "walking.pkl"
    data_set = {"split": {"train": ["walking"]}, "annotations": [annotation]}
    path.write_bytes(pickle.dumps(data_set, protocol=4))
    return path
