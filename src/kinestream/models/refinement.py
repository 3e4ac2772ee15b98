"""Refinement stages: dilated convolutions that read the classes found so far and correct them.

Legend: ... any leading axes, K classes, C channels, L layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.block import Block
from kinestream.models.lookahead import Lookahead
from kinestream.models.norm import NormName, frame_norm
from kinestream.models.tape import Tape
from kinestream.models.temporal import Delay, TemporalConv
from kinestream.models.tick import Tick

Reads = Literal["softmax", "log_softmax", "logits"]


@dataclass(frozen=True)
class Refinement:
    """Which stages follow a frame-wise network.

    Attributes:
        stages: How many.
        layers: L of each; dilations are 1, 2, 4, ...
        channels: C of each.
        reads: What a stage reads of the one before.
        layer: ``product`` is MS-TCN's, ``norm`` is MS-GCN's.
        dropout: Share of values dropped in training.
    """

    stages: int = 0
    layers: int = 10
    channels: int = 64
    reads: Reads = "softmax"
    layer: Literal["product", "norm"] = "product"
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if self.reads not in ("softmax", "log_softmax", "logits"):
            raise ConfigError(
                f"refine.reads must be 'softmax', 'log_softmax' or 'logits', got {self.reads!r}."
            )
        if self.layer not in ("product", "norm"):
            raise ConfigError(f"refine.layer must be 'product' or 'norm', got {self.layer!r}.")
        if self.stages < 0 or self.layers < 1 or self.channels < 1:
            raise ConfigError("refine needs 0 or more stages of 1 or more layers and channels.")

    @classmethod
    def of(cls, options: Refinement | Mapping[str, Any] | None) -> Refinement:
        """From the section of a configuration.

        Raises:
            ConfigError: A key or value is wrong.
        """
        if isinstance(options, Refinement):
            return options
        try:
            return cls(**(options or {}))
        except TypeError:
            raise ConfigError(
                f"refine takes stages, layers, channels, reads, layer and dropout, got "
                f"{', '.join(options or {})}."
            ) from None


class DilatedLayer(Block):
    """``x + W ReLU(conv(x))``, or with a norm ``x + ReLU(Norm(conv(x)))``.

    Args:
        channels: C.
        dilation: Distance between the three taps.
        lookahead: 0 to ``dilation``.
        norm: For the second form; ``None`` for the first.
        dropout: Share of values dropped in training, before the sum.
    """

    def __init__(
        self,
        channels: int,
        *,
        kernel: int = 3,
        dilation: int,
        lookahead: int,
        norm: NormName | None,
        dropout: float,
    ) -> None:
        super().__init__()
        self.conv = TemporalConv(channels, channels, kernel, dilation=dilation, lookahead=lookahead)
        self.norm = None if norm is None else frame_norm(norm, channels)
        self.product = nn.Linear(channels, channels) if norm is None else None
        self.delay = Delay(lookahead)
        self.dropout = nn.Dropout(dropout)
        self.lookahead = lookahead

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        y, later = tape.run(self.conv, x, now)
        y = F.relu(y if self.norm is None else self.norm(y))
        if self.product is not None:
            y = self.product(y)
        x, then = tape.run(self.delay, x, now)
        return x + self.dropout(y), later.and_with(then)


class Stage(Block):
    """A product, L dilated layers, a product: features or classes in, logits out.

    Args:
        in_channels: Features, or K.
        num_classes: K.
        options: Layers, channels, what is read.
        norm: For layers with a norm.
        ahead: Spent by the layers.
        rate: Input frames per frame of the stage.
        reads: What is read of the input; ``None`` for features as they are.

    Source: MS-TCN (Abu Farha and Gall, CVPR 2019).
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        options: Refinement,
        *,
        norm: NormName,
        ahead: Lookahead,
        rate: int = 1,
        reads: Reads | None = None,
    ) -> None:
        super().__init__()
        self.reads = reads
        self.product_in = nn.Linear(in_channels, options.channels)
        self.layers = nn.ModuleList(
            DilatedLayer(
                options.channels,
                dilation=2**i,
                lookahead=ahead.take(2 * 2**i, rate),
                norm=norm if options.layer == "norm" else None,
                dropout=options.dropout,
            )
            for i in range(options.layers)
        )
        self.product_out = nn.Linear(options.channels, num_classes)

    def forward(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        if self.reads == "softmax":
            x = x.softmax(-1)
        elif self.reads == "log_softmax":
            x = x.log_softmax(-1)
        x = self.product_in(x)
        for layer in self.layers:
            x, now = layer(x, now, tape)
        return self.product_out(x), now
