"""The house that most networks are built in: input norm, blocks, head, refinement stages.

Legend: N people or clips, T frames, M people of a scene, V joints, C channels, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate
from operator import mul
from typing import Any, Literal, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.block import Block, Join, Residual, ResidualKind, SpatioTemporalBlock
from kinestream.models.head import Head, HeadOptions
from kinestream.models.lookahead import Lookahead
from kinestream.models.network import Network
from kinestream.models.norm import FrameBatchNorm, FrameLayerNorm, NormName
from kinestream.models.refinement import Refinement, Stage
from kinestream.models.tape import Tape
from kinestream.models.temporal import Averaging
from kinestream.models.tick import Tick

Partition = NDArray[np.float64]


class Options(TypedDict, total=False):
    """Keyword arguments that every network of blocks takes.

    Attributes:
        lookahead: Frames that a label may wait, spent from the first layer on; ``centred`` for all
            that published weights need. Default 0: causal.
        norm: ``layer``, each frame by itself, or ``batch``, by running statistics. Default layer.
        norm_in: Normalise the input: ``joints``, each person's joints alike, ``people``, each place
            of a scene on its own, or ``none``. Default joints.
        dropout: Share of values dropped in training, in every block, and before the answer of a clip.
            Default 0.
        head: ``frame`` labels every frame, ``clip`` what was seen so far. Default frame.
        pool: ``mean`` averages the joints before the head, ``joints`` keeps them apart.
        averaging: How means over time are taken: ``over``, ``window``, ``refresh``.
        refine: Stages that correct the labels: ``stages``, ``layers``, ``channels``, ``reads``,
            ``layer``, ``dropout``.
        people: M that are labelled together. Default 1: each alone.
    """

    lookahead: int | Literal["centred"]
    norm: NormName
    norm_in: Literal["joints", "people", "none"]
    dropout: float
    head: Literal["frame", "clip"]
    pool: Literal["mean", "joints"]
    averaging: Averaging | Mapping[str, Any] | None
    refine: Refinement | Mapping[str, Any] | None
    people: int


class Plan:
    """What the blocks of one network need to know while they are made.

    Attributes:
        ahead: The look-ahead left to spend.
        rate: Input frames per frame, at the next block.
        norm: ``layer`` or ``batch``.
        dropout: Share of values dropped in training.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.ahead = Lookahead(options.get("lookahead", 0))
        self.rate = 1
        self.norm: NormName = options.get("norm", "layer")
        self.dropout = options.get("dropout", 0.0)
        self._averaging = Averaging.of(options.get("averaging"))

    @property
    def averaging(self) -> Averaging:
        """Window and refresh of means, in frames of the next block."""
        return self._averaging.at(self.rate)

    def take(self, span: int) -> int:
        """Look-ahead for an operator of ``span`` frames in the next block."""
        return self.ahead.take(span, self.rate)


class Layer(NamedTuple):
    """Place and shape of one block: its number from 0, C, C' and stride."""

    number: int
    channels_in: int
    channels: int
    stride: int


class Backbone(Network):
    """Input norm, stem, blocks, head and refinement stages.

    Args:
        partition: (P, V, V) adjacency, for V.
        in_channels: C of the input.
        num_classes: K.
        options: As :class:`Options`.
    """

    stem: nn.Module
    blocks: nn.ModuleList
    head: Head
    refine: nn.ModuleList

    def __init__(
        self, partition: Partition, in_channels: int, num_classes: int, options: Options
    ) -> None:
        people = options.get("people", 1)
        if people < 1:
            raise ConfigError(f"people must be 1 or more, got {people}.")
        if partition.ndim != 3 or partition.shape[1] != partition.shape[2]:
            raise ConfigError(f"the partition must be (P, V, V), got {tuple(partition.shape)}.")
        joints = int(partition.shape[-1])
        super().__init__(in_channels, joints, num_classes, people=people)
        self.norm_in = _norm_in(options, people, joints, in_channels)

    def stack(
        self,
        plan: Plan,
        channels: Sequence[int],
        strides: int | Sequence[int] | None,
        spatial: Callable[[Layer], Block],
        temporal: Callable[[Layer], Block],
        *,
        stem: int | None = None,
        residual: ResidualKind | Sequence[ResidualKind] = "auto",
        residual_bias: bool = True,
        join: Join = "after",
    ) -> None:
        """Make the blocks, then the head and the refinement stages.

        Args:
            plan: Keeps account of look-ahead and rate.
            channels: Width of each block.
            strides: One number per block, or one for all; default 1.
            spatial: Makes the spatial half of a block.
            temporal: Makes its temporal half; may spend look-ahead after the spatial one.
            stem: Width of a product of the input before the first block; ``None`` for none.
            residual: Kind, one for all blocks or one each.
            residual_bias: Whether products in residuals have a bias.
            join: As :class:`~kinestream.models.block.SpatioTemporalBlock`.

        Raises:
            ConfigError: Something does not fit.
        """
        if not channels:
            raise ConfigError("channels must name one block or more.")
        beats = per_block("strides", strides, len(channels), 1)
        kinds = [residual] * len(channels) if isinstance(residual, str) else list(residual)
        self.stem = nn.Identity() if stem is None else nn.Linear(self.in_channels, stem)
        widths = [self.in_channels if stem is None else stem, *channels]
        blocks = []
        for i, beat in enumerate(beats):
            layer = Layer(i, widths[i], widths[i + 1], beat)
            first = spatial(layer)
            second = temporal(layer)
            around = Residual(
                layer.channels_in,
                layer.channels,
                self.num_joints,
                kind=kinds[i],
                norm=plan.norm,
                bias=residual_bias,
                lookahead=first.lookahead + second.lookahead,
                stride=beat,
            )
            blocks.append(
                SpatioTemporalBlock(first, second, around, join=join, dropout=plan.dropout)
            )
            plan.rate *= beat
        self.blocks = nn.ModuleList(blocks)
        self._finish(channels[-1], plan)

    def _finish(self, channels: int, plan: Plan) -> None:
        options = plan.options
        answers = options.get("head", "frame")
        self.head = Head(
            channels,
            self.num_joints,
            self.num_classes,
            people=self.people,
            options=HeadOptions(answers, options.get("pool", "mean")),
            averaging=plan.averaging,
            # Dropped from frame to frame, it would look like answers that flicker.
            dropout=plan.dropout if answers == "clip" else 0.0,
        )
        refinement = Refinement.of(options.get("refine"))
        self.refine = nn.ModuleList(
            Stage(
                self.num_classes,
                self.num_classes,
                refinement,
                norm=plan.norm,
                ahead=plan.ahead,
                rate=plan.rate,
                reads=refinement.reads,
            )
            for _ in range(refinement.stages)
        )
        plan.ahead.check_spent()

    def run(self, x: Tensor, now: Tick, tape: Tape) -> tuple[list[Tensor], Tick]:
        x = self.stem(self.norm_in(x))
        first = 0
        for number, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            if block.stride > 1:
                (x,), now = tape.when_due(partial(self._up_to, first, number + 1), x, now)
                first = number + 1
        return tape.when_due(partial(self._label, first), x, now)

    @property
    def rates(self) -> tuple[int, ...]:
        strides = [block.stride for block in self.blocks if isinstance(block, Block)]
        return tuple(sorted({1, *accumulate(strides, mul)}))

    def over_clip(self, logits: Tensor) -> Tensor:
        return logits.mean(1) if self.head.mean is None else logits[:, -1]

    def _up_to(
        self, first: int, stop: int, x: Tensor, now: Tick, tape: Tape
    ) -> tuple[list[Tensor], Tick]:
        for block in self.blocks[first:stop]:
            x, now = block(x, now, tape)
        return [x], now

    def _label(self, first: int, x: Tensor, now: Tick, tape: Tape) -> tuple[list[Tensor], Tick]:
        (x,), now = self._up_to(first, len(self.blocks), x, now, tape)
        y, now = self.head(x, now, tape)
        outputs = [y]
        for stage in self.refine:
            y, now = stage(y, now, tape)
            outputs.append(y)
        return outputs, now


def _norm_in(options: Options, people: int, joints: int, channels: int) -> nn.Module:
    kind = options.get("norm_in", "joints")
    if kind not in ("joints", "people", "none"):
        raise ConfigError(f"norm_in must be 'joints', 'people' or 'none', got {kind!r}.")
    if kind == "none":
        return nn.Identity()
    if options.get("norm", "layer") == "layer":
        return FrameLayerNorm(channels, joints)
    if kind == "people" and people > 1:
        return FrameBatchNorm(people, joints, channels)
    return FrameBatchNorm(joints, channels)


def per_block(
    name: str, values: int | Sequence[int] | None, blocks: int, default: int
) -> list[int]:
    """One number per block, from one for all, one each, or none.

    Raises:
        ConfigError: There are more or fewer than blocks.
    """
    if values is None:
        return [default] * blocks
    if isinstance(values, int):
        return [values] * blocks
    if len(values) != blocks:
        raise ConfigError(
            f"{name} must have a value for each of {blocks} blocks, got {len(values)}."
        )
    return list(values)


def residuals(
    first: bool | None, in_channels: int, channels: Sequence[int], kind: ResidualKind = "auto"
) -> list[ResidualKind]:
    """Kind of residual of each block; the first has one if asked, by default where widths agree."""
    if first is None:
        first = in_channels == channels[0] if channels else False
    return [kind if i or first else "none" for i in range(len(channels))]
