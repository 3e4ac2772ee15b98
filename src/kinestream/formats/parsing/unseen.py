"""What a sensor writes where it saw nothing: zeros and non-numbers become NaN and are counted.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.formats.repairs import Repairs


def without_unseen(values: NDArray[Any]) -> tuple[NDArray[np.float32], Repairs]:
    """Joints with NaN where all channels are zero, or one of them is no number of float32.

    Args:
        values: (C, T, V, M), as the file has them.

    Returns:
        (C, T, V, M), and how many joints of people who are seen became NaN, in how many frames
        nobody is seen, and the number of frames as rows.

    >>> data, repairs = without_unseen(np.array([[1.0, 0.0], [2.0, 0.0]]).reshape(2, 1, 2, 1))
    >>> data[:, 0, :, 0].tolist(), repairs.missing_joints
    ([[1.0, nan], [2.0, nan]], 1)
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is unseen
        data = np.array(values, dtype=np.float32)
    seen = np.isfinite(data).all(axis=0) & (data != 0).any(axis=0)  # (T, V, M)
    data[:, ~seen] = np.nan
    person_seen = seen.any(axis=1)  # (T, M)
    return data, Repairs(
        rows=data.shape[1],
        empty_frames=int((~person_seen.any(axis=1)).sum()),
        missing_joints=int((~seen & person_seen[:, None]).sum()),
    )
