"""Which class a frame shows: two thresholds, so that a score which trembles around one shows nothing.

Legend: K classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinestream.streaming.events.rules import EventRules


class Gate:
    """Remembers which class is shown, and lets it go later than it took it.

    The best class takes over with a score of ``onset`` or more. Else the class that was shown stays
    while its own score is ``release`` or more. A frame whose best score is below ``unknown`` shows
    none. Background classes are shown like any other: they push actions out.

    Args:
        rules: The three scores.

    >>> gate = Gate(EventRules(onset=0.6, release=0.4))
    >>> [gate.shown(np.array(p)) for p in ([0.5, 0.5], [0.3, 0.7], [0.55, 0.45], [0.62, 0.38])]
    [None, 1, 1, 0]
    """

    def __init__(self, rules: EventRules) -> None:
        self._rules = rules
        self._shown: int | None = None

    def shown(self, scores: NDArray[np.floating]) -> int | None:
        """The class that the next frame shows, from its scores (K,); None where it shows none."""
        rules, best = self._rules, int(scores.argmax())
        if scores[best] < rules.unknown:
            self._shown = None
        elif scores[best] >= rules.onset:
            self._shown = best
        elif self._shown is not None and scores[self._shown] < rules.release:
            self._shown = None
        return self._shown
