from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.formats import Stated
from kinestream.skeletons import skeleton

STATED = Stated(skeleton=skeleton("kinect20"), fps=30.0)


def write(folder: Path) -> Path:
    data = np.random.default_rng(0).normal(size=(3, 4, 20, 1)).astype(np.float32)
    np.save(folder / "joints.npy", data)
    return folder / "joints.npy"
