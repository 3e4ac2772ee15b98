from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.formats import Stated
from tests.formats.matlab_files import HEADER, deflated, numbers

STATED = Stated()


def write(folder: Path) -> Path:
    joints = 1 + np.arange(20 * 3 * 4).reshape(20, 3, 4) / 100
    path = folder / "a3_s2_t1_skeleton.mat"
    path.write_bytes(HEADER + deflated(numbers(joints, "d_skel")))
    return path
