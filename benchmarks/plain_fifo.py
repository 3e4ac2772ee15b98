"""RT-ST-GCN frame by frame as one would first write it: channels first, a FIFO and a running sum.

The baseline of ``step_latency.py``, operation for operation what the network's published formulas say:
all partitions are multiplied out and then summed along adjacency times importance, norms are means and
variances, the FIFO is shifted by concatenation. It shares the weights of an ``RTSTGCN`` and gives the
same numbers (as long as nothing drifts), so that only the way of computing differs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.models.block import PerFrame, SpatioTemporalBlock
from kinestream.models.graph_conv import GraphConv
from kinestream.models.norm import FrameLayerNorm
from kinestream.models.rtstgcn import RTSTGCN
from kinestream.models.temporal_unit import TemporalUnit


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Of a frame (1, C, 1, V), over channels and joints together."""
    mean = x.mean(dim=(1, 3), keepdim=True)
    var = (x - mean).square().mean(dim=(1, 3), keepdim=True)
    return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias


class PlainLayer(nn.Module):
    """One layer: 1x1 convolution to all partitions, aggregation, FIFO, norm, residual."""

    def __init__(self, layer: SpatioTemporalBlock, kernel: int, spacing: int) -> None:
        super().__init__()
        assert isinstance(layer.spatial, PerFrame) and isinstance(layer.temporal, TemporalUnit)
        graph, norm, residual = layer.spatial.module, layer.temporal.norm, layer.residual
        assert isinstance(graph, GraphConv) and isinstance(norm, FrameLayerNorm)
        assert graph.bias is not None
        self.partitions, self.channels = graph.weight.shape[0], graph.weight.shape[2]
        self.weight = graph.weight.transpose(1, 2).flatten(0, 1)[
            :, :, None, None
        ]  # (P*C', C, 1, 1)
        self.bias = graph.bias.flatten()
        assert graph.mask is not None
        self.adjacency, self.importance = graph.partition, graph.mask
        self.norm_weight, self.norm_bias = norm.weight.T[:, None], norm.bias.T[:, None]  # (C, 1, V)
        self.depth, self.spacing = kernel * spacing, spacing
        self.identity = isinstance(residual.product, nn.Identity)
        self.res_weight = self.res_norm_weight = self.res_norm_bias = torch.zeros(0)
        if isinstance(residual.product, nn.Linear):
            res_norm = residual.norm
            assert isinstance(res_norm, FrameLayerNorm)
            self.res_weight = residual.product.weight[:, :, None, None]
            self.res_norm_weight = res_norm.weight.T[:, None]
            self.res_norm_bias = res_norm.bias.T[:, None]

    def forward(self, x: Tensor, fifo: Tensor, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (1, C, 1, V), fifo (s*K, C', V), sums (s, C', V) -> the next of each."""
        z = F.conv2d(x, self.weight, self.bias)  # (1, P*C', 1, V)
        z = z.view(self.partitions, self.channels, -1)
        z = torch.einsum("pcv,pvw->cw", z, self.adjacency * self.importance)  # (C', V)
        total = sums[0] + z - fifo[0]
        fifo = torch.cat([fifo[1:], z[None]])
        sums = torch.cat([sums[1:], total[None]])
        y = total[None, :, None]  # (1, C', 1, V)
        y = F.relu(layer_norm(y, self.norm_weight, self.norm_bias))
        if self.identity:
            r = x
        else:
            r = F.conv2d(x, self.res_weight)
            r = layer_norm(r, self.res_norm_weight, self.res_norm_bias)
        return F.relu(y + r), fifo, sums


class PlainFifo(nn.Module):
    """The whole network, with the state as two lists of tensors."""

    def __init__(self, network: RTSTGCN, kernels: list[int], spacings: list[int]) -> None:
        super().__init__()
        norm = network.norm_in
        assert isinstance(norm, FrameLayerNorm)
        self.norm_weight, self.norm_bias = norm.weight.T[:, None], norm.bias.T[:, None]
        assert isinstance(network.stem, nn.Linear)
        self.in_weight = network.stem.weight[:, :, None, None]
        self.in_bias = network.stem.bias
        layers = [block for block in network.blocks if isinstance(block, SpatioTemporalBlock)]
        self.layers = nn.ModuleList(
            PlainLayer(layer, k, s) for layer, k, s in zip(layers, kernels, spacings, strict=True)
        )
        self.head = network.head.product

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
        x = layer_norm(x, self.norm_weight, self.norm_bias)
        x = F.conv2d(x, self.in_weight, self.in_bias)
        new_fifos: list[Tensor] = []
        new_sums: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x, fifo, total = layer(x, fifos[i], sums[i])
            new_fifos.append(fifo)
            new_sums.append(total)
        return self.head(x.mean(dim=[2, 3])), new_fifos, new_sums
