"""MS-TCN, MS-GCN and CoST-GCN, computed from their own weights in their own layout.

As ``reference.py``: slow and plain, nothing of ours, weights drawn when they are first asked for.

Legend: N clips, M people, T frames, V joints, C channels, P partitions, K classes, D features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from tests.importing.reference import Weights, conv, norm, projected


def line(w: Weights, key: str, x: Tensor, out: int, kernel: int = 1, dilation: int = 1) -> Tensor:
    """A convolution of (N, C, T), centred, zeros outside."""
    weight = w(f"{key}.weight", out, x.shape[1], kernel)
    pad = (kernel - 1) * dilation // 2
    return F.conv1d(x, weight, w(f"{key}.bias", out), padding=pad, dilation=dilation)


def stage(
    w: Weights, key: str, x: Tensor, layers: int, width: int, classes: int, normed: bool
) -> Tensor:
    """One stage of MS-TCN, or a refinement stage of MS-GCN, whose layers have a norm."""
    y = line(w, f"{key}.conv_1x1", x, width)
    for i in range(layers):
        layer = f"{key}.layers.{i}"
        made = line(w, f"{layer}.conv_dilated", y, width, 3, 2**i)
        if normed:
            y = y + F.relu(norm(w, f"{layer}.bn", made))
        else:
            y = y + line(w, f"{layer}.conv_1x1", F.relu(made), width)
    return line(w, f"{key}.conv_out", y, classes)


def mstcn(
    w: Weights, x: Tensor, *, stages: int, layers: int, width: int, classes: int
) -> list[Tensor]:
    """(N, D, T) -> (N, K, T) of every stage."""
    logits = [stage(w, "stage1", x.double(), layers, width, classes, False)]
    for i in range(stages):
        seen = logits[-1].softmax(1)
        logits.append(stage(w, f"stages.{i}", seen, layers, width, classes, False))
    return logits


def msgcn(
    w: Weights,
    x: Tensor,
    *,
    width: int,
    parts: int,
    kernel: int,
    dilations: Sequence[int],
    refining: tuple[int, int, int],
    classes: int,
) -> list[Tensor]:
    """(N, C, T, V) -> (N, K, T) of every stage; refining: stages, layers and width."""
    clips, channels, frames, joints = x.shape
    flat = x.double().permute(0, 3, 1, 2).reshape(clips, joints * channels, frames)
    y = norm(w, "stream.data_bn", flat).reshape(clips, joints, channels, frames)
    y = conv(w, "stream.conv_1x1", y.permute(0, 2, 3, 1), width)
    edges = w("stream.A", parts, joints, joints)
    for i, dilation in enumerate(dilations):
        key = f"stream.st_gcn_networks.{i}"
        along = edges * w(f"stream.edge_importance.{i}", parts, joints, joints)
        made: Any = conv(w, f"{key}.gcn.conv", y, parts * width).chunk(parts, 1)
        made = sum(part @ edge for part, edge in zip(made, along, strict=True))
        made = F.relu(norm(w, f"{key}.tcn.0", made))
        made = norm(w, f"{key}.tcn.3", conv(w, f"{key}.tcn.2", made, width, kernel, dilation))
        y = F.relu(made) + y
    logits = [line(w, "stream.conv_out", y.mean(3), classes)]
    stages, layers, channels = refining
    for i in range(stages):
        seen = logits[-1].softmax(1)
        logits.append(stage(w, f"stages.{i}", seen, layers, channels, classes, True))
    return logits


def costgcn(
    w: Weights,
    x: Tensor,
    *,
    channels: Sequence[int],
    kernels: Sequence[int],
    strides: Sequence[int],
    parts: int,
    pool: int,
    classes: int,
) -> Tensor:
    """(N, C, T, V, M) -> (N, K, T'): the mean of each answer and the ``pool - 1`` before it."""
    clips, width, frames, joints, people = x.shape
    flat = x.double().permute(0, 4, 3, 1, 2).reshape(clips, people * joints * width, frames)
    y = norm(w, "data_bn", flat).reshape(-1, joints, width, frames).permute(0, 2, 3, 1)
    for i, (out, kernel, stride) in enumerate(zip(channels, kernels, strides, strict=True)):
        key = f"layers.layer{i + 1}"
        shape = parts, joints, joints
        edges = w(f"{key}.gcn.A", *shape) * w(f"{key}.gcn.graph_attn", *shape)
        made: Any = sum(conv(w, f"{key}.gcn.g_conv.{p}", y @ e, out) for p, e in enumerate(edges))
        around = projected(w, f"{key}.gcn.gcn_residual", y, out)
        made = F.relu(norm(w, f"{key}.gcn.bn", made) + around)
        made = conv(w, f"{key}.tcn.t_conv", made, out, kernel, 1, stride)
        made = norm(w, f"{key}.tcn.bn", made)
        if i:
            made = made + projected(w, f"{key}.residual", y, out, stride, ("t_conv", "bn"))
        y = F.relu(made)
    feature = y.mean(3).reshape(clips, people, *y.shape[1:3]).mean(1)  # (N, C', T')
    pooled = F.avg_pool1d(feature, pool, stride=1)
    product = w("fc.weight", classes, channels[-1]), w("fc.bias", classes)
    return F.linear(pooled.transpose(1, 2), *product).transpose(1, 2)
