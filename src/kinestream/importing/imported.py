"""What every reader of foreign weights gives: one of our networks, described and filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.models import Network, build_network


@dataclass(frozen=True)
class Imported:
    """A network with the weights of another project.

    Attributes:
        name: Key of ``kinestream.models.NETWORKS``.
        partition: (P, V, V) adjacency that the network is built with.
        in_channels: C of the input.
        num_classes: K.
        arguments: Keyword arguments of ``build_network``, plain values that JSON can hold.
        weights: The network's state dict, complete; float32, but for sums of the original's
            weights, which stay exact in float64 until they are loaded.
        notes: How its stream differs from the original, a sentence each.
    """

    name: str
    partition: NDArray[np.float64]
    in_channels: int
    num_classes: int
    arguments: dict[str, Any]
    weights: dict[str, Tensor]
    notes: tuple[str, ...] = ()

    def network(self, *, dtype: torch.dtype = torch.float32, **changes: Any) -> Network:
        """Build the network, with its weights, ready for use.

        Args:
            dtype: Of its weights.
            **changes: Arguments that differ, such as ``averaging={"over": "clip"}`` for the
                published means over the whole clip.

        Raises:
            ConfigError: An argument is unknown, or gives a network that the weights do not fit.
        """
        network = build_network(
            self.name,
            self.partition,
            self.in_channels,
            self.num_classes,
            **{**self.arguments, **changes},
        )
        network = network.to(dtype)
        try:
            network.load_state_dict(self.weights)
        except RuntimeError:
            raise ConfigError(
                f"the imported weights do not fit a network with other values of "
                f"{', '.join(changes) or 'its arguments'}: change only how it streams."
            ) from None
        return network.eval()
