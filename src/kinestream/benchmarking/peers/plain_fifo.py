"""RT-ST-GCN frame by frame as it was published: modules of torch, channels first, a FIFO summed anew.

Operation for operation what the code of Yudayev et al. (MLSP 2024) runs for a frame: one convolution
to all partitions, which are then stacked and multiplied with adjacency times importance, a FIFO that is
shifted by concatenation, its frames picked and summed, norms of means and variances. It shares the
weights of an ``RTSTGCN`` and gives the same numbers, so that only the way of computing differs. The
FIFO holds a whole period, where the published one is short when frames are spaced.

:class:`LeanFifo` is the quickest form of it in torch that we know: nothing is copied but the FIFO.

Legend: P partitions, C channels, K frames that are summed, V joints.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.block import PerFrame, Residual, SpatioTemporalBlock
from kinestream.models.graph_conv import GraphConv
from kinestream.models.norm import EPS, FrameLayerNorm
from kinestream.models.rtstgcn import RTSTGCN
from kinestream.models.temporal import SlidingSum
from kinestream.models.temporal_unit import TemporalUnit

UNLIKE = (
    "jit knows rtstgcn as published, with layer norm and edges of importance; this one is other: left "
    "out."
)


class PlainNorm(nn.Module):
    """Of a frame (1, C, 1, V), over channels and joints together."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        if not isinstance(norm, FrameLayerNorm):
            raise ConfigError(UNLIKE)
        self.weight, self.bias = norm.weight.T[:, None], norm.bias.T[:, None]  # (C, 1, V)
        self.unbiased, self.eps = norm.gain != 1.0, EPS

    def forward(self, x: Tensor) -> Tensor:
        mean = torch.mean(x, dim=[1, 3], keepdim=True)
        var = torch.var(x, dim=[1, 3], keepdim=True, unbiased=self.unbiased)
        return self.weight * ((x - mean) / torch.sqrt(var + self.eps)) + self.bias


class Aggregate(nn.Module):
    """Sums over partitions and neighbours, then over the newest K frames."""

    def __init__(self, graph: GraphConv, summed: SlidingSum) -> None:
        super().__init__()
        assert graph.mask is not None
        self.edges = graph.partition * graph.mask
        self.channels = graph.weight.shape[2]
        self.depth, self.spacing = summed.kernel * summed.dilation, summed.dilation

    def forward(self, z: Tensor, fifo: Tensor) -> tuple[Tensor, Tensor]:
        """z (1, P*C, 1, V), fifo (1, s*K, C, V), newest first -> sum (1, C, 1, V), the next FIFO."""
        parts = torch.stack(torch.split(z, self.channels, dim=1), -1)  # (1, C, 1, V, P)
        parts = torch.matmul(parts.permute(0, 2, 4, 1, 3), self.edges)  # (1, 1, P, C, V)
        fifo = torch.cat((parts.sum(dim=2), fifo[:, : self.depth - 1]), 1)
        taken = fifo[:, torch.arange(0, self.depth, self.spacing)]
        return torch.stack([taken.sum(dim=1)], 2), fifo  # of frames taken together, here one


class LeanAggregate(Aggregate):
    """The same sums without a copy of the partitions or of the frames that are picked."""

    def forward(self, z: Tensor, fifo: Tensor) -> tuple[Tensor, Tensor]:
        """As above."""
        parts = torch.matmul(z.view(-1, self.channels, z.shape[3]), self.edges)  # (P, C, V)
        fifo = torch.cat((parts.sum(0)[None, None], fifo[:, : self.depth - 1]), 1)
        return fifo[:, :: self.spacing].sum(1)[:, :, None], fifo


class PlainLayer(nn.Module):
    """One layer: a 1x1 convolution to all partitions, aggregation, norm, residual."""

    def __init__(self, layer: SpatioTemporalBlock, aggregate: type[Aggregate]) -> None:
        super().__init__()
        graph, summed, norm, residual = _parts(layer)
        assert graph.bias is not None
        weight = graph.weight.transpose(1, 2).flatten(0, 1)  # (P*C', C)
        self.conv = _conv(weight, graph.bias.flatten())
        self.aggregate = aggregate(graph, summed)
        self.normed = nn.Sequential(PlainNorm(norm), nn.ReLU())
        self.residual: nn.Module = nn.Identity()
        if isinstance(residual.product, nn.Linear):
            self.residual = nn.Sequential(
                _conv(residual.product.weight, None), PlainNorm(residual.norm)
            )
        self.out = nn.Sequential(nn.ReLU(), nn.Dropout(0.0))

    def forward(self, x: Tensor, fifo: Tensor) -> tuple[Tensor, Tensor]:
        """x (1, C, 1, V), fifo (1, s*K, C', V) -> the next of each."""
        residual = self.residual(x)
        y, fifo = self.aggregate(self.conv(x), fifo)
        return self.out(self.normed(y) + residual), fifo


class PlainFifo(nn.Module):
    """The whole network, with the state as a list of tensors."""

    aggregate: type[Aggregate] = Aggregate

    def __init__(self, network: RTSTGCN) -> None:
        super().__init__()
        blocks = [block for block in network.blocks if isinstance(block, SpatioTemporalBlock)]
        self.layers = nn.ModuleList(PlainLayer(block, self.aggregate) for block in blocks)
        head = network.head.product
        if head.in_features != _parts(blocks[-1])[0].weight.shape[2] or not isinstance(
            network.stem, nn.Linear
        ):
            raise ConfigError(UNLIKE)
        self.norm_in = PlainNorm(network.norm_in)
        self.stem = _conv(network.stem.weight, network.stem.bias)
        self.pool = nn.AvgPool2d((1, network.num_joints))
        self.head = _conv(head.weight, head.bias)

    def start(self, joints: int) -> list[Tensor]:
        """The FIFOs of a stream that has seen nothing."""
        parts = [layer.aggregate for layer in self.layers if isinstance(layer, PlainLayer)]
        return [torch.zeros(1, part.depth, part.channels, joints) for part in parts]

    def forward(self, x: Tensor, fifos: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """x (1, C, 1, V) -> logits (1, K) and the next state."""
        x = self.stem(self.norm_in(x))
        pushed: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x, fifo = layer(x, fifos[i])
            pushed.append(fifo)
        return self.head(self.pool(x))[:, :, 0, 0], pushed


class LeanFifo(PlainFifo):
    """The same network by :class:`LeanAggregate`."""

    aggregate = LeanAggregate


def _conv(weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    """A 1x1 convolution of weights (C', C)."""
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], 1, bias=bias is not None)
    conv.weight = nn.Parameter(weight[:, :, None, None].contiguous(), requires_grad=False)
    if bias is not None:
        conv.bias = nn.Parameter(bias, requires_grad=False)
    return conv


def _parts(
    layer: SpatioTemporalBlock,
) -> tuple[GraphConv, SlidingSum, nn.Module, Residual]:
    spatial, temporal = layer.spatial, layer.temporal
    if (
        isinstance(spatial, PerFrame)
        and isinstance(temporal, TemporalUnit)
        and isinstance(graph := spatial.module, GraphConv)
        and isinstance(summed := temporal.operator, SlidingSum)
        and graph.kind == "importance"
    ):
        return graph, summed, temporal.norm, layer.residual
    raise ConfigError(UNLIKE)
