"""Long recordings in pieces that fit in memory, with the numbers of the whole.

Legend: N clips, C channels, T frames, V joints, M people, K classes.

    recording  |---------------------------------------------------------------|
    chunk                       [ stretch that is answered ]
    input              [ past   |                          | ahead ]

A label depends on ``receptive_field`` frames, ``delay`` of them after its own. A chunk that is given
these frames around the stretch it answers computes just what the whole recording would; at the ends
of the recording the operators' own zero padding is the real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from kinestream.models import Network


class Chunk(NamedTuple):
    """Frames [first, last) are read, [start, stop) answered, ``context`` of them again."""

    first: int
    start: int
    stop: int
    last: int
    context: int


def chunks(frames: int, segment: int, network: Network, *, context: int = 0) -> Iterator[Chunk]:
    """Divide a recording.

    Args:
        frames: T.
        segment: Frames answered per chunk; 0 for all at once.
        network: Says how much past and future a label needs.
        context: Frames before each chunk that are answered again (for losses of neighbours).
    """
    ahead = network.delay
    past = network.receptive_field - 1 - ahead
    size = segment or frames
    for begin in range(0, frames, size):
        start = max(begin - context, 0)
        stop = min(begin + size, frames)
        # The first frame's answer may be that of up to a stride before, and a chunk must begin on
        # the beat of strides and refreshes.
        first = max(start - past - (network.stride - 1), 0)
        first -= first % network.period
        yield Chunk(first, start, stop, min(stop + ahead, frames), begin - start)


def answers(
    network: Network, x: Tensor, chunk: Chunk, lengths: Tensor | None = None
) -> list[Tensor]:
    """Logits (N, K, stop - start) of every stage, of a chunk (N, C, last - first, V[, M]).

    An answer of a network with a stride stands for the frames up to the next. A network that answers
    once for a whole clip gives (N, K, 1).

    Args:
        network: Any network.
        x: The frames that the chunk reads.
        chunk: Which frames of the recordings these are.
        lengths: (N,) frames of each recording, where shorter ones are padded.
    """
    stages = network.stages(x, lengths)
    if not network.streams:
        return [network.over_clip(y.transpose(1, 2))[:, :, None] for y in stages]
    if network.stride > 1:
        stages = [y.repeat_interleave(network.stride, dim=2) for y in stages]
    return [y[:, :, chunk.start - chunk.first : chunk.stop - chunk.first] for y in stages]
