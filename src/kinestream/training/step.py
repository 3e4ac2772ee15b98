"""The gradient of one effective batch, piece by piece and over all processes.

Legend: N recordings of a piece, C channels, T frames, V joints, M people, K classes, z logits, w a
network's weights.

Terms of frames add up over pieces. Terms that compare frames of the whole batch do not, but they
need the network only through its logits, which are few numbers:

    dL/dw = sum over frames t of  dL/dz_t  dz_t/dw

So a first look computes all logits piece by piece, without what a gradient needs, and takes dL/dz of
them at once. The pieces are then run again, and each sends its dL/dz back: the same gradient, in the
memory of a piece. Both times the network draws the same random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from kinestream.models import Network
from kinestream.models.norm import Counted, counting
from kinestream.training.chunks import Chunk, answers
from kinestream.training.computing import ALONE, Computing
from kinestream.training.losses.loss import Loss
from kinestream.training.losses.term import Stretch
from kinestream.training.memory import OutOfMemoryError, is_out_of_memory
from kinestream.training.pieces import Piece, Trial, pieces, takes_statistics
from kinestream.training.ranks import Ranks

T = TypeVar("T")


class Sums(NamedTuple):
    """What a batch adds up to, over all processes.

    Attributes:
        loss: Of the batch.
        right: Frames labelled right.
        frames: Frames that have a label.
    """

    loss: float
    right: int
    frames: int


def accumulate_gradients(
    network: Network,
    loss: Loss,
    batch: Sequence[Trial],
    segment: int,
    computing: Computing = ALONE,
    shares: Sequence[Sequence[int]] | None = None,
) -> Sums:
    """Add the gradient of the batch's loss to the network's, in bounded memory.

    The gradient is that of all recordings run whole, for any ``segment`` and any number of processes:
    chunks see the frames their labels depend on, and all sums share one denominator. Stages of
    refinement are all taught: their losses add up.

    Args:
        network: In training mode.
        loss: Its terms of frames give sums.
        batch: Recordings of one optimizer step; with several processes this one's share of them,
            which may be empty.
        segment: Frames answered per chunk; 0 for whole recordings.
        computing: Device, precision and processes.
        shares: For each process, the places of its recordings in the effective batch.

    Raises:
        OutOfMemoryError: Memory ran out in some process; raised in all of them.
    """
    ranks = computing.ranks
    counts = torch.tensor(
        loss.counts([trial.labels for trial in batch], network.num_classes), dtype=torch.float64
    )
    shared = ranks.add_up(counts.to(computing.device)).tolist()
    work = _Work(network, loss, batch, segment, computing)
    look = None
    if loss.of_batch:
        seen = work.in_all_or_none(work.logits)
        logits, labels = _gathered(seen, [trial.labels for trial in batch], ranks, shares)
        own = range(len(logits)) if shares is None else shares[ranks.rank]
        look = work.in_all_or_none(lambda: work.look(logits, labels, own))
    sums = work.in_all_or_none(lambda: work.send_back(shared, look))
    _add_up_gradients(network, ranks)
    value, right, frames = ranks.add_up(sums).tolist()
    return Sums(value + (look.value if look else 0.0), int(right), int(frames))


class Look(NamedTuple):
    """What the first look found.

    Attributes:
        value: Of the terms of the whole batch, all stages added up.
        slopes: dL/dz, (K, T) of every recording of this process and every stage.
    """

    value: float
    slopes: list[list[Tensor]]

    def pull(self, number: int, chunk: Chunk, stages: Sequence[Tensor]) -> Tensor:
        """A scalar whose gradient is the chunk's share of that of the whole batch.

        Args:
            number: Which recording of the batch.
            chunk: Which of its frames.
            stages: Logits (K, T') of every stage in the chunk, with its context.
        """
        start = chunk.start + chunk.context
        parts = []
        for z, slope in zip(stages, self.slopes[number], strict=True):
            own = z[:, chunk.context :]
            parts.append((own * slope[:, start : start + own.shape[1]]).sum())
        return torch.stack(parts).sum()


def _gathered(
    logits: list[list[Tensor]],
    labels: list[Tensor],
    ranks: Ranks,
    shares: Sequence[Sequence[int]] | None,
) -> tuple[list[list[Tensor]], list[Tensor]]:
    """Logits (K, T) of every stage, and labels, of all recordings of a batch in its order.

    Args:
        logits: Of this process's recordings.
        labels: Of the same.
        ranks: The processes.
        shares: As :func:`accumulate_gradients`.
    """
    if ranks.size == 1:
        return logits, labels
    assert shares is not None
    found = ranks.gather(([[z.cpu() for z in stages] for stages in logits], labels))
    places = [place for share in shares for place in share]
    order = sorted(range(len(places)), key=places.__getitem__)
    all_logits = [stages for logits_of, _ in found for stages in logits_of]
    all_labels = [truth for _, labels_of in found for truth in labels_of]
    return [all_logits[i] for i in order], [all_labels[i] for i in order]


@dataclass(frozen=True)
class _Work:
    """A batch and what is done with it, piece by piece."""

    network: Network
    loss: Loss
    batch: Sequence[Trial]
    segment: int
    computing: Computing

    def send_back(self, counts: Sequence[float], look: Look | None) -> Tensor:
        """Run all pieces and their gradients; returns sums: loss, frames right, frames labelled."""
        sums = torch.zeros(3, dtype=torch.float64, device=self.computing.device)
        for piece in self._pieces():
            x, stages = self._run(piece)
            total = (
                torch.stack([z.sum() for z in stages]).sum() * 0
            )  # all collectives, in all cases
            for row, number in enumerate(piece.numbers):
                stretches = self._stretches(piece, row, x, stages)
                parts = [self.loss.part(stretch, counts) for stretch in stretches]
                part = torch.stack(parts).sum()
                sums += _tally(part.detach(), stretches[-1])
                total = total + part
                if look:
                    logits = [stretch.logits for stretch in stretches]
                    total = total + look.pull(number, piece.chunk, logits)
            self.computing.scaler.scale(total).backward()  # type: ignore[no-untyped-call]
        return sums

    def logits(self) -> list[list[Tensor]]:
        """(K, T) of every recording and stage; the network and chance are left as they were."""
        found: list[list[list[Tensor]]] = [[] for _ in self.batch]
        with torch.no_grad(), _as_it_was(self.network, self.computing.device):
            for piece in self._pieces():
                x, stages = self._run(piece)
                for row, number in enumerate(piece.numbers):
                    stretches = self._stretches(piece, row, x, stages)
                    found[number].append([s.logits[:, s.context :] for s in stretches])
        return [[torch.cat(z, dim=1) for z in zip(*parts, strict=True)] for parts in found]

    def look(self, logits: list[list[Tensor]], labels: list[Tensor], own: Sequence[int]) -> Look:
        """The gradient of the terms of the whole batch with respect to logits.

        Args:
            logits: (K, T) of every recording of the batch and every stage.
            labels: (T,) of every recording.
            own: Which recordings are this process's.
        """
        device = self.computing.device
        leaves = [[z.to(device).requires_grad_() for z in stages] for stages in logits]
        truths = [truth.to(device) for truth in labels]
        with torch.enable_grad():
            values = [self.loss.whole(stage, truths) for stage in zip(*leaves, strict=True)]
            value = torch.stack(values).sum()
        slopes = iter(torch.autograd.grad(value, [z for stages in leaves for z in stages]))
        sloped = [[next(slopes) for _ in stages] for stages in leaves]
        return Look(float(value.detach()), [sloped[place] for place in own])

    def in_all_or_none(self, work: Callable[[], T]) -> T:
        """Do what may need more memory than there is, in all processes or in none.

        Raises:
            OutOfMemoryError: Memory ran out in some process.
        """
        ranks, found = self.computing.ranks, list[T]()
        try:
            found.append(work())
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        # Outside of the handler, where the error still holds what did not fit.
        if takes_statistics(self.network):
            if found:
                return found[0]
            # The others wait for its part in their statistics: the launcher has to end them.
            raise OutOfMemoryError("a batch does not fit into memory: lower training.batch_size.")
        if ranks.any(not found):
            raise OutOfMemoryError(
                "a batch does not fit into memory: set a shorter training.segment."
            )
        return found[0]

    def _pieces(self) -> Iterator[Piece]:
        yield from pieces(self.network, self.batch, self.segment, self.loss.context)
        if not self.batch and self.computing.ranks.size > 1 and takes_statistics(self.network):
            yield Piece((), Chunk(0, 0, 1, 1, 0), (0,))  # the others' statistics wait for it

    def _run(self, piece: Piece) -> tuple[Tensor, list[Tensor]]:
        """The piece's input and the logits (N, K, T') of every stage, in full precision."""
        computing, network = self.computing, self.network
        if piece.numbers:
            x = piece.stacked(self.batch, computing.device)
        else:
            x = next(network.parameters()).new_zeros(1, *network.frame_shape)[:, :, None]
        lengths = None
        if piece.lengths is not None:
            lengths = torch.tensor(piece.lengths, device=computing.device)
        counted = self._counted(x, lengths) if takes_statistics(network) else None
        with counting(network, counted), computing.products():
            stages = answers(network, x, piece.chunk, lengths)
        return x, [z if z.dtype.itemsize >= 4 else z.float() for z in stages]

    def _counted(self, x: Tensor, lengths: Tensor | None) -> Counted | None:
        """Whose statistics batch norms take, where that is not simply all of ``x``."""
        ranks = self.computing.ranks
        if lengths is None and ranks.size == 1:
            return None
        frames = x.shape[2]
        if lengths is None:
            lengths = torch.full((len(x),), frames, device=x.device)
        inside = torch.arange(frames, device=x.device)[None] < lengths[:, None]
        kept = [inside[:, ::rate] for rate in self.network.rates]
        return Counted({mask.shape[1]: mask for mask in kept}, ranks.add_up_with_gradient)

    def _stretches(
        self, piece: Piece, row: int, x: Tensor, stages: Sequence[Tensor]
    ) -> list[Stretch]:
        """What a recording of the piece shows of itself, for every stage."""
        chunk, labels = piece.chunk, self.batch[piece.numbers[row]].labels
        frames = slice(chunk.start, min(chunk.stop, len(labels)))
        truth = labels[frames].to(x.device)
        inputs = x[row, :, frames.start - chunk.first : frames.stop - chunk.first]
        return [Stretch(z[row, :, : len(truth)], truth, inputs, chunk.context) for z in stages]


def _tally(loss: Tensor, stretch: Stretch) -> Tensor:
    own = stretch.labels[stretch.context :]
    found = stretch.logits.detach()[:, stretch.context :].argmax(0)
    return torch.stack([loss.double(), (found == own).sum().double(), (own >= 0).sum().double()])


def _add_up_gradients(network: Network, ranks: Ranks) -> None:
    """One sum over all processes, however many pieces each of them had."""
    if ranks.size == 1:
        return
    weights = [p for p in network.parameters() if p.requires_grad]
    for p in weights:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    whole = ranks.add_up(torch.cat([p.grad.flatten() for p in weights if p.grad is not None]))
    parts = torch.split(whole, [p.numel() for p in weights])
    for p, part in zip(weights, parts, strict=True):
        p.grad = part.view_as(p)


@contextmanager
def _as_it_was(network: Network, device: torch.device) -> Iterator[None]:
    """Afterwards, random numbers and running statistics are what they were before."""
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers()]
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            for buffer, before in buffers:
                buffer.copy_(before)
