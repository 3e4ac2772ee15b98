from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.formats import Stated
from kinestream.skeletons import skeleton

STATED = Stated(skeleton=skeleton("lara19"), fps=50.0)
CLASSES = ("standing", "walking", "cart")


def write(folder: Path) -> Path:
    for name in ("features", "groundTruth"):
        (folder / name).mkdir()
    mapping = "".join(f"{index} {name}\n" for index, name in enumerate(CLASSES))
    (folder / "mapping.txt").write_text(mapping)
    (folder / "groundTruth" / "L01_S05_R01_A12_N01.csv").write_text("standing\n1\n2.0e+00\ncart\n")
    path = folder / "features" / "L01_S05_R01_A12_N01.npy"
    np.save(path, np.random.default_rng(0).normal(size=(3, 4, 19, 1)).astype(np.float32))
    return path
