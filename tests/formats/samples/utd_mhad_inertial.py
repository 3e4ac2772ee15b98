from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.formats import Stated
from tests.formats.matlab_files import HEADER, deflated, numbers

STATED = Stated()


def write(folder: Path) -> Path:
    path = folder / "a27_s7_t4_inertial.mat"
    values = np.arange(5 * 6).reshape(5, 6) / 10
    path.write_bytes(HEADER + deflated(numbers(values, "d_iner")))
    return path
