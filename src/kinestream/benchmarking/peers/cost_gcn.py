"""CoST-GCN built of the modules of ``continual-inference``, beside a bundle of the same widths.

Weights are random: what is compared is time. Zeros stand before the first frame, so it answers from the
first frame on and without delay, as the causal network of ours.

Legend: N people, C channels, T frames (1 in a step), V joints, P partitions, K taps.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from kinestream.benchmarking.peers.subject import Subject
from kinestream.benchmarking.stepping import moving
from kinestream.benchmarking.timing import Contestant
from kinestream.errors import ConfigError
from kinestream.models.block import SpatioTemporalBlock
from kinestream.models.costgcn import COSTGCN
from kinestream.models.counting import step_macs
from kinestream.models.graph_unit import GraphUnit
from kinestream.models.temporal import TemporalConv
from kinestream.models.temporal_unit import TemporalUnit

SAME = 0.05
"""How far the multiply-adds of both may lie apart."""


def continual_peer(subject: Subject) -> list[Contestant]:
    """One contestant, ``continual``.

    Raises:
        ConfigError: The network is no causal CoST-GCN of one person, or the peer costs something else.
    """
    network = subject.network
    if not isinstance(network, COSTGCN):
        raise ConfigError(
            f"continual is built as costgcn, {subject.name} is {subject.key}: left out."
        )
    if network.delay or network.people > 1 or network.stride > 1:
        raise ConfigError(
            f"continual answers every frame of one person without delay, {subject.name} does not: left "
            f"out."
        )
    widths, kernels, parts = sizes_of(network)
    peer = cost_gcn(widths, kernels, parts, network.num_joints, network.num_classes)
    ours, theirs = step_macs(network), macs_of(peer, network.num_joints)
    if abs(theirs - ours) > SAME * ours:
        raise ConfigError(
            f"continual would count {theirs / 1e6:.1f} M multiply-adds a frame, {subject.name} counts "
            f"{ours / 1e6:.1f} M: left out."
        )
    frames = torch.from_numpy(moving(1, network.frame_shape))
    count = 0

    def step() -> object:
        nonlocal count
        count += 1
        with torch.inference_mode():
            return peer.forward_step(frames[count % len(frames)])

    return [Contestant("continual", step, warm=5)]


def sizes_of(network: COSTGCN) -> tuple[list[int], list[int], int]:
    """Widths from the input on, taps of each block, P."""
    widths, kernels, parts = [network.in_channels], [], 1
    for block in network.blocks:
        assert isinstance(block, SpatioTemporalBlock)
        assert isinstance(block.spatial, GraphUnit) and isinstance(block.temporal, TemporalUnit)
        assert isinstance(block.temporal.operator, TemporalConv)
        parts, _, width = block.spatial.graph.weight.shape
        widths.append(width)
        kernels.append(block.temporal.operator.kernel)
    return widths, kernels, parts


def cost_gcn(
    widths: Sequence[int], kernels: Sequence[int], parts: int, joints: int, classes: int
) -> Any:
    """The whole network: input norm, blocks, mean over joints, product."""
    import continual as co

    blocks = [
        _block(into, out, taps, parts, joints, residual=number > 0)
        for number, ((into, out), taps) in enumerate(zip(pairwise(widths), kernels, strict=True))
    ]
    norm_in = _each_frame(nn.BatchNorm2d(widths[0]))
    head = _each_frame(nn.Conv1d(widths[-1], classes, 1))
    return co.Sequential(norm_in, *blocks, _each_frame(MeanOverJoints()), head).eval()


class Graph(nn.Module):
    """``ReLU(BN(sum_p conv_p(x A_p)) + shortcut(x))`` of frames (N, C, T, V)."""

    def __init__(self, into: int, out: int, parts: int, joints: int) -> None:
        super().__init__()
        self.edges = nn.Parameter(torch.rand(parts, joints, joints) / joints)
        self.products = nn.ModuleList(nn.Conv2d(into, out, 1) for _ in range(parts))
        self.norm = nn.BatchNorm2d(out)
        self.shortcut = nn.Identity() if into == out else _projection(into, out)

    def forward(self, x: Tensor) -> Tensor:
        y = sum(
            product(torch.matmul(x, edges))
            for product, edges in zip(self.products, self.edges, strict=True)
        )
        return torch.relu(self.norm(y) + self.shortcut(x))


class MeanOverJoints(nn.Module):
    """(N, C, T, V) -> (N, C, T)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(-1)


def _block(into: int, out: int, taps: int, parts: int, joints: int, *, residual: bool) -> Any:
    """Graph, temporal convolution, residual; both halves answer the newest frame."""
    import continual as co

    conv = co.Conv2d(out, out, (taps, 1), padding=(taps - 1, 0))
    both = co.Sequential(
        _each_frame(Graph(into, out, parts, joints)), conv, _each_frame(nn.BatchNorm2d(out))
    )
    if not residual:
        summed = both
    elif into == out:
        summed = co.Residual(both)
    else:
        beside = co.Sequential(_each_frame(_projection(into, out)))
        summed = co.BroadcastReduce(beside, both, auto_delay=False)
    return co.Sequential(summed, _each_frame(nn.ReLU()))


def _projection(into: int, out: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(into, out, 1), nn.BatchNorm2d(out))


def _each_frame(module: nn.Module) -> Any:
    """A module without memory, that takes single frames too."""
    import continual as co

    return co.forward_stepping(module)


def macs_of(peer: nn.Module, joints: int) -> int:
    """Multiply-adds of a step: each weight once for every joint, edges once for every channel."""
    counted = 0
    for module in peer.modules():
        if isinstance(module, _ConvNd):
            counted += module.weight.numel() * (1 if isinstance(module, nn.Conv1d) else joints)
        if isinstance(module, Graph):
            first = module.products[0]
            assert isinstance(first, nn.Conv2d)
            counted += module.edges.numel() * first.in_channels
    return counted
