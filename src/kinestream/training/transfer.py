"""Weights of one network for another: what fits is taken, layer by layer, and the rest is listed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from kinestream.errors import ConfigError

Fate = Literal["taken", "left", "new", "unused"]
Shapes = dict[str, tuple[int, ...]]

EDGES = ("edges", "mask", "partition")
"""Tensors of graph layers that belong to the graph; they go apart from the layer's products."""

ADJACENCY = "partition"
"""The one buffer that is not learned: it says which graph the edges beside it are of."""


@dataclass(frozen=True)
class Layer:
    """What became of one layer: the tensors of one module that mean something only together.

    Attributes:
        name: Of the module in its network; the edges of a graph layer stand apart.
        fate: ``taken`` from the source; ``left`` as it was made, though the source has a layer of
            that name; ``new``, not in the source; ``unused``, in the source only.
        ours: Shapes of its tensors in the network.
        theirs: Shapes of its tensors in the source.
        reason: Why it was left.
    """

    name: str
    fate: Fate
    ours: Shapes
    theirs: Shapes
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.fate}: {self.reason}" if self.reason else self.fate


@dataclass(frozen=True)
class Transfer:
    """What became of every layer, first those of the network, then those of the source only."""

    layers: tuple[Layer, ...]
    taken_numbers: int
    """Learned numbers that were taken."""
    numbers: int
    """Learned numbers of the network."""

    def names(self, fate: Fate) -> list[str]:
        """The layers that had this fate."""
        return [layer.name for layer in self.layers if layer.fate == fate]

    def table(self) -> str:
        """A line per layer, then the sum."""
        width = max(len(layer.name) for layer in self.layers)
        return "\n".join([*(f"{layer.name:{width}}  {layer}" for layer in self.layers), str(self)])

    def __str__(self) -> str:
        layers = sum(layer.fate != "unused" for layer in self.layers)
        return (
            f"{len(self.names('taken'))} of {layers} layers taken: {self.taken_numbers:,} of "
            f"{self.numbers:,} weights."
        )


@torch.no_grad()
def take_over(
    network: nn.Module, weights: Mapping[str, Tensor], strange: Mapping[str, str] | None = None
) -> Transfer:
    """Put into a network what fits of the weights of another.

    A layer is taken whole, running statistics and all, or not at all: where its tensors have the
    same names and shapes there, and none of them is strange. Adjacencies stay the network's own;
    edges that were learned on another graph are left.

    Args:
        network: Its layers that fit are overwritten.
        weights: A state dict.
        strange: Names of tensors that mean something else in the source, whatever their shape, each
            with the reason; see :func:`~kinestream.training.source.strange_to`.

    Raises:
        ConfigError: No layer fits; the network is then as it was.
    """
    own = network.state_dict()
    layers = _compared(own, weights, strange or {})
    learned = {name: parameter.numel() for name, parameter in network.named_parameters()}
    chosen = [key for layer in layers if layer.fate == "taken" for key in layer.ours]
    if not any(key in learned for key in chosen):
        raise ConfigError(
            f"no layer of the source fits this network. It has {_some(own)}; the source has "
            f"{_some(weights)}. Start from a run of the same network with the same widths."
        )
    for key in chosen:
        if _last(key) != ADJACENCY:
            own[key].copy_(weights[key])  # shares its memory with the network
    taken = sum(learned.get(key, 0) for key in chosen)
    return Transfer(layers, taken, sum(learned.values()))


def _compared(
    own: Mapping[str, Tensor], weights: Mapping[str, Tensor], strange: Mapping[str, str]
) -> tuple[Layer, ...]:
    ours, theirs = _layers(own), _layers(weights)
    layers = []
    for name, tensors in ours.items():
        there = theirs.get(name, {})
        reason = _reason(tensors, there, strange) if there else ""
        fate: Fate = "left" if reason else "taken" if there else "new"
        layers.append(Layer(name, fate, _shapes(tensors), _shapes(there), reason))
    layers += [Layer(k, "unused", {}, _shapes(v)) for k, v in theirs.items() if k not in ours]
    return tuple(layers)


def _layers(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Tensors by layer; adjacencies alone are none."""
    layers: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        module, _, name = key.rpartition(".")
        layer = f"{module}.edges".lstrip(".") if name in EDGES else module or name
        layers.setdefault(layer, {})[key] = value
    return {
        layer: inside
        for layer, inside in layers.items()
        if not all(_last(key) == ADJACENCY for key in inside)
    }


def _reason(
    ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], strange: Mapping[str, str]
) -> str:
    """Why a layer cannot be taken; empty where it can."""
    for key in ours:
        if key in strange:
            return strange[key]
    if ours.keys() != theirs.keys():
        return f"{_parts(theirs)} there, {_parts(ours)} here"
    for key, value in ours.items():
        there = theirs[key]
        if there.shape != value.shape:
            return f"{tuple(there.shape)} there, {tuple(value.shape)} here"
        if there.is_floating_point() != value.is_floating_point():
            return f"{there.dtype} there, {value.dtype} here"
        if _last(key) == ADJACENCY and not torch.allclose(there.to(value), value):
            return "another graph there"
    return ""


def _shapes(tensors: Mapping[str, Tensor]) -> Shapes:
    return {key: tuple(value.shape) for key, value in tensors.items()}


def _parts(tensors: Iterable[str]) -> str:
    return " and ".join(sorted(map(_last, tensors)))


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _some(tensors: Mapping[str, Tensor]) -> str:
    """The first tensors in words, and how many more."""
    shown = [f"{key} {tuple(value.shape)}" for key, value in sorted(tensors.items())[:3]]
    return f"{', '.join(shown) or 'nothing'} ({len(tensors)} tensors)"
