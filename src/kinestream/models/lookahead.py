"""How a budget of look-ahead frames is spent."""

from __future__ import annotations

from typing import Literal

from kinestream.errors import ConfigError


class Lookahead:
    """A budget of look-ahead, spent by layers as they are made: first layers first.

    No layer looks further ahead than its centre, which is what published weights need.

    Args:
        budget: Input frames that a label may wait, or ``centred`` for as many as every layer
            centred can use.

    Raises:
        ConfigError: The budget is negative.

    >>> ahead = Lookahead(5)
    >>> [ahead.take(2), ahead.take(4), ahead.take(8)]
    [1, 2, 2]
    """

    def __init__(self, budget: int | Literal["centred"] = 0) -> None:
        if budget != "centred" and not isinstance(budget, int):
            raise ConfigError(
                f"lookahead must be a whole number of frames or 'centred', got {budget!r}."
            )
        if not isinstance(budget, str) and budget < 0:
            raise ConfigError(f"lookahead must be 0 or more frames, got {budget}.")
        self.budget = budget
        self.centred = 0
        """Input frames that the layers so far would use if all were centred."""
        self._left = 0 if isinstance(budget, str) else budget

    def take(self, span: int, rate: int = 1) -> int:
        """The look-ahead of the next layer, in its own frames.

        Args:
            span: ``(kernel - 1) * dilation`` of the layer.
            rate: Input frames per frame of the layer.
        """
        half = span // 2
        self.centred += half * rate
        if self.budget == "centred":
            return half
        share = min(half, self._left // rate)
        self._left -= share * rate
        return share

    def check_spent(self) -> None:
        """All layers are made.

        Raises:
            ConfigError: The budget is more than all layers centred can use.
        """
        if not isinstance(self.budget, str) and self.budget > self.centred:
            raise ConfigError(
                f"lookahead must be 0 to {self.centred} frames (centred), got {self.budget}."
            )
