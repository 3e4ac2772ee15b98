"""What a stream remembers: the declaration that models make, bundles record and hosts serve.

A step of a network is a function of the newest frame and of values it computed earlier. Each
operator names what it needs of the past as a :class:`Memory`; whoever runs the step (torch in
training, numpy in the runtime, JavaScript in a browser) keeps a ring of the last entries and hands
over the ones the step reads. Accumulators are rings of one entry.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from typing import Any


@dataclass(frozen=True)
class Memory:
    """The past that one operator reads.

    Entry ``n`` is made when input frame ``delay + n * stride`` arrives, ``n = 0, 1, ...``; before
    that, and for every entry that was never made, the operator reads zeros. A frame that makes no
    entry still reads: one entry as any other frame would, several without meaning anything by it.

    With ``block`` B above 0, entries are counted in blocks of B: entry ``n`` has the turn
    ``n // dilation % B``. Such a memory is one of two kinds. Without ``taps`` one entry is read,
    ``dilation * (2 * turn + 1)`` back: it walks backwards through the previous block while the
    current one is filled. With ``taps`` and ``renewed``, the entry read at turn 0 is rearranged:
    cut into equal parts along its first axis, part i becomes part ``renewed[i]``, or zeros for -1.

    Attributes:
        name: Unique within a network; names the graph's input (and, with ``.new``, its output).
        shape: Shape of one entry for one person.
        taps: How many entries back each value read lies, oldest first.
        block: Entries in a block; 0 for memories that know no blocks.
        dilation: With ``block``: blocks count every ``dilation``-th entry.
        renewed: With ``block`` and ``taps``: what each part is at the beginning of a block.
        delay: Input frames that arrive before the first entry.
        stride: Input frames per entry.
    """

    name: str
    shape: tuple[int, ...]
    taps: tuple[int, ...] = ()
    block: int = 0
    dilation: int = 1
    renewed: tuple[int, ...] = ()
    delay: int = 0
    stride: int = 1

    @property
    def length(self) -> int:
        """Entries that a ring must hold."""
        return max(self.taps) if self.taps else (2 * self.block - 1) * self.dilation

    @property
    def window(self) -> tuple[int, ...]:
        """Shape of what a step reads: ``shape``, or (R, *shape) where R > 1 entries are read."""
        return (len(self.taps), *self.shape) if len(self.taps) > 1 else self.shape

    @property
    def words(self) -> int:
        """Numbers that a ring holds for one person."""
        return self.length * prod(self.shape)

    def entry(self, frame: int) -> int | None:
        """Which entry input frame ``frame`` makes; ``None`` if it makes none.

        >>> [Memory("m", (2,), taps=(1,), delay=1, stride=2).entry(t) for t in range(5)]
        [None, 0, None, 1, None]
        """
        behind = frame - self.delay
        return behind // self.stride if behind >= 0 and behind % self.stride == 0 else None

    def next_entry(self, frame: int) -> int:
        """The entry that input frame ``frame`` makes, or the first that a later frame will make.

        >>> [Memory("m", (2,), taps=(1,), delay=1, stride=2).next_entry(t) for t in range(5)]
        [0, 0, 1, 1, 2]
        """
        return -((self.delay - frame) // self.stride)

    def turn(self, entry: int) -> int:
        """Place of an entry in its block."""
        return entry // self.dilation % self.block

    def lags(self, entry: int) -> tuple[int, ...]:
        """How many entries before ``entry``, the next to be made, a step reads.

        >>> [Memory("m", (2,), block=3).lags(n)[0] for n in range(6)]
        [1, 3, 5, 1, 3, 5]
        """
        return self.taps or (self.dilation * (2 * self.turn(entry) + 1),)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)
