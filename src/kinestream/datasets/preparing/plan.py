"""What is to be done: which recordings go into which split, and which are left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kinestream.datasets.known import KnownSet
from kinestream.datasets.preparing.sources import Recording, Source
from kinestream.datasets.protocols import Protocol, by_subjects, find_protocol
from kinestream.errors import DataError

Subjects = str | Sequence[str] | None
GIVEN = "subjects"
NEEDED = {"train", "test"}
NONE = "none"


@dataclass(frozen=True)
class Plan:
    """The recordings to read, and what is known before reading them.

    Attributes:
        name: Name of the protocol.
        protocol: What it says.
        protocols: All that the data set has.
        recordings: Each with its split, in the order of names.
        left_out: Reasons, by recording or file.
        notes: What the report should say besides.
    """

    name: str
    protocol: Protocol
    protocols: Mapping[str, Protocol]
    recordings: tuple[tuple[str, Recording], ...]
    left_out: dict[str, str]
    notes: list[str]

    def told(self, known: KnownSet) -> str:
        """The protocol, and how the clips were made, in words."""
        source = self.protocol.source.rstrip(".")
        return f"{self.name} ({source}): {self.protocol.rules()}. {known.made}"


def make_plan(
    known: KnownSet,
    source: Source,
    protocol: str | None,
    train: Subjects = None,
    test: Subjects = None,
    *,
    divide: bool = True,
) -> Plan:
    """Decide what to read.

    Args:
        known: The data set.
        source: What was found of it.
        protocol: Name of a protocol; by default the data set's usual one.
        train: Subjects to train on, instead of the protocol's.
        test: The same for testing.
        divide: Whether to leave out what is in no split; otherwise its split is ``none``.

    Raises:
        ConfigError: The protocol or a subject is unknown, or a recording is in two splits.
        DataError: A split would be empty.
    """
    name, chosen = _protocol(known, source, protocol, train, test, divide)
    left_out = {str(path): "another file stands for its recording" for path in source.doubles}
    left_out |= {str(path): f"it cannot be opened: {why}" for path, why in source.closed.items()}
    listed = known.leave_out.names() if known.leave_out else frozenset()
    recordings = []
    for one in source.recordings:
        split = chosen.split_of(one.attributes) or (None if divide else NONE)
        if known.leave_out is not None and one.name in listed:
            left_out[one.name] = known.leave_out.why
        elif split is None:
            left_out[one.name] = f"protocol {name} has it in no split"
        else:
            recordings.append((split, one))
    notes = []
    if divide:
        notes = chosen.unmet([one.attributes for one in source.recordings])
        for split in sorted(NEEDED & set(chosen.splits) - {split for split, _ in recordings}):
            raise DataError(
                f"split {split!r} of protocol {name} would be empty: none of the "
                f"{len(source.recordings)} recordings in {source.root} is in it. Choose another "
                f"protocol, or name subjects."
            )
    return Plan(name, chosen, source.protocols, tuple(recordings), left_out, notes)


def _protocol(
    known: KnownSet,
    source: Source,
    name: str | None,
    train: Subjects,
    test: Subjects,
    divide: bool,
) -> tuple[str, Protocol]:
    usual = name or known.protocol
    if not divide and name is None and usual in source.protocols:
        chosen = source.protocols[usual]  # a store may lack what its usual protocol looks at
    else:
        everyone = [one.attributes for one in source.recordings]
        chosen = find_protocol(usual, source.protocols, everyone, known.name)
    if train is None and test is None:
        return usual, chosen
    subjects = [one.subject for one in source.recordings]
    return GIVEN, by_subjects(train, test, chosen, subjects, known.name)
