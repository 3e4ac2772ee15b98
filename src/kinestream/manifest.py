"""``bundle.json``: all that a host must know to run a bundle, validated before anything is loaded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kinestream.memory import Memory, Reading
from kinestream.skeletons import Skeleton
from kinestream.streaming.events.rules import EventRules

Rounding = Literal["int8", "fp16", "bf16"]
"""Of step graphs that lie beside the one in float32."""

MAX_WORDS = 1 << 28  # what one stream may remember: 1 GiB of float32

Extent = Annotated[int, Field(ge=1, le=1 << 20)]


class Part(BaseModel):
    """A section of the manifest: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid")


class FileEntry(Part):
    """Size and checksum of one file of the bundle."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class NetworkEntry(Part):
    """What the weights belong to.

    ``macs`` are multiply-adds per input frame of a stream, counted as in published tables; a bundle of
    an earlier version does not tell.
    """

    name: str
    arguments: dict[str, Any]
    in_channels: int = Field(ge=1, le=1024)
    parameters: int = Field(ge=0)
    macs: int | None = Field(default=None, ge=0)


class MemoryEntry(Part):
    """A :class:`~kinestream.memory.Memory` as JSON."""

    name: str = Field(max_length=200)
    shape: list[Extent] = Field(max_length=4)
    taps: int = Field(ge=0, le=1 << 16)
    block: int = Field(ge=0, le=1 << 16)
    reads: list[Reading] = Field(min_length=1, max_length=4)
    dilation: int = Field(ge=1, le=1 << 16)
    delay: int = Field(ge=0, le=1 << 20)
    stride: int = Field(ge=1, le=1 << 16)

    @model_validator(mode="after")
    def _reads_something(self) -> MemoryEntry:
        if (self.taps > 0) == (self.block > 0):
            raise ValueError("a memory has taps or a block, one of them and not both.")
        if len(set(self.reads)) < len(self.reads):
            raise ValueError("reads names a reading twice.")
        if self.taps and self.reads != ["window"]:
            raise ValueError("a memory with taps reads its window and nothing else.")
        if self.block and ("window" in self.reads or {"back", "whole"} <= set(self.reads)):
            raise ValueError("a memory in blocks reads back or whole, and run.")
        return self

    def memory(self) -> Memory:
        """The declaration it stands for."""
        return Memory(
            name=self.name,
            shape=tuple(self.shape),
            taps=self.taps,
            block=self.block,
            reads=tuple(self.reads),
            dilation=self.dilation,
            delay=self.delay,
            stride=self.stride,
        )


class EventsEntry(Part):
    """:class:`~kinestream.streaming.events.EventRules` as JSON; what is left out is as usual.

    ``idle`` are classes that make no events, beside those of the background.
    """

    onset: float = EventRules.onset
    release: float = EventRules.release
    min_duration_ms: float = EventRules.min_duration_ms
    merge_gap_ms: float = EventRules.merge_gap_ms
    unknown: float = EventRules.unknown
    idle: list[str] = []

    @model_validator(mode="after")
    def _are_rules(self) -> EventsEntry:
        self.rules()
        return self

    def rules(self) -> EventRules:
        """The rules they stand for."""
        return EventRules(**self.model_dump(exclude={"idle"}))


class RoundedEntry(Part):
    """What a step graph in fewer bits was worth beside the float32 one, streamed over recordings.

    Accuracies are in percent, with the bundle's margin; ``f1@50`` is pooled over the recordings.
    """

    split: str
    recordings: int = Field(ge=1)
    frames: int = Field(ge=1)
    argmax_agreement: float = Field(ge=0, le=100)
    figures: dict[Literal["frame_accuracy", "f1@50"], dict[str, float | None]]
    latency_ratio: float = Field(gt=0)
    """Time of a frame in float32 over that of this graph; above 1 it is quicker."""


class Manifest(Part):
    """The contents of ``bundle.json``.

    The step graph takes ``frame`` (N, C, V), or (N, C, V, M) where ``people`` is above 1, ``index``
    (N,) frames seen before it, ``length`` (N,) frames in the recording (a huge number while it is
    open) and, for each memory, a window (N, *window); it returns ``logits`` (N, K) of frame
    ``index - delay_frames`` and, for each memory, ``NAME.new`` (N, *shape). The clip graph takes
    ``clip`` (N, C, T, V[, M]) and returns ``logits`` (N, K, ceil(T / stride)).

    A network with a ``stride`` answers for the frames that are multiples of it, and the frames up to
    the next share the answer; the step's logits of other frames mean nothing. Unused inputs are left
    out of a graph.

    A graph in fewer bits (``rounded``) takes and returns the same, and differs in its answers only.
    """

    format: Literal[1] = 1
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    kinestream: str
    classes: list[str] = Field(min_length=1, max_length=4096)
    background: list[str] = []
    skeleton: dict[str, Any]
    channels: list[str] = Field(min_length=1, max_length=64)
    fps: float = Field(gt=0, le=1000)
    features: list[dict[str, Any]]
    margin: float = Field(default=0, ge=0, le=1)
    events: EventsEntry = EventsEntry()
    network: NetworkEntry
    delay_frames: int = Field(ge=0, le=1 << 20)
    receptive_field: int = Field(ge=1)
    stride: int = Field(default=1, ge=1, le=1 << 16)
    people: int = Field(default=1, ge=1, le=64)
    memory: list[MemoryEntry] = Field(max_length=4096)
    parity: dict[str, float]
    metrics: dict[str, Any] = {}
    rounded: dict[Rounding, RoundedEntry] = {}
    card: dict[str, str] = {}
    files: dict[str, FileEntry] = Field(max_length=64)

    @model_validator(mode="after")
    def _fits_together(self) -> Manifest:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes holds a name twice.")
        if unknown := set(self.background) - set(self.classes):
            raise ValueError(f"background {sorted(unknown)[0]!r} is not among the classes.")
        if unknown := set(self.events.idle) - set(self.classes):
            raise ValueError(f"idle class {sorted(unknown)[0]!r} is not among the classes.")
        names = [name for memory in self.memories() for name in memory.inputs]
        if len({*names, "frame", "index", "length"}) < len(names) + 3:
            raise ValueError("two inputs of the step graph have one name.")
        if (words := sum(memory.words for memory in self.memories())) > MAX_WORDS:
            raise ValueError(f"a stream would remember {words} numbers, {MAX_WORDS} are allowed.")
        return self

    @property
    def delay_ms(self) -> float:
        """How long a label waits for the frames after its own."""
        return 1000 * self.delay_frames / self.fps

    def graph(self) -> Skeleton:
        """The skeleton that the bundle takes."""
        return Skeleton.from_dict(self.skeleton)

    def memories(self) -> list[Memory]:
        """What a stream remembers."""
        return [entry.memory() for entry in self.memory]
