"""What is asked of a benchmark, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kinestream.benchmarking.facts import GRAPHS
from kinestream.errors import ConfigError
from kinestream.streaming import RUNNERS

BOUNDS = {"people": 1024, "windows": 4096, "frames": 100_000, "rounds": 10_000}
"""The largest number of each; the smallest is 1."""

MOST_NUMBERS = 8

WINDOW = "window"
"""The peer that windows are for."""


@dataclass(frozen=True)
class Settings:
    """How a benchmark is made.

    Attributes:
        engines: Each steps every bundle, in a row of its own.
        people: Streams that are pushed together.
        frames: Most frames of a turn.
        rounds: Turns of each contestant.
        data: A prepared data set, whose test recordings tell what the answers are worth.
        against: Names of peers.
        windows: Frames, for the peer ``window``; the network's receptive field where there are none.
        precisions: In which every bundle is stepped; all that it has where there are none.

    Raises:
        ConfigError: A number is out of its bounds, an engine or a precision unknown, or windows are
            given without their peer.
    """

    engines: tuple[str, ...] = ("onnxruntime",)
    people: tuple[int, ...] = (1, 8, 32)
    frames: int = 60
    rounds: int = 15
    data: Path | None = None
    against: tuple[str, ...] = ()
    windows: tuple[int, ...] = ()
    precisions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("people", "windows"):
            _check_numbers(name, getattr(self, name))
        for name in ("frames", "rounds"):
            _check_numbers(name, [getattr(self, name)])
        if not self.people or not self.engines:
            raise ConfigError("a benchmark needs one engine and one number of people or more.")
        _check_words("engine", self.engines, RUNNERS)
        _check_words("precision", self.precisions, GRAPHS)
        if self.windows and WINDOW not in self.against:
            raise ConfigError(
                f"windows are for the peer {WINDOW!r}: ask for it with --against {WINDOW}, or name no "
                f"windows."
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; of the data set its name, not where it lies."""
        return asdict(self) | {"data": self.data.resolve().name if self.data else None}


def _check_numbers(name: str, numbers: Sequence[int]) -> None:
    most = BOUNDS[name]
    if len(numbers) > MOST_NUMBERS or len(set(numbers)) < len(numbers):
        raise ConfigError(
            f"{name}: up to {MOST_NUMBERS} different numbers, got {', '.join(map(str, numbers))[:60]}."
        )
    for number in numbers:
        if not 1 <= number <= most:
            raise ConfigError(f"{name} must be 1 to {most:,}, got {number}.")


def _check_words(what: str, words: tuple[str, ...], known: Iterable[str]) -> None:
    known = list(known)
    for word in words:
        if word not in known:
            raise ConfigError(f"there is no {what} {word[:60]!r}; take one of {', '.join(known)}.")
        if words.count(word) > 1:
            raise ConfigError(f"the {what} {word!r} is named twice; name it once.")
