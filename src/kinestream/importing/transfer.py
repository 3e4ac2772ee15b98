"""Moving weights, layer by layer, from another project's layouts to ours.

Legend: k taps, C channels in, D channels out.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from kinestream.errors import CheckpointError
from kinestream.importing.foreign import Foreign, quoted
from kinestream.importing.imported import Imported
from kinestream.models import build_network


class Transfer:
    """Fills a state dict of ours.

    Attributes:
        foreign: Where the weights come from.
        weights: What was put so far.
    """

    def __init__(self, foreign: Foreign) -> None:
        self.foreign = foreign
        self.weights: dict[str, Tensor] = {}
        self._origin: dict[str, str] = {}

    def put(self, ours: str, value: Tensor, theirs: str) -> None:
        """Set one tensor of ours; ``theirs`` is what it was made of, for messages."""
        self.weights[ours] = value.clone(memory_format=torch.contiguous_format)
        self._origin[ours] = theirs

    def copy(self, ours: str, theirs: str, dims: int) -> None:
        """A tensor as it is."""
        self.put(ours, self.foreign.take(theirs, dims), theirs)

    def linear(self, ours: str, theirs: str, *, dims: int = 4) -> None:
        """A 1x1 convolution (D, C, 1, 1), or a product (D, C), as ``nn.Linear``."""
        self.put(
            f"{ours}.weight",
            self.foreign.take(f"{theirs}.weight", dims).flatten(1),
            f"{theirs}.weight",
        )
        self.copy(f"{ours}.bias", f"{theirs}.bias", 1)

    def linears(self, ours: str, theirs: list[str]) -> None:
        """1x1 convolutions of the same input side by side, as one ``nn.Linear``."""
        for part, dims in (("weight", 4), ("bias", 1)):
            keys = [f"{name}.{part}" for name in theirs]
            values = [self.foreign.take(key, dims).flatten(1 if dims > 1 else 0) for key in keys]
            self.put(f"{ours}.{part}", joined(values, keys), keys[0])

    def conv(self, ours: str, theirs: str) -> None:
        """A temporal convolution (D, C, k, 1), as (k, C, D)."""
        key = f"{theirs}.weight"
        weight = self.foreign.take(key, 4)
        self.put(f"{ours}.weight", weight.flatten(2).permute(2, 1, 0), key)
        self.copy(f"{ours}.bias", f"{theirs}.bias", 1)

    def norm(self, ours: str, theirs: str) -> None:
        """A BatchNorm with its running statistics."""
        for part in ("weight", "bias", "running_mean", "running_var"):
            self.copy(f"{ours}.norm.{part}", f"{theirs}.{part}", 1)
        self.weights[f"{ours}.norm.num_batches_tracked"] = torch.tensor(0)

    def imported(
        self,
        name: str,
        partition: Tensor,
        in_channels: int,
        num_classes: int,
        arguments: dict[str, Any],
        notes: tuple[str, ...],
    ) -> Imported:
        """All that was put, as a network; checked without taking memory for it.

        Raises:
            CheckpointError: Weights are left over, missing, or of the wrong shape.
            ConfigError: An argument is wrong.
        """
        self.foreign.check_used()
        if partition.shape[1] != partition.shape[2]:
            raise CheckpointError(
                f"an adjacency must have a row and a column for every joint, got shape "
                f"{tuple(partition.shape)}."
            )
        adjacency = partition.double().numpy()
        with torch.device("meta"):
            wanted = build_network(
                name, adjacency, in_channels, num_classes, **arguments
            ).state_dict()
        self._check(name, wanted)
        return Imported(name, adjacency, in_channels, num_classes, arguments, self.weights, notes)

    def _check(self, name: str, wanted: dict[str, Tensor]) -> None:
        for ours, value in self.weights.items():
            theirs = quoted(self._origin.get(ours, ours))
            if ours not in wanted:
                raise CheckpointError(
                    f"{theirs} has no place in the {name!r} network that the options and the other "
                    f"weights describe."
                )
            if value.shape != wanted[ours].shape:
                raise CheckpointError(
                    f"{theirs} does not fit: as {ours} it has shape {tuple(value.shape)}, the other "
                    f"weights need {tuple(wanted[ours].shape)}."
                )
        if missing := [ours for ours in wanted if ours not in self.weights]:
            raise CheckpointError(
                f"the weights hold nothing for {missing[0]} of the {name!r} network that they and "
                f"the options describe."
            )


def joined(values: list[Tensor], keys: list[str]) -> Tensor:
    """Tensors one after the other.

    Raises:
        CheckpointError: Their shapes differ.
    """
    return stacked(values, keys).flatten(0, 1)


def stacked(values: list[Tensor], keys: list[str]) -> Tensor:
    """Tensors along a new first axis.

    Raises:
        CheckpointError: Their shapes differ.
    """
    for key, value in zip(keys, values, strict=True):
        if value.shape != values[0].shape:
            raise CheckpointError(
                f"{quoted(key)} must have the shape of {quoted(keys[0])}, {tuple(values[0].shape)}, "
                f"got {tuple(value.shape)}."
            )
    return torch.stack(values)
