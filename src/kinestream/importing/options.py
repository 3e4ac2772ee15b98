"""What can be said of weights that they do not tell themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from kinestream.errors import ConfigError


def check_options(function: Callable[..., Any], name: str, options: Mapping[str, Any]) -> None:
    """Refuse options that a function does not take.

    Args:
        function: Takes its options as keyword arguments.
        name: What to call it.
        options: Those given.

    Raises:
        ConfigError: One is unknown.
    """
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    if unknown := sorted(set(options) - set(known)):
        raise ConfigError(
            f"{name} takes no option {unknown[0]!r}; it takes {', '.join(known) or 'none'}."
        )
