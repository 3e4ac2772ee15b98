"""What networks cost: parameters, and multiply-adds of clips, windows and streams.

The convention is that of the published tables, where they say "GFLOPs" and count a multiplication
with its addition once:

* every use of a weight counts one: products, convolutions (their zero padding too), ``k`` taps at
  the frames that a stride keeps;
* sums over neighbours count as dense V x V products, of the channels that they are published for:
  those that the product has made where it comes first (ST-GCN), those that it is made of where it
  comes second (AAGCN);
* what is made of two activations counts like a product: similarities, topologies of channels;
* biases, norms, activations, means, sliding sums, shifts and weights that only scale do not count.

A network costs what its people cost together: a published figure is for two.

Kinestream often does less: it sums neighbours first where that is cheaper, and a network with
``averaging.over: past`` is counted as it is done, contexts at their refreshes.
:func:`executed_macs` counts the products that really run.

Legend: N clips, T frames, M people, V joints, C channels, P partitions, G groups.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from kinestream.errors import ConfigError
from kinestream.models.aagcn import AdaptiveGraph
from kinestream.models.ctrgcn import ChannelTopology
from kinestream.models.dgstgcn import GroupTopology
from kinestream.models.graph_conv import GraphConv
from kinestream.models.network import Network
from kinestream.models.quantising.linear import GridLinear
from kinestream.models.temporal import Average, TemporalConv


def parameters(network: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def clip_macs(network: Network, frames: int) -> int:
    """Multiply-adds of one clip of ``frames`` frames, of all people of the network together.

    >>> import numpy as np
    >>> from kinestream.models import build_network
    >>> one = build_network("mstcn", np.zeros((1, 5, 5)), 3, 4, layers=1, channels=8,
    ...                     refine={"stages": 0})
    >>> clip_macs(one, 10) == 10 * (5 * 3 * 8 + 3 * 8 * 8 + 8 * 8 + 8 * 4)
    True
    """
    counted = 0

    def count(module: nn.Module, inputs: tuple[Any, ...], y: Tensor) -> None:
        nonlocal counted
        counted += RULES[type(module)](module, inputs[0], y)

    spy = _without_numbers(network)
    for module in spy.modules():
        if type(module) in RULES:
            module.register_forward_hook(count)
    _run(spy, frames)
    return counted


def step_macs(network: Network) -> float:
    """Multiply-adds per input frame of a stream, on average.

    In as many frames as the network's period, every stride and every refresh comes round a whole
    number of times, and clips and steps are one definition: so the clip is counted and divided.
    Strided layers count at the rate that they answer; a host that computes one on every frame, and
    keeps what is due, does more.

    Raises:
        ConfigError: The network averages over whole clips, so it cannot stream.
    """
    return clip_macs(network, network.period) / network.period


def window_macs(network: Network, window: int, every: int = 1) -> float:
    """Multiply-adds per input frame where the last ``window`` frames are run as a clip again.

    Args:
        network: Any network.
        window: Frames of the clip.
        every: Input frames between two runs.

    Raises:
        ConfigError: A number is below 1.
    """
    if every < 1:
        raise ConfigError(f"a window is run every 1 or more frames, got {every}.")
    return clip_macs(network, window) / every


def executed_macs(network: Network, frames: int) -> int:
    """Multiply-adds of the matrix products and convolutions that a clip of ``frames`` runs."""
    spy = _without_numbers(network)
    with FlopCounterMode(display=False) as counter:
        _run(spy, frames)
    return int(counter.get_total_flops()) // 2


def _without_numbers(network: Network) -> Network:
    """A copy that knows shapes only, so that counting takes no memory and no time."""
    return copy.deepcopy(network).to("meta").eval()


def _run(network: Network, frames: int) -> None:
    if frames < 1:
        raise ConfigError(f"frames to count must be 1 or more, got {frames}.")
    channels, *frame = network.frame_shape
    with torch.no_grad():
        network(torch.empty(1, channels, frames, *frame, device="meta"))


def _contexts(average: Average, x: Tensor) -> tuple[int, int]:
    """Contexts made of frames x (N, T, ..., V, C), and frames that they are used on.

    The clip form fills up the frames of the last context, so that all serve as many.
    """
    serves = x.shape[1] if average.averaging.over == "clip" else average.averaging.refresh
    contexts = x.shape[0] * -(-x.shape[1] // serves) * prod(x.shape[2:-2])
    return contexts, contexts * serves


def _linear(product: nn.Linear, x: Tensor, y: Tensor) -> int:
    return y.numel() * product.in_features


def _joint_conv(conv: nn.Conv1d, x: Tensor, y: Tensor) -> int:
    return y.numel() * conv.in_channels * conv.kernel_size[0]


def _temporal_conv(conv: TemporalConv, x: Tensor, y: Tensor) -> int:
    return y.numel() * conv.kernel * x.shape[-1]


def _graph_conv(graph: GraphConv, x: Tensor, y: Tensor) -> int:
    parts, channels, made = graph.weight.shape
    places = y.numel() // made
    # One bias per partition is summed along the edges, so its product comes before the sum.
    summed = channels if graph.bias is not None and graph.bias.dim() == 1 else made
    return places * parts * (channels * made + x.shape[-2] * summed)


def _adaptive_graph(adaptive: AdaptiveGraph, x: Tensor, y: Tensor) -> int:
    """theta . phi of every two joints, in every frame."""
    places = x.numel() // x.shape[-1]
    return places * x.shape[-2] * adaptive.theta.out_features


def _channel_topology(topology: ChannelTopology, x: Tensor, y: Tensor) -> int:
    """xi of every two joints in every context, and the sum over joints in every frame."""
    pairs, embedding = x.shape[-2] ** 2, topology.psi
    contexts, frames = _contexts(topology, x)
    counted = contexts * pairs * topology.xi.numel()
    counted += frames * pairs * topology.parts * y.shape[-1]
    if topology.averaging.over == "clip":
        # Published, psi and phi are of every frame and the mean is theirs: the same for more.
        counted += (frames - contexts) * x.shape[-2] * 2 * embedding.weight.numel()
    return counted


def _group_topology(topology: GroupTopology, x: Tensor, y: Tensor) -> int:
    """psi . phi of every two joints in every context, and the sum over joints in every frame."""
    contexts, frames = _contexts(topology, x)
    return (contexts + frames) * x.shape[-2] ** 2 * topology.psi.out_features


RULES: dict[type[nn.Module], Callable[[Any, Tensor, Tensor], int]] = {
    nn.Linear: _linear,
    GridLinear: _linear,
    nn.Conv1d: _joint_conv,
    TemporalConv: _temporal_conv,
    GraphConv: _graph_conv,
    AdaptiveGraph: _adaptive_graph,
    ChannelTopology: _channel_topology,
    GroupTopology: _group_topology,
}
"""What one call of a module costs beside the modules inside it: the module, its input, its answer."""
