"""MS-TCN++: a prediction stage whose layers look near and far at once, then refinement.

Legend: * any leading axes, V joints, C channels, K classes, L layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.models.backbone import Partition
from kinestream.models.block import Block
from kinestream.models.head import Answers
from kinestream.models.lookahead import Lookahead
from kinestream.models.mstcn import StagedTCN
from kinestream.models.norm import NormName
from kinestream.models.refinement import Refinement
from kinestream.models.tape import Tape
from kinestream.models.temporal import Averaging, Delay, TemporalConv
from kinestream.models.tick import Tick


class DualDilatedLayer(Block):
    """``x + ReLU(W [conv_near(x) | conv_far(x)])``.

    Args:
        channels: C.
        near: Dilation of the one.
        far: Dilation of the other.
        lookahead: Of both; each looks no further than its own centre.
        dropout: Share of values dropped in training, before the sum.
    """

    def __init__(
        self, channels: int, near: int, far: int, *, lookahead: int, dropout: float
    ) -> None:
        super().__init__()
        aheads = [min(lookahead, dilation) for dilation in (near, far)]
        self.waits = nn.ModuleList(Delay(lookahead - ahead) for ahead in aheads)
        self.convs = nn.ModuleList(
            TemporalConv(channels, channels, 3, dilation=dilation, lookahead=ahead)
            for dilation, ahead in zip((near, far), aheads, strict=True)
        )
        self.product = nn.Linear(2 * channels, channels)
        self.delay = Delay(lookahead)
        self.dropout = nn.Dropout(dropout)
        self.lookahead = lookahead

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        parts = []
        same, later = tape.run(self.delay, x, now)
        for wait, conv in zip(self.waits, self.convs, strict=True):
            y, then = tape.run(wait, x, now)  # type: ignore[arg-type]
            y, then = tape.run(conv, y, then)  # type: ignore[arg-type]
            parts.append(y)
            later = later.and_with(then)
        y = F.relu(self.product(torch.cat(parts, dim=-1)))
        return same + self.dropout(y), later


class DualStage(Block):
    """A product, L dual dilated layers, a product.

    Args:
        in_channels: Features of a frame.
        num_classes: K.
        layers: L; layer i has the dilations 2^i and 2^(L-1-i).
        channels: C.
        ahead: Spent by the layers.
        dropout: Share of values dropped in training.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        *,
        layers: int,
        channels: int,
        ahead: Lookahead,
        dropout: float,
    ) -> None:
        super().__init__()
        self.product_in = nn.Linear(in_channels, channels)
        dilations = [(2**i, 2 ** (layers - 1 - i)) for i in range(layers)]
        self.layers = nn.ModuleList(
            DualDilatedLayer(
                channels, near, far, lookahead=ahead.take(2 * max(near, far)), dropout=dropout
            )
            for near, far in dilations
        )
        self.product_out = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        x = self.product_in(x)
        for layer in self.layers:
            x, now = layer(x, now, tape)
        return self.product_out(x), now


class MSTCNPP(StagedTCN):
    """MS-TCN with a prediction stage of layers that look near and far at once.

    Args:
        partition: (P, V, V) adjacency, for V.
        in_channels: C of the input.
        num_classes: K.
        layers: Layers of the prediction stage.
        channels: Width of every stage.
        lookahead: Frames that a label may wait, spent from the first layer on, or ``centred``.
        norm: Of the input.
        norm_in: Whether the input is normalised; published without.
        dropout: Share of values dropped in training; published 0.5.
        refine: Refinement stages; by default three of ten layers and the same width.
        people: M of a scene that is labelled together.
        head: ``frame`` labels every frame, ``clip`` what was seen so far.
        averaging: Of ``clip`` answers: ``over``, ``window``.

    Source: MS-TCN++ (Li et al., TPAMI 2020).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        layers: int = 11,
        channels: int = 64,
        lookahead: int | Literal["centred"] = 0,
        norm: NormName = "layer",
        norm_in: bool = False,
        dropout: float = 0.0,
        refine: Mapping[str, Any] | None = None,
        people: int = 1,
        head: Answers = "frame",
        averaging: Averaging | Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            int(partition.shape[-1]),
            in_channels,
            num_classes,
            norm=norm,
            norm_in=norm_in,
            people=people,
            head=head,
            averaging=averaging,
        )
        ahead = Lookahead(lookahead)
        first = DualStage(
            self.features,
            num_classes,
            layers=layers,
            channels=channels,
            ahead=ahead,
            dropout=dropout,
        )
        chosen = {"stages": 3, "channels": channels, "dropout": dropout, **(refine or {})}
        self.assemble(first, Refinement.of(chosen), ahead, norm)
