"""Normalisation of one frame: by its own statistics, or by running ones. Never by a segment's.

Legend: ... any leading axes, V joints, C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kinestream.errors import ConfigError

NormName = Literal["layer", "batch"]

EPS = 1e-5


class FrameLayerNorm(nn.Module):
    """LayerNorm of each frame over its joints and channels together.

    ``y = (x - mean) / sqrt(var + eps) * weight + bias``, weight and bias (V, C).

    Args:
        channels: C.
        joints: V; ``None`` for frames without joints.
    """

    def __init__(self, channels: int, joints: int | None) -> None:
        super().__init__()
        shape = (channels,) if joints is None else (joints, channels)
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape))
        self.eps = EPS
        self.gain = 1.0

    def use_unbiased(self) -> None:
        """Divide the variance by V*C - 1, as RT-ST-GCN's code does.

        var * n/(n-1) moves into eps and gain, so one operator serves both.
        """
        count = self.weight.numel()
        shrink = (count - 1) / count if count > 1 else 1.0
        self.eps = EPS * shrink
        self.gain = shrink**0.5

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight if self.gain == 1.0 else self.weight * self.gain
        return F.layer_norm(x, self.weight.shape, weight, self.bias, self.eps)


@dataclass(frozen=True)
class Counted:
    """Which frames the statistics of an effective batch are taken over, and with whom.

    Attributes:
        frames: For each number of frames that a layer may see, at the rates of a network with
            strides, which of them count: (N, T) bool.
        add_up: Sums a tensor over all processes that share the batch, gradients too.
    """

    frames: Mapping[int, Tensor]
    add_up: Callable[[Tensor], Tensor]


class FrameBatchNorm(nn.Module):
    """BatchNorm; in use an affine map by running statistics, frame by frame.

    Args:
        shape: The last axes whose places are normalised apart: (C,) over joints together, (V, C)
            each joint on its own, (M, V, C) each person's joints on their own.

    Attributes:
        frozen: Use the running statistics in training, too, and leave them as they are.
        counted: Which frames count in training; all that are seen unless given.
    """

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape
        self.norm = nn.BatchNorm1d(torch.Size(shape).numel(), eps=EPS)
        self.frozen = False
        self.counted: Counted | None = None

    def forward(self, x: Tensor) -> Tensor:
        norm = self.norm
        if self.training and not self.frozen:
            if self.counted is not None:
                return self._over(x, self.counted)
            places = x.flatten(-len(self.shape)).flatten(0, -2)
            return norm(places).reshape(x.shape)  # type: ignore[no-any-return]
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        offset = norm.bias - norm.running_mean * scale
        return x * scale.reshape(self.shape) + offset.reshape(self.shape)

    def _over(self, x: Tensor, counted: Counted) -> Tensor:
        """Normalise by the mean and variance of the frames that count, in all processes."""
        norm = self.norm
        places = x.flatten(-len(self.shape))  # (N, T, ..., C)
        if not places.dtype.is_floating_point or places.dtype.itemsize < 4:
            places = places.float()  # sums of half numbers are worth little
        counts = counted.frames[x.shape[1]]  # of recordings, whose people may be apart in x
        counts = counts.to(places).repeat_interleave(len(x) // len(counts), dim=0)
        counts = counts.reshape(*counts.shape, *[1] * (places.dim() - 2))
        over = tuple(range(places.dim() - 1))
        number = counted.add_up((counts.sum() * places[0, 0, ..., 0].numel())[None])
        mean = counted.add_up((places * counts).sum(over)) / number
        away = places - mean
        variance = counted.add_up((away.square() * counts).sum(over)) / number
        with torch.no_grad():
            assert norm.running_mean is not None and norm.running_var is not None
            assert norm.num_batches_tracked is not None and norm.momentum is not None
            unbiased = variance * number / (number - 1).clamp(min=1)
            norm.running_mean.lerp_(mean.to(norm.running_mean), norm.momentum)
            norm.running_var.lerp_(unbiased.to(norm.running_var), norm.momentum)
            norm.num_batches_tracked += 1
        y = away * torch.rsqrt(variance + norm.eps) * norm.weight + norm.bias
        return y.reshape(x.shape)


@contextmanager
def counting(network: nn.Module, counted: Counted | None) -> Iterator[None]:
    """In the block, statistics of batch norms are over the frames that count."""
    norms = batch_norms(network)
    for norm in norms:
        norm.counted = counted
    try:
        yield
    finally:
        for norm in norms:
            norm.counted = None


def batch_norms(network: nn.Module) -> list[FrameBatchNorm]:
    """Those of a network."""
    return [module for module in network.modules() if isinstance(module, FrameBatchNorm)]


def frame_norm(name: NormName, channels: int, joints: int | None = None) -> nn.Module:
    """Make the normalisation called ``layer`` or ``batch``.

    Raises:
        ConfigError: There is no normalisation of that name.
    """
    if name == "layer":
        return FrameLayerNorm(channels, joints)
    if name == "batch":
        return FrameBatchNorm(channels)
    raise ConfigError(f"unknown norm {name!r}; use 'layer' or 'batch'.")
