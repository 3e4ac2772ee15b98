"""The networks of other projects, computed from their own weights in their own layout.

Slow and plain, from the published formulas: (N, C, T, V) and torch's own convolutions, nothing of
ours. Weights that are asked for the first time are drawn, so one run of a network also makes a state
dict for it.

Legend: N clips, M people, T frames, V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

SIX = ((3, 1), (3, 2), (3, 3), (3, 4), ("max", 3), "1x1")
FOUR = ((5, 1), (5, 2), ("max", 3), "1x1")


class Weights:
    """Tensors by name, float64 that float32 can hold; drawn when they are not there."""

    def __init__(self, state: dict[str, Tensor] | None = None, seed: int = 0) -> None:
        self.state: dict[str, Tensor] = dict(state or {})
        self._random = torch.Generator().manual_seed(seed)

    def __call__(self, key: str, *shape: int) -> Tensor:
        if key not in self.state:
            self.state[key] = self._drawn(key, shape)
        return self.state[key].double()

    def draw_near(self, key: str, values: Tensor, spread: Tensor) -> None:
        """Draw a tensor that is not there around given values, at most ``spread`` away."""
        if key not in self.state:
            share = 2 * torch.rand(values.shape, generator=self._random) - 1
            self.state[key] = (values + spread * share).float()

    def _drawn(self, key: str, shape: tuple[int, ...]) -> Tensor:
        """Of a size that keeps values alive through many blocks."""
        if key.endswith(("alpha", "beta")) or (key.endswith("weight") and len(shape) == 1):
            return 0.6 + 0.8 * torch.rand(shape, generator=self._random)
        drawn = torch.randn(shape, generator=self._random)
        if key.endswith("weight"):
            return drawn * (2 / math.prod(shape[1:])) ** 0.5
        return drawn * (shape[-1] ** -0.5 if len(shape) == 3 else 0.2)  # adjacencies, biases


def conv(
    w: Weights, key: str, x: Tensor, out: int, kernel: int = 1, dilation: int = 1, stride: int = 1
) -> Tensor:
    """A temporal convolution, centred, zeros outside."""
    weight = w(f"{key}.weight", out, x.shape[1], kernel, 1)
    bias = w(f"{key}.bias", out)
    pad = (kernel - 1) * dilation // 2
    return F.conv2d(x, weight, bias, (stride, 1), (pad, 0), (dilation, 1))


def norm(w: Weights, key: str, x: Tensor) -> Tensor:
    """A BatchNorm in use; drawn statistics are near those of what it is given."""
    places = x.transpose(0, 1).flatten(1)
    w.draw_near(f"{key}.running_mean", places.mean(1), 0.2 * places.std(1))
    w.draw_near(f"{key}.running_var", places.var(1), 0.2 * places.var(1))
    parts = ("running_mean", "running_var", "weight", "bias")
    return F.batch_norm(x, *(w(f"{key}.{part}", x.shape[1]) for part in parts), eps=1e-5)


def projected(
    w: Weights, key: str, x: Tensor, out: int, stride: int = 1, names: Sequence[str] = ("0", "1")
) -> Tensor:
    """The input, or a strided product of it where shapes change."""
    if x.shape[1] == out and stride == 1:
        return x
    return norm(w, f"{key}.{names[1]}", conv(w, f"{key}.{names[0]}", x, out, stride=stride))


def maximum(x: Tensor, stride: int) -> Tensor:
    """The maximum of three frames."""
    return F.max_pool2d(x, (3, 1), (stride, 1), (1, 0))


def normalised_input(w: Weights, x: Tensor, kind: str | None) -> Tensor:
    """(N, M, T, V, C) -> (N*M, C, T, V), every place of a frame normalised apart."""
    clips, people, frames, joints, channels = x.shape
    places = x.permute(0, 1, 3, 4, 2)  # (N, M, V, C, T)
    flat = places.reshape(
        -1, people * joints * channels if kind == "MVC" else joints * channels, frames
    )
    flat = flat if kind is None else norm(w, "data_bn", flat)
    return flat.reshape(-1, joints, channels, frames).permute(0, 2, 3, 1)


def six_branches(w: Weights, key: str, x: Tensor, out: int, stride: int) -> list[Tensor]:
    """The branches of ST-GCN++; the first gets what does not divide."""
    each = out // 6
    made = []
    for i, kind in enumerate(SIX):
        name, width = f"{key}.branches.{i}", out - 5 * each if i == 0 else each
        if kind == "1x1":
            made.append(conv(w, name, x, width, stride=stride))
            continue
        y = F.relu(norm(w, f"{name}.1", conv(w, f"{name}.0", x, width)))
        if kind[0] == "max":
            made.append(maximum(y, stride))
        else:
            made.append(conv(w, f"{name}.3.conv", y, width, 3, int(kind[1]), stride))
    return made


def mixed(w: Weights, key: str, y: Tensor, out: int) -> Tensor:
    """What follows the six branches."""
    y = F.relu(norm(w, f"{key}.transform.0", y))
    return norm(w, f"{key}.bn", conv(w, f"{key}.transform.2", y, out))


def whole_body(w: Weights, key: str, x: Tensor, out: int, stride: int) -> Tensor:
    """DG-STGCN's temporal module: the mean of all joints runs along."""
    joints = x.shape[-1]
    both = torch.cat([x, x.mean(-1, keepdim=True)], -1)
    y = torch.cat(six_branches(w, key, both, out, stride), 1)
    share = w(f"{key}.add_coeff", 25)[:joints]
    return mixed(w, key, y[..., :joints] + y[..., joints:] * share, out)


def four_branches(w: Weights, key: str, x: Tensor, out: int, stride: int) -> Tensor:
    """CTR-GCN's temporal module; the last branch gets what does not divide."""
    each = out // 4
    made = []
    for i, kind in enumerate(FOUR):
        name, width = f"{key}.branches.{i}", out - 3 * each if i == 3 else each
        if kind == "1x1":
            made.append(norm(w, f"{name}.1", conv(w, f"{name}.0", x, width, stride=stride)))
            continue
        y = F.relu(norm(w, f"{name}.1", conv(w, f"{name}.0", x, width)))
        if kind[0] == "max":
            made.append(norm(w, f"{name}.4", maximum(y, stride)))
        else:
            y = conv(w, f"{name}.3.conv", y, width, 5, int(kind[1]), stride)
            made.append(norm(w, f"{name}.3.bn", y))
    return torch.cat(made, 1)


def plain_temporal(w: Weights, key: str, x: Tensor, out: int, stride: int) -> Tensor:
    """One convolution and its norm."""
    return norm(w, f"{key}.bn", conv(w, f"{key}.conv", x, out, 9, 1, stride))


def six_temporal(w: Weights, key: str, x: Tensor, out: int, stride: int) -> Tensor:
    """ST-GCN++'s temporal module."""
    return mixed(w, key, torch.cat(six_branches(w, key, x, out, stride), 1), out)


def graph(
    w: Weights, key: str, x: Tensor, out: int, parts: int, adaptive: str, post: bool, shortcut: bool
) -> Tensor:
    """PYSKL's graph convolution, in the order that it computes in."""
    joints = x.shape[-1]
    edges = w(f"{key}.A", parts, joints, joints)
    if adaptive == "importance":
        edges = edges * w(f"{key}.PA", parts, joints, joints)
    elif adaptive == "offset":
        edges = edges + w(f"{key}.PA", parts, joints, joints)
    y: Any = 0
    if post:
        gathered = torch.cat([x @ edge for edge in edges], 1)
        y = conv(w, f"{key}.conv", gathered, out)
    else:
        made = conv(w, f"{key}.conv", x, parts * out).chunk(parts, 1)
        y = sum(part @ edge for part, edge in zip(made, edges, strict=True))
    y = norm(w, f"{key}.bn", y)
    return F.relu(y + projected(w, f"{key}.down", x, out) if shortcut else y)


def adaptive_graph(
    w: Weights, key: str, x: Tensor, out: int, parts: int, attention: bool
) -> Tensor:
    """AAGCN's graph convolution and attention."""
    joints, width = x.shape[-1], out // 4
    edges = w(f"{key}.A", parts, joints, joints)
    y: Any = 0
    for p in range(parts):
        a, b = (conv(w, f"{key}.conv_{name}.{p}", x, width).flatten(1, 2) for name in "ab")
        alike = torch.tanh(a.transpose(1, 2) @ b / a.shape[1])  # (N, V, V)
        topology = edges[p] + alike * w(f"{key}.alpha", 1)
        y = y + conv(w, f"{key}.conv_d.{p}", x @ topology[:, None], out)
    y = F.relu(norm(w, f"{key}.bn", y) + projected(w, f"{key}.down", x, out))
    return attended(w, key, y) if attention else y


def attended(w: Weights, key: str, y: Tensor) -> Tensor:
    """Joints, frames and channels weighed, in this order."""
    channels, joints = y.shape[1], y.shape[-1]
    taps = joints if joints % 2 else joints - 1
    over_joints = w(f"{key}.conv_sa.weight", 1, channels, taps), w(f"{key}.conv_sa.bias", 1)
    y = y + y * F.conv1d(y.mean(2), *over_joints, padding=taps // 2).sigmoid()[:, :, None]
    over_time = w(f"{key}.conv_ta.weight", 1, channels, 9), w(f"{key}.conv_ta.bias", 1)
    y = y + y * F.conv1d(y.mean(3), *over_time, padding=4).sigmoid()[..., None]
    half = channels // 2
    squeeze = w(f"{key}.fc1c.weight", half, channels), w(f"{key}.fc1c.bias", half)
    spread = w(f"{key}.fc2c.weight", channels, half), w(f"{key}.fc2c.bias", channels)
    weight = F.linear(F.relu(F.linear(y.mean((2, 3)), *squeeze)), *spread).sigmoid()
    return y + y * weight[..., None, None]


def group_graph(
    w: Weights, key: str, x: Tensor, out: int, groups: int, ratio: float, subset_wise: bool
) -> Tensor:
    """DG-STGCN's graph convolution, group by group."""
    joints, width = x.shape[-1], int(ratio * out)
    edges = w(f"{key}.A", groups, joints, joints)
    alpha, beta = w(f"{key}.alpha", groups), w(f"{key}.beta", groups)
    made = F.relu(norm(w, f"{key}.pre.1", conv(w, f"{key}.pre.0", x, groups * width)))
    mean = x.mean(2, keepdim=True)
    first = conv(w, f"{key}.conv1", mean, groups * width)[:, :, 0].chunk(groups, 1)
    second = conv(w, f"{key}.conv2", mean, groups * width)[:, :, 0].chunk(groups, 1)
    gathered = []
    for k, part in enumerate(made.chunk(groups, 1)):
        gain = k if subset_wise else 0
        apart = torch.tanh(first[k][..., :, None] - second[k][..., None, :])  # (N, D, U, V)
        alike = torch.einsum("ncu,ncv->nuv", first[k], second[k]).softmax(1)[:, None]
        topology = edges[k] + alpha[gain] * apart + beta[gain] * alike
        gathered.append(torch.einsum("nctu,ncuv->nctv", part, topology.expand(-1, width, -1, -1)))
    y = norm(w, f"{key}.bn", conv(w, f"{key}.post", torch.cat(gathered, 1), out))
    return F.relu(y + projected(w, f"{key}.down", x, out))


def channel_graph(w: Weights, key: str, x: Tensor, out: int, parts: int, official: bool) -> Tensor:
    """CTR-GCN's graph convolution; PYSKL's is transposed."""
    joints, channels = x.shape[-1], x.shape[1]
    small = channels in (3, 9) if official else channels <= 16
    relation = 8 if small else channels // 8
    edges = w(f"{key}.{'PA' if official else 'A'}", parts, joints, joints)
    y: Any = 0
    for p in range(parts):
        name = f"{key}.convs.{p}"
        first = conv(w, f"{name}.conv1", x, relation).mean(2)
        second = conv(w, f"{name}.conv2", x, relation).mean(2)
        apart = torch.tanh(first[..., :, None] - second[..., None, :])  # (N, R, U, V)
        topology = conv(w, f"{name}.conv4", apart, out) * w(f"{key}.alpha", 1) + edges[p]
        along = "ncuv,nctv->nctu" if official else "ncuv,nctu->nctv"
        y = y + torch.einsum(along, topology, conv(w, f"{name}.conv3", x, out))
    return F.relu(norm(w, f"{key}.bn", y) + projected(w, f"{key}.down", x, out))


Spatial = Callable[[Weights, str, Tensor, int], Tensor]
Temporal = Callable[[Weights, str, Tensor, int, int], Tensor]


def network(
    w: Weights,
    x: Tensor,
    spatial: Spatial,
    temporal: Temporal,
    *,
    channels: Sequence[int],
    strides: Sequence[int],
    classes: int,
    data_bn: str | None,
    names: tuple[str, str, str, str] = ("gcn.{}", "gcn", "tcn", "fc_cls"),
    begin_residual: bool = False,
) -> Tensor:
    """Blocks, means and a product: (N, M, T, V, C) -> (N, K)."""
    block, gcn, tcn, classifier = names
    y = normalised_input(w, x.double(), data_bn)
    for i, (out, stride) in enumerate(zip(channels, strides, strict=True)):
        key = block.format(i + 1 if block == "l{}" else i)
        made = temporal(w, f"{key}.{tcn}", spatial(w, f"{key}.{gcn}", y, out), out, stride)
        if i or begin_residual:
            made = made + projected(w, f"{key}.residual", y, out, stride, ("conv", "bn"))
        y = F.relu(made)
    pooled = y.mean((2, 3)).reshape(len(x), -1, channels[-1]).mean(1)
    weight = w(f"{classifier}.weight", classes, channels[-1])
    return F.linear(pooled, weight, w(f"{classifier}.bias", classes))


def official_stgcn(
    w: Weights,
    x: Tensor,
    channels: Sequence[int],
    strides: Sequence[int],
    parts: int,
    classes: int,
    weighted: bool,
) -> Tensor:
    """ST-GCN of its authors: (N, M, T, V, C) -> (N, K)."""
    joints = x.shape[3]
    edges = w("A", parts, joints, joints)
    y = normalised_input(w, x.double(), "VC")
    for i, (out, stride) in enumerate(zip(channels, strides, strict=True)):
        key = f"st_gcn_networks.{i}"
        along = edges * w(f"edge_importance.{i}", parts, joints, joints) if weighted else edges
        made: Any = conv(w, f"{key}.gcn.conv", y, parts * out).chunk(parts, 1)
        made = sum(part @ edge for part, edge in zip(made, along, strict=True))
        made = F.relu(norm(w, f"{key}.tcn.0", made))
        made = norm(w, f"{key}.tcn.3", conv(w, f"{key}.tcn.2", made, out, 9, 1, stride))
        y = F.relu(made + projected(w, f"{key}.residual", y, out, stride) if i else made)
    pooled = y.mean((2, 3)).reshape(len(x), -1, channels[-1]).mean(1)
    weight = w("fcn.weight", classes, channels[-1], 1, 1).flatten(1)
    return F.linear(pooled, weight, w("fcn.bias", classes))
