"""What a bundle costs on any machine: numbers of its manifest and its files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kinestream.bundle import ROUNDED_STEP, STEP, Bundle

FLOAT32 = "float32"

GRAPHS = {FLOAT32: STEP, **ROUNDED_STEP}
"""The step graphs that a bundle may hold, by precision: each that is there becomes a row of its own."""


@dataclass(frozen=True)
class Facts:
    """Of one bundle in one precision.

    Attributes:
        network: Key of the network.
        parameters: Numbers that were trained.
        macs: Multiply-adds per input frame of a stream, counted as in published tables; ``None`` where
            the bundle does not tell.
        state_words: Numbers that one stream remembers.
        step_bytes: Size of the step graph, weights included.
        bundle_bytes: Size of all files of the bundle.
        delay_frames: Frames that a label waits.
        receptive_field: Frames that a label depends on.
        people: That are labelled together.
    """

    network: str
    parameters: int
    macs: int | None
    state_words: int
    step_bytes: int
    bundle_bytes: int
    delay_frames: int
    receptive_field: int
    people: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def facts_of(bundle: Bundle, precision: str = FLOAT32) -> Facts:
    """Read the facts of a bundle."""
    manifest = bundle.manifest
    return Facts(
        network=manifest.network.name,
        parameters=manifest.network.parameters,
        macs=manifest.network.macs,
        state_words=sum(memory.words for memory in manifest.memories()),
        step_bytes=manifest.files[GRAPHS[precision]].bytes,
        bundle_bytes=sum(entry.bytes for entry in manifest.files.values()),
        delay_frames=manifest.delay_frames,
        receptive_field=manifest.receptive_field,
        people=manifest.people,
    )


def precisions(bundle: Bundle) -> list[str]:
    """Precisions that a bundle can be stepped in."""
    return [name for name, graph in GRAPHS.items() if graph in bundle.manifest.files]
