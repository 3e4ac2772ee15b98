"""Normalisation of one frame: by its own statistics, or by running ones. Never by a segment's.

Legend: ... any leading axes, V joints, C channels.
"""

from __future__ import annotations

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


class FrameBatchNorm(nn.Module):
    """BatchNorm; in use an affine map by running statistics, frame by frame.

    Args:
        shape: The last axes whose places are normalised apart: (C,) over joints together, (V, C)
            each joint on its own, (M, V, C) each person's joints on their own.
    """

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape
        self.norm = nn.BatchNorm1d(torch.Size(shape).numel(), eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        norm = self.norm
        if self.training:
            places = x.flatten(-len(self.shape)).flatten(0, -2)
            return norm(places).reshape(x.shape)  # type: ignore[no-any-return]
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        offset = norm.bias - norm.running_mean * scale
        return x * scale.reshape(self.shape) + offset.reshape(self.shape)


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
