from __future__ import annotations

from pathlib import Path

import numpy as np

from kinestream.formats import Stated
from tests.formats.matlab_files import HEADER, cells, deflated, numbers, structs

STATED = Stated(recording="a01_s05_n001")


def write(folder: Path) -> Path:
    recordings = [
        structs(
            {
                "original_skeletal_data": numbers(joints(place)),
                "subject": numbers(np.array([[5]]), stored="u1"),
                "action": numbers(np.array([[place]]), stored="u1"),
            }
        )
        for place in (1, 2)
    ]
    path = folder / "skeletal_data.mat"
    path.write_bytes(HEADER + deflated(cells(recordings, (2, 1), "skeletal_data")))
    return path


def joints(place: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
    return place + np.arange(3 * 15 * 3).reshape(3, 15, 3) / 128
