"""Frame-wise ST-GCN: graph convolution, then a learned temporal convolution, in every block.

Legend: N clips or people, T frames, V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.graph_conv import GraphConv
from kinestream.models.lookahead import share_lookahead
from kinestream.models.network import Network
from kinestream.models.norm import NormName, frame_norm
from kinestream.models.tape import Tape
from kinestream.models.temporal import Delay, TemporalConv
from kinestream.models.tick import Tick


class STGCNBlock(nn.Module):
    """``y = ReLU(Norm(conv(ReLU(Norm(graph(x))))) + res(x))``.

    res is the identity, a product with its own norm where the width changes, or nothing.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        partition: NDArray[np.float64],
        *,
        kernel: int,
        dilation: int,
        lookahead: int,
        norm: NormName,
        importance: bool,
        residual: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        joints = partition.shape[-1]
        self.graph = GraphConv(in_channels, out_channels, partition, importance=importance)
        self.norm = frame_norm(norm, out_channels, joints)
        self.conv = TemporalConv(
            out_channels, out_channels, kernel, dilation=dilation, lookahead=lookahead
        )
        self.conv_norm = frame_norm(norm, out_channels, joints)
        self.dropout = nn.Dropout(dropout)
        self.delay = Delay(lookahead)
        self.residual: nn.Module | None = None
        if residual and in_channels == out_channels:
            self.residual = nn.Identity()
        elif residual:
            self.residual = nn.Sequential(
                nn.Linear(in_channels, out_channels), frame_norm(norm, out_channels, joints)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, V, C) -> (N, T, V, C')."""
        return self._join(self.conv(self._spatial(x)), self.delay(x))

    def tick(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        """(N, V, C) -> (N, V, C')."""
        y, later = tape.run(self.conv, self._spatial(x), now)
        x, _ = tape.run(self.delay, x, now)
        return self._join(y, x), later

    def _spatial(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.graph(x)))

    def _join(self, y: Tensor, x: Tensor) -> Tensor:
        y = self.dropout(self.conv_norm(y))
        return F.relu(y if self.residual is None else y + self.residual(x))


class STGCN(Network):
    """ST-GCN that labels every frame, in the streamable form of CoST-GCN: stride 1 throughout.

    Args:
        partition: (P, V, V) adjacency of the skeleton.
        in_channels: C of the input.
        num_classes: K.
        channels: Width of each block.
        kernel: Temporal taps of every block.
        dilations: Distance between the taps, one number per block; default 1.
        lookahead: Frames of look-ahead, spent from the first block on, none beyond its centre.
        norm: ``layer`` or ``batch``.
        norm_in: Normalise the input frames too.
        importance: Learn edge importance.
        residual: Residual connections (the first block has one only where widths agree).
        pool: ``mean`` averages joints before the head; ``joints`` keeps them apart (K x V*C
            weights), which suits graphs of a few sensors.
        dropout: Share of activations dropped in training.

    Source: ST-GCN (Yan et al., AAAI 2018); step form from CoST-GCN (Hedegaard et al., 2022).
    """

    def __init__(
        self,
        partition: NDArray[np.float64],
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        kernel: int = 9,
        dilations: Sequence[int] | None = None,
        lookahead: int = 0,
        norm: NormName = "layer",
        norm_in: bool = True,
        importance: bool = True,
        residual: bool = True,
        pool: Literal["mean", "joints"] = "mean",
        dropout: float = 0.0,
    ) -> None:
        joints = partition.shape[-1]
        dilations = [1] * len(channels) if dilations is None else list(dilations)
        if not channels or len(dilations) != len(channels):
            raise ConfigError(
                f"channels names {len(channels)} blocks, so dilations must have as many values, "
                f"got {len(dilations)}."
            )
        if pool not in ("mean", "joints"):
            raise ConfigError(f"unknown pool {pool!r}; use 'mean' or 'joints'.")
        spans = [(kernel - 1) * dilation for dilation in dilations]
        aheads = share_lookahead(lookahead, spans)
        super().__init__(
            in_channels,
            joints,
            num_classes,
            delay=sum(aheads),
            receptive_field=1 + sum(spans),
        )
        widths = [in_channels, *channels]
        self.norm_in = frame_norm(norm, in_channels, joints) if norm_in else nn.Identity()
        self.blocks = nn.ModuleList(
            STGCNBlock(
                widths[i],
                widths[i + 1],
                partition,
                kernel=kernel,
                dilation=dilations[i],
                lookahead=aheads[i],
                norm=norm,
                importance=importance,
                residual=residual and (i > 0 or widths[0] == widths[1]),
                dropout=dropout,
            )
            for i in range(len(channels))
        )
        self.pool = pool
        self.head = nn.Linear(channels[-1] * (joints if pool == "joints" else 1), num_classes)

    def clip(self, x: Tensor) -> Tensor:
        x = self.norm_in(x)
        for block in self.blocks:
            x = block(x)
        return self._classify(x)

    def tick(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        x = self.norm_in(x)
        for block in self.blocks:
            assert isinstance(block, STGCNBlock)
            x, now = block.tick(x, now, tape)
        return self._classify(x), now

    def _classify(self, x: Tensor) -> Tensor:
        x = x.mean(-2) if self.pool == "mean" else x.flatten(-2)
        return self.head(x)  # type: ignore[no-any-return]
