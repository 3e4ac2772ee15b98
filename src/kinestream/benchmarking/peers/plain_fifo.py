"""RT-ST-GCN frame by frame as one would first write it: channels first, a FIFO and a running sum.

Operation for operation what the network's published formulas say: all partitions are multiplied out and
then summed along adjacency times importance, norms are means and variances, the FIFO is shifted by
concatenation. It shares the weights of an ``RTSTGCN`` and gives the same numbers (as long as nothing
drifts), so that only the way of computing differs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.errors import ConfigError
from kinestream.models.block import PerFrame, Residual, SpatioTemporalBlock
from kinestream.models.graph_conv import GraphConv
from kinestream.models.norm import FrameLayerNorm
from kinestream.models.rtstgcn import RTSTGCN
from kinestream.models.temporal import SlidingSum
from kinestream.models.temporal_unit import TemporalUnit

UNLIKE = (
    "jit knows rtstgcn as published, with layer norm and edges of importance; this one is other: left "
    "out."
)


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Of a frame (1, C, 1, V), over channels and joints together."""
    mean = x.mean(dim=(1, 3), keepdim=True)
    var = (x - mean).square().mean(dim=(1, 3), keepdim=True)
    return (x - mean) / torch.sqrt(var + eps) * weight + bias


class PlainLayer(nn.Module):
    """One layer: 1x1 convolution to all partitions, aggregation, FIFO, norm, residual."""

    def __init__(self, layer: SpatioTemporalBlock) -> None:
        super().__init__()
        graph, summed, norm, residual = _parts(layer)
        assert graph.mask is not None and graph.bias is not None
        self.partitions, self.channels = graph.weight.shape[0], graph.weight.shape[2]
        weight = graph.weight.transpose(1, 2).flatten(0, 1)
        self.weight = weight[:, :, None, None]  # (P*C', C, 1, 1)
        self.bias = graph.bias.flatten()
        self.adjacency, self.importance = graph.partition, graph.mask
        self.norm_weight, self.norm_bias, self.eps = _affine(norm)
        self.depth, self.spacing = summed.kernel * summed.dilation, summed.dilation
        self.identity = isinstance(residual.product, nn.Identity)
        self.res_weight = self.res_norm_weight = self.res_norm_bias = torch.zeros(0)
        if isinstance(residual.product, nn.Linear):
            self.res_weight = residual.product.weight[:, :, None, None]
            self.res_norm_weight, self.res_norm_bias, _ = _affine(residual.norm)

    def forward(self, x: Tensor, fifo: Tensor, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (1, C, 1, V), fifo (s*K, C', V), sums (s, C', V) -> the next of each."""
        z = F.conv2d(x, self.weight, self.bias)  # (1, P*C', 1, V)
        z = z.view(self.partitions, self.channels, -1)
        z = torch.einsum("pcv,pvw->cw", z, self.adjacency * self.importance)  # (C', V)
        total = sums[0] + z - fifo[0]
        fifo = torch.cat([fifo[1:], z[None]])
        sums = torch.cat([sums[1:], total[None]])
        y = total[None, :, None]  # (1, C', 1, V)
        y = F.relu(layer_norm(y, self.norm_weight, self.norm_bias, self.eps))
        if self.identity:
            r = x
        else:
            r = F.conv2d(x, self.res_weight)
            r = layer_norm(r, self.res_norm_weight, self.res_norm_bias, self.eps)
        return F.relu(y + r), fifo, sums


class PlainFifo(nn.Module):
    """The whole network, with the state as two lists of tensors."""

    def __init__(self, network: RTSTGCN) -> None:
        super().__init__()
        self.norm_weight, self.norm_bias, self.eps = _affine(network.norm_in)
        head = network.head.product
        layers = [block for block in network.blocks if isinstance(block, SpatioTemporalBlock)]
        self.layers = nn.ModuleList(PlainLayer(layer) for layer in layers)
        means = head.in_features == _width(layers[-1])
        if not means or not isinstance(network.stem, nn.Linear):
            raise ConfigError(UNLIKE)
        self.in_weight = network.stem.weight[:, :, None, None]
        self.in_bias = network.stem.bias
        self.head = head

    def start(self, joints: int) -> tuple[list[Tensor], list[Tensor]]:
        """FIFOs and sums of a stream that has seen nothing."""
        layers = [layer for layer in self.layers if isinstance(layer, PlainLayer)]
        return (
            [torch.zeros(layer.depth, layer.channels, joints) for layer in layers],
            [torch.zeros(layer.spacing, layer.channels, joints) for layer in layers],
        )

    def forward(
        self, x: Tensor, fifos: list[Tensor], sums: list[Tensor]
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """x (1, C, 1, V) -> logits (1, K) and the next state."""
        x = layer_norm(x, self.norm_weight, self.norm_bias, self.eps)
        x = F.conv2d(x, self.in_weight, self.in_bias)
        new_fifos: list[Tensor] = []
        new_sums: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x, fifo, total = layer(x, fifos[i], sums[i])
            new_fifos.append(fifo)
            new_sums.append(total)
        return self.head(x.mean(dim=[2, 3])), new_fifos, new_sums


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


def _width(layer: SpatioTemporalBlock) -> int:
    """C' of a layer."""
    return _parts(layer)[0].weight.shape[2]


def _affine(norm: nn.Module) -> tuple[Tensor, Tensor, float]:
    """Weight and bias (C, 1, V), and what is added to the variance."""
    if not isinstance(norm, FrameLayerNorm):
        raise ConfigError(UNLIKE)
    return norm.gain * norm.weight.T[:, None], norm.bias.T[:, None], norm.eps
