"""RT-ST-GCN: a graph convolution per frame, summed over the last frames.

Legend: N clips or people, T frames, V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from kinestream.models.temporal import Delay, SlidingSum
from kinestream.models.tick import Tick


class RTSTGCNLayer(nn.Module):
    """``y_t = ReLU(ReLU(Norm(sum_i G(x_{t + a - i s}))) + res(x_t))``, i = 0 ... kernel - 1.

    G is the graph convolution; res is the identity, or a product without bias and its own norm
    where the width changes or s > 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        partition: NDArray[np.float64],
        *,
        kernel: int,
        spacing: int,
        lookahead: int,
        norm: NormName,
        unbiased: bool,
        importance: bool,
        residual: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        joints = partition.shape[-1]
        self.graph = GraphConv(in_channels, out_channels, partition, importance=importance)
        self.sum = SlidingSum(kernel, dilation=spacing, lookahead=lookahead)
        self.norm = frame_norm(norm, out_channels, joints, unbiased=unbiased)
        self.delay = Delay(lookahead)
        self.dropout = nn.Dropout(dropout)
        self.residual: nn.Module | None = None
        if residual and in_channels == out_channels and spacing == 1:
            self.residual = nn.Identity()
        elif residual:
            self.residual = nn.Sequential(
                nn.Linear(in_channels, out_channels, bias=False),
                frame_norm(norm, out_channels, joints, unbiased=unbiased),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, V, C) -> (N, T, V, C')."""
        return self._join(self.sum(self.graph(x)), self.delay(x))

    def tick(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        """(N, V, C) -> (N, V, C')."""
        y, later = tape.run(self.sum, self.graph(x), now)
        x, _ = tape.run(self.delay, x, now)
        return self._join(y, x), later

    def _join(self, y: Tensor, x: Tensor) -> Tensor:
        y = self.dropout(F.relu(self.norm(y)))
        return y if self.residual is None else F.relu(y + self.residual(x))


class RTSTGCN(Network):
    """The real-time network: the cost of a step does not depend on how far it remembers.

    Args:
        partition: (P, V, V) adjacency of the skeleton.
        in_channels: C of the input.
        num_classes: K.
        channels: Width after the input product, then of each layer.
        kernel: Frames summed in every layer (Gamma), or one number per layer.
        spacing: Distance s between the summed frames, one number per layer; default 1.
        lookahead: Frames of look-ahead, spent from the first layer on (the sum only shifts).
        norm: ``layer`` or ``batch``.
        unbiased: LayerNorm with the unbiased variance.
        importance: Learn edge importance.
        residual: Residual connections.
        dropout: Share of activations dropped in training.

    Source: Real-Time ST-GCN (MLSP 2024); published widths 64x3, 128x3, 256x3, spacing 2 in
    layers 4 and 7, kernel 9 or 69.
    """

    def __init__(
        self,
        partition: NDArray[np.float64],
        in_channels: int,
        num_classes: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        kernel: int | Sequence[int] = 9,
        spacing: Sequence[int] | None = None,
        lookahead: int = 0,
        norm: NormName = "layer",
        unbiased: bool = False,
        importance: bool = True,
        residual: bool = True,
        dropout: float = 0.0,
    ) -> None:
        joints = partition.shape[-1]
        depth = len(channels) - 1
        kernels = [kernel] * depth if isinstance(kernel, int) else list(kernel)
        spacings = [1] * depth if spacing is None else list(spacing)
        if depth < 1 or len(kernels) != depth or len(spacings) != depth:
            raise ConfigError(
                f"channels names the input width and {depth} layers, so kernel and spacing must "
                f"have {depth} values, got {len(kernels)} and {len(spacings)}."
            )
        spans = [(k - 1) * s for k, s in zip(kernels, spacings, strict=True)]
        aheads = share_lookahead(lookahead, spans)
        super().__init__(
            in_channels,
            joints,
            num_classes,
            delay=sum(aheads),
            receptive_field=1 + sum(spans),
        )
        self.norm_in = frame_norm(norm, in_channels, joints, unbiased=unbiased)
        self.fcn_in = nn.Linear(in_channels, channels[0])
        self.layers = nn.ModuleList(
            RTSTGCNLayer(
                channels[i],
                channels[i + 1],
                partition,
                kernel=kernels[i],
                spacing=spacings[i],
                lookahead=aheads[i],
                norm=norm,
                unbiased=unbiased,
                importance=importance,
                residual=residual,
                dropout=dropout,
            )
            for i in range(depth)
        )
        self.fcn_out = nn.Linear(channels[-1], num_classes)

    def clip(self, x: Tensor) -> Tensor:
        x = self.fcn_in(self.norm_in(x))
        for layer in self.layers:
            x = layer(x)
        return self.fcn_out(x.mean(-2))  # type: ignore[no-any-return]

    def tick(self, x: Tensor, now: Tick, tape: Tape) -> tuple[Tensor, Tick]:
        x = self.fcn_in(self.norm_in(x))
        for layer in self.layers:
            assert isinstance(layer, RTSTGCNLayer)
            x, now = layer.tick(x, now, tape)
        return self.fcn_out(x.mean(-2)), now
