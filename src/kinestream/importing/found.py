"""From what weights turned out to be to a network that streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from kinestream.importing.imported import Imported
from kinestream.importing.parts import AveragingOptions, notes_on, stream_arguments
from kinestream.importing.transfer import Transfer


@dataclass(frozen=True)
class Found:
    """What the weights of a network of blocks turned out to be.

    Attributes:
        name: Key of ``kinestream.models.NETWORKS``.
        partition: (P, V, V) adjacency of the first block.
        in_channels: C of the input.
        channels: Width of each block.
        projected: Whether the residual of each block is a product.
        arguments: Keyword arguments that the network has of its own.
        averaged: Beginning of a sentence: what is made of means over time, besides the label.
    """

    name: str
    partition: Tensor
    in_channels: int
    channels: list[int]
    projected: list[bool]
    arguments: dict[str, Any] = field(default_factory=dict)
    averaged: str = ""

    def imported(
        self,
        transfer: Transfer,
        *,
        strides: Sequence[int] | None,
        people: int | None,
        averaging: AveragingOptions,
    ) -> Imported:
        """The network, set up to stream.

        Args:
            transfer: Has everything but the input norm, which is moved here.
            strides: One number per block; ``None`` for 2 wherever a residual is a product, since
                published networks stride just where they grow wider.
            people: M of a scene; ``None`` for each person alone, unless ``data_bn`` tells.
            averaging: How means over time are taken.

        Raises:
            CheckpointError: The weights do not fit together.
            ConfigError: An option does not go with them.
        """
        if strides is None:
            strides = [2 if projected else 1 for projected in self.projected]
        arguments = {
            "channels": self.channels,
            "strides": list(strides),
            "first_residual": self.projected[0] or self.in_channels == self.channels[0],
            **self.arguments,
            **stream_arguments(
                transfer, self.partition.shape[-1], self.in_channels, people, averaging
            ),
        }
        return transfer.imported(
            self.name,
            self.partition,
            self.in_channels,
            len(transfer.weights["head.product.weight"]),
            arguments,
            notes_on(arguments, self.averaged),
        )
