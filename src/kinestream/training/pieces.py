"""What of an effective batch is run at once.

Recordings of one length are stacked. Longer ones than fit are run chunk by chunk. Where batch norms
take statistics, all is padded to one length and run together, since every frame moves every other.

Legend: N recordings of a piece, C channels, T frames, V joints, M people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kinestream.models import Network
from kinestream.models.norm import batch_norms
from kinestream.training.chunks import Chunk, chunks


@dataclass(frozen=True)
class Trial:
    """A recording ready for the network.

    Attributes:
        x: (C, T, V, M).
        labels: (T,), -1 where unknown; (1,) for networks that answer once for a clip.
    """

    x: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Piece:
    """Recordings of a batch that are run at once.

    Attributes:
        numbers: Which recordings of the batch.
        chunk: Which of their frames.
        lengths: Frames of each, where they are padded to one length.
    """

    numbers: tuple[int, ...]
    chunk: Chunk
    lengths: tuple[int, ...] | None = None

    def stacked(self, batch: Sequence[Trial], device: torch.device) -> Tensor:
        """The frames read (N, C, T, V, M), with zeros behind the ends of short recordings."""
        rows = [batch[number].x[:, self.chunk.first : self.chunk.last] for number in self.numbers]
        if self.lengths is not None:
            longest = max(self.lengths)
            rows = [_padded(x, longest) for x in rows]
        return torch.stack(rows).to(device, non_blocking=True)


def pieces(
    network: Network, batch: Sequence[Trial], segment: int, context: int = 0
) -> Iterator[Piece]:
    """Divide a batch.

    Args:
        network: Says what its labels depend on.
        batch: Recordings.
        segment: Frames answered in a piece; 0 for any number.
        context: Frames before each chunk that are answered again.
    """
    if not batch:
        return
    if takes_statistics(network):
        lengths = tuple(trial.x.shape[1] for trial in batch)
        equal = len(set(lengths)) == 1
        chunk = _whole(network, max(lengths))
        yield Piece(tuple(range(len(batch))), chunk, None if equal else lengths)
        return
    groups: dict[int, list[int]] = {}
    for number, trial in enumerate(batch):
        groups.setdefault(trial.x.shape[1], []).append(number)
    for frames, numbers in groups.items():
        if not network.streams or not segment or frames <= segment:
            most = max(segment // frames, 1) if segment else len(numbers)
            for start in range(0, len(numbers), most):
                yield Piece(tuple(numbers[start : start + most]), _whole(network, frames))
        else:
            for number in numbers:
                for chunk in chunks(frames, segment, network, context=context):
                    yield Piece((number,), chunk)


def takes_statistics(network: Network) -> bool:
    """Whether batch norms of the network take statistics of what they see."""
    return network.training and any(not norm.frozen for norm in batch_norms(network))


def _whole(network: Network, frames: int) -> Chunk:
    return Chunk(0, 0, frames if network.streams else 1, frames, 0)


def _padded(x: Tensor, frames: int) -> Tensor:
    missing = x.new_zeros(x.shape[0], frames - x.shape[1], *x.shape[2:])
    return torch.cat([x, missing], dim=1)
