"""The interface of all runners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

Call = Callable[[], None]
"""Runs the graph once: reads the arrays it was made for, as they are then, and writes the others."""


class Runner(Protocol):
    """A graph that was loaded: weights, and nothing that changes.

    Attributes:
        inputs: Names of what the graph takes.
        outputs: Names of what it makes.
    """

    inputs: frozenset[str]
    outputs: frozenset[str]

    def call(self, inputs: Arrays, outputs: Arrays) -> Call:
        """Make a call that reads and writes arrays where they lie.

        Args:
            inputs: Of one piece each, by name; names that the graph does not take are left out.
            outputs: Where results are written, of one piece each. None overlaps an input.
        """
