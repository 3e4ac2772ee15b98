from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.clips import Clip
from kinestream.formats import Stated
from kinestream.skeletons import skeleton

STATED = Stated()


def write(folder: Path) -> Path:
    data = np.random.default_rng(0).normal(size=(3, 4, 20, 1))
    clip = Clip(
        data, skeleton("kinect20"), 30.0, classes=("rest", "walk"), labels=np.array([0, 1, 1, -1])
    )
    clip.save(folder / "clip.npz")
    return folder / "clip.npz"
