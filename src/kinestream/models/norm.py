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
        joints: V.
        unbiased: Divide the variance by C*V - 1 instead of C*V, as RT-ST-GCN's code does.
    """

    def __init__(self, channels: int, joints: int, *, unbiased: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(joints, channels))
        self.bias = nn.Parameter(torch.zeros(joints, channels))
        # var_unbiased = var * n/(n-1) moves into eps and gain, so one operator serves both.
        count = joints * channels
        shrink = (count - 1) / count if unbiased and count > 1 else 1.0
        self.eps = EPS * shrink
        self.gain = shrink**0.5

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight if self.gain == 1.0 else self.weight * self.gain
        return F.layer_norm(x, self.weight.shape, weight, self.bias, self.eps)


class FrameBatchNorm(nn.Module):
    """BatchNorm over channels; in use an affine map by running statistics, frame by frame."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return torch.unflatten(self.norm(x.flatten(0, -2)), 0, x.shape[:-1])
        norm = self.norm
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        return x * scale + (norm.bias - norm.running_mean * scale)


def frame_norm(name: NormName, channels: int, joints: int, *, unbiased: bool = False) -> nn.Module:
    """Make the normalisation called ``layer`` or ``batch``.

    Raises:
        ConfigError: There is no normalisation of that name.
    """
    if name == "layer":
        return FrameLayerNorm(channels, joints, unbiased=unbiased)
    if name == "batch":
        return FrameBatchNorm(channels)
    raise ConfigError(f"unknown norm {name!r}; use 'layer' or 'batch'.")
