"""The interface of all runners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray


class Lent:
    """An array that a runner reads or writes where it lies.

    Attributes:
        array: Of one piece.
        handle: What the runner made of it, kept for the next call that reads or writes it.
    """

    __slots__ = ("array", "handle")

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        self.handle: Any = None


Lending = Mapping[str, Lent]

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

    def call(self, inputs: Lending, outputs: Lending) -> Call:
        """Make a call that reads and writes arrays where they lie; the caller keeps them.

        Args:
            inputs: By name; names that the graph does not take are left out.
            outputs: Where results are written. None overlaps an input.
        """
