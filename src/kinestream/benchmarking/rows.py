"""What a benchmark found: a row for each bundle, engine and precision, and one for each peer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinestream.benchmarking.facts import FLOAT32, Facts
from kinestream.benchmarking.settings import Settings
from kinestream.benchmarking.timing import Times

CAMERA_FPS = 30
"""At which people are counted that one core keeps up with."""

PROTOCOL = (
    "One process, one thread, contestants in turns. Latency: all frames of one stream, push with "
    "checks, features and decoding, step the engine alone; a first period of the rings is not counted. "
    "Times as long: the median over rounds of the ratio of a round's medians. People: 1/30 s over the "
    "median time of a person and frame when so many streams are pushed together. Memory: what weights "
    "and streams add to the resident set of a process of their own."
)


@dataclass(frozen=True)
class Row:
    """A bundle in one engine and one precision.

    Attributes:
        bundle: Its name.
        folder: Where it lies, as it was given; of an absolute path only the end.
        label: What it is called here: its name, or its folder where names repeat.
        engine: What stepped it.
        precision: Of its weights.
        facts: What does not depend on the machine.
        push: Times of one stream, from raw joints to a label.
        step: Times of the engine alone.
        crowds: For numbers of people, times of streams that are pushed together.
        times_as_long: As the first row, pushed.
        memory: ``people``, ``bytes`` that their streams and the weights take, ``peak_bytes`` of the
            process; ``None`` where the system does not tell.
        accuracy: ``frame_accuracy``, ``f1@50`` and ``recordings``, where a data set was given.
    """

    bundle: str
    folder: str
    label: str
    engine: str
    precision: str
    facts: Facts
    push: Times
    step: Times
    crowds: Mapping[int, Times]
    times_as_long: float
    memory: Mapping[str, int] | None = None
    accuracy: Mapping[str, float | None] | None = None

    @property
    def times(self) -> tuple[Times, ...]:
        """All that were taken."""
        return (self.push, self.step, *self.crowds.values())

    @property
    def title(self) -> str:
        """Bundle, engine and, where it is not the usual one, precision."""
        return f"{self.label}, {self.way}"

    @property
    def way(self) -> str:
        """Engine and, where it is not the usual one, precision."""
        return self.engine if self.precision == FLOAT32 else f"{self.engine}, {self.precision}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "bundle": self.bundle,
            "folder": self.folder,
            "engine": self.engine,
            "precision": self.precision,
            "push": self.push.to_dict(),
            "step": self.step.to_dict(),
            "people_at_30_fps": {
                str(people): round(times.people_at(CAMERA_FPS), 1)
                for people, times in self.crowds.items()
            },
            "times_as_long": round(self.times_as_long, 3),
            "facts": self.facts.to_dict(),
            "memory": None if self.memory is None else dict(self.memory),
            "accuracy": None if self.accuracy is None else dict(self.accuracy),
        }


@dataclass(frozen=True)
class Peer:
    """Another way to a bundle's answers.

    Attributes:
        name: Of the peer.
        beside: The row that it is compared with.
        step: Times of a frame, features in and logits out.
        times_as_long: As the engine's step of that row.
    """

    name: str
    beside: Row
    step: Times
    times_as_long: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "peer": self.name,
            "beside": self.beside.title,
            "step": self.step.to_dict(),
            "times_as_long": round(self.times_as_long, 3),
        }


@dataclass(frozen=True)
class Benchmark:
    """All that was found.

    Attributes:
        machine: Of :func:`kinestream.benchmarking.machine.machine`.
        settings: What was asked for.
        rows: At least one.
        peers: Those that fit.
        left_out: A sentence for each peer that did not.
    """

    machine: Mapping[str, Any]
    settings: Settings
    rows: tuple[Row, ...]
    peers: tuple[Peer, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def running(self) -> float:
        """Share of its turns that the most disturbed contestant ran; the rest others took from it."""
        times = [each for row in self.rows for each in row.times]
        return min(each.running for each in (*times, *(peer.step for peer in self.peers)))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "protocol": PROTOCOL,
            "machine": dict(self.machine),
            "running": round(self.running, 3),
            "settings": self.settings.to_dict(),
            "rows": [row.to_dict() for row in self.rows],
            "peers": [peer.to_dict() for peer in self.peers],
            "left_out": list(self.left_out),
        }
