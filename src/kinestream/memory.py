"""The memory of a stream: the declaration that models make, bundles record and hosts serve.

A step of a network is a function of the newest frame and of values it computed earlier. Each
operator names what it needs of the past as a :class:`Memory`; whoever runs the step (torch in
training, numpy in the runtime, JavaScript in a browser) keeps its entries and hands over the ones
the step reads.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from typing import Any, Literal

Reading = Literal["window", "back", "run", "whole"]


@dataclass(frozen=True)
class Memory:
    """The past that one operator reads.

    Entry ``n`` is made when input frame ``delay + n * stride`` arrives, ``n = 0, 1, ...``. An entry
    that was never made is zeros. A frame that makes no entry still reads: one entry as any other
    frame would, several without meaning anything by it.

    A memory with ``taps`` R has one reading, the ``window``: the entries R, ..., 2, 1 times
    ``dilation`` back. A memory with ``block`` B counts its entries in blocks of B; entry ``n`` has
    the turn ``n // dilation % B``, and the readings, each of one entry, are some of

        back    walks backwards through the previous block while this one is filled
        run     the entry before, zeros at turn 0
        whole   the last entry of the previous block

    Attributes:
        name: Unique within a network.
        shape: Shape of one entry for one person.
        taps: Entries in the window; 0 for memories in blocks.
        block: Entries in a block; 0 for memories with a window.
        reads: What a step reads, each an input of the graph.
        dilation: Distance between the entries of a window, and between those of a block.
        delay: Input frames that arrive before the first entry.
        stride: Input frames per entry.
    """

    name: str
    shape: tuple[int, ...]
    taps: int = 0
    block: int = 0
    reads: tuple[Reading, ...] = ("window",)
    dilation: int = 1
    delay: int = 0
    stride: int = 1

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the graph's inputs, one for each reading."""
        if len(self.reads) == 1:
            return (self.name,)
        return tuple(f"{self.name}.{reading}" for reading in self.reads)

    @property
    def output(self) -> str:
        """Name of the graph's output: the entry that the step makes."""
        return f"{self.name}.new"

    @property
    def window(self) -> tuple[int, ...]:
        """Shape of what a reading gives: ``shape``, or (R, *shape) where R > 1 entries are read."""
        return (self.taps, *self.shape) if self.taps > 1 else self.shape

    @property
    def length(self) -> int:
        """How many entries back a step may read."""
        if self.taps:
            return self.taps * self.dilation
        back = {"back": 2 * self.block - 1, "run": 1, "whole": self.block, "window": 0}
        return max(back[reading] for reading in self.reads) * self.dilation

    def entry(self, frame: int) -> int | None:
        """Which entry input frame ``frame`` makes; ``None`` if it makes none.

        >>> [Memory("m", (2,), taps=1, delay=1, stride=2).entry(t) for t in range(5)]
        [None, 0, None, 1, None]
        """
        behind = frame - self.delay
        return behind // self.stride if behind >= 0 and behind % self.stride == 0 else None

    def next_entry(self, frame: int) -> int:
        """The entry that input frame ``frame`` makes, or the first that a later frame will make.

        >>> [Memory("m", (2,), taps=1, delay=1, stride=2).next_entry(t) for t in range(5)]
        [0, 0, 1, 1, 2]
        """
        return -((self.delay - frame) // self.stride)

    def turn(self, entry: int) -> int:
        """Place of an entry in its block."""
        return entry // self.dilation % self.block

    def lags(self, reading: Reading, entry: int) -> tuple[int, ...]:
        """How many entries before ``entry``, the next to be made, a reading lies, oldest first.

        Empty where zeros are read.

        >>> memory = Memory("m", (2,), block=3, reads=("back", "run", "whole"))
        >>> [memory.lags("back", n)[0] for n in range(6)]
        [1, 3, 5, 1, 3, 5]
        >>> [memory.lags("run", n) for n in range(4)]
        [(), (1,), (1,), ()]
        >>> [memory.lags("whole", n)[0] for n in range(6)]
        [1, 2, 3, 1, 2, 3]
        """
        apart = self.dilation
        if reading == "window":
            return tuple(tap * apart for tap in range(self.taps, 0, -1))
        turn = self.turn(entry)
        if reading == "run":
            return (apart,) if turn else ()
        return (apart * (2 * turn + 1 if reading == "back" else turn + 1),)

    @property
    def slots(self) -> int:
        """Entries that a host must have room for if what a step reads and makes never overlap."""
        if self.taps:
            return (self.taps + 1) * self.dilation
        return (self.block + 1 if "back" in self.reads else 4) * self.dilation

    @property
    def period(self) -> int:
        """Entries after which slots repeat."""
        if self.taps:
            return self.slots
        return 2 * self.block * self.dilation

    def slot(self, entry: int) -> int:
        """Where an entry is kept until nobody reads it any more.

        A window lies in a ring. In a memory that is read ``back`` the place bounces between both
        ends: each block fills the places that the reading of the one before has just left. Sums of
        blocks alternate between two places, and blocks between two pairs of them.

        >>> bounce = Memory("m", (2,), block=3, reads=("back",))
        >>> [bounce.slot(n) for n in range(9)]
        [0, 1, 2, 3, 2, 1, 0, 1, 2]
        """
        if self.taps:
            return entry % self.slots
        place, phase = divmod(entry, self.dilation)
        if "back" in self.reads:
            place %= 2 * self.block
            return min(place, 2 * self.block - place) * self.dilation + phase
        pair = place // self.block % 2
        return (2 * pair + place % self.block % 2) * self.dilation + phase

    @property
    def words(self) -> int:
        """Numbers that are remembered from one frame to the next, for one person."""
        entries = self.taps or (self.block if "back" in self.reads else len(self.reads))
        return entries * self.dilation * prod(self.shape)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)
