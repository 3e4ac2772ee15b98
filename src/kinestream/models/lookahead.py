"""How a budget of look-ahead frames is spent."""

from __future__ import annotations

from collections.abc import Sequence

from kinestream.errors import ConfigError


def share_lookahead(budget: int, spans: Sequence[int]) -> list[int]:
    """Spend a look-ahead budget on layers, first layers first, none beyond its centre.

    Args:
        budget: Frames that a label may wait.
        spans: ``(kernel - 1) * dilation`` of each layer.

    Raises:
        ConfigError: The budget is negative or more than all layers centred can use.

    >>> share_lookahead(5, [2, 4, 8])
    [1, 2, 2]
    """
    centred = sum(span // 2 for span in spans)
    if not 0 <= budget <= centred:
        raise ConfigError(f"lookahead must be 0 to {centred} frames (centred), got {budget}.")
    shares = []
    for span in spans:
        shares.append(min(budget, span // 2))
        budget -= shares[-1]
    return shares
