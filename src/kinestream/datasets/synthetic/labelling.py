"""Labels of frames from the times at which they begin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def labels_at(
    times_s: NDArray[np.float64], marks: Sequence[tuple[float, str]], classes: tuple[str, ...]
) -> NDArray[np.int64]:
    """Class of each time from the times at which labels begin.

    >>> labels_at(np.array([0.0, 0.9, 1.0]), [(0.0, "sit"), (1.0, "go")], ("go", "sit")).tolist()
    [1, 1, 0]
    """
    names = np.array([classes.index(name) for _, name in marks], dtype=np.int64)
    return names[np.searchsorted([start_s for start_s, _ in marks], times_s, side="right") - 1]
