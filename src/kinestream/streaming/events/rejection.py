"""From which score a frame's best class is believed, measured on recordings that were held out.

Legend: T frames, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike

from kinestream.errors import ConfigError
from kinestream.metrics.calibration import scored_frames


def rejection_threshold(
    scores: ArrayLike, truth: ArrayLike, *, keep: float = 0.95, background: Collection[int] = ()
) -> float | None:
    """The highest score that still keeps nearly all frames which show an action and are right.

    Of the frames whose best class is the true one, and an action, at least the share ``keep`` have a
    best score that is not below the threshold. Frames of background classes count nowhere: to
    reject them costs nothing, and they would outnumber the others.

    Args:
        scores: (T, K) probabilities.
        truth: (T,) class indices, -1 where a frame is not labelled.
        keep: The share, above 0 to 1.
        background: Classes that are no actions.

    Returns:
        One of the scores; None where no frame of an action is right.

    Raises:
        DataError: Shapes do not fit, a score is not finite or a label is out of range.
        ConfigError: A share that cannot be.

    >>> rejection_threshold([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]], [0, 1, 0, 1], keep=0.6)
    0.8
    """
    if not 0 < keep <= 1:
        raise ConfigError(f"keep is a share above 0 up to 1, got {keep}.")
    table, wanted = scored_frames(scores, truth)
    right = (table.argmax(axis=1) == wanted) & ~np.isin(wanted, list(background))
    sure = np.sort(table[right].max(axis=1, initial=0.0))
    if not len(sure):
        return None
    # 0.95 of 20 frames are 19, though the product may lie a trace above.
    kept = math.ceil(keep * len(sure) - 1e-9)
    return float(sure[len(sure) - kept])
