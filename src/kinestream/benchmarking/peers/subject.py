"""What peers are measured beside: a network in torch, and the engine that steps it.

Legend: P partitions, V joints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from kinestream.bundle import WEIGHTS, Bundle
from kinestream.errors import BundleError, ConfigError
from kinestream.models import Network, build_network
from kinestream.streaming import Engine

ADJACENCY = (".partition", ".mask", ".edges")
"""How tensors end that are shaped (P, V, V) in the weights of networks that have a graph."""


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Attributes:
        name: Of the contestants' side that peers are compared with.
        key: Of ``kinestream.models.NETWORKS``.
        arguments: What the network was built with.
        network: In evaluation mode, without gradients.
        engine: Steps the same network.
    """

    name: str
    key: str
    arguments: Mapping[str, Any]
    network: Network
    engine: Engine


def subject_of(bundle: Bundle) -> Subject:
    """The network of a bundle, its weights in torch, and an engine.

    Raises:
        BundleError: The weights do not fit the network that the manifest names.
    """
    entry = bundle.manifest.network
    try:
        weights = load((bundle.path / WEIGHTS).read_bytes())
    except SafetensorError as error:
        raise BundleError(f"{bundle.path / WEIGHTS} cannot be read: {error}.") from None
    partition = partition_of(weights, bundle.pipeline.num_joints)
    try:
        network = build_network(
            entry.name, partition, entry.in_channels, len(bundle.classes), **entry.arguments
        )
        network.load_state_dict(weights)
    except (ConfigError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160].rstrip(".")
        raise BundleError(f"the weights of {bundle.name!r} cannot be loaded: {reason}.") from None
    engine = bundle.stream().recogniser.engine
    return Subject(bundle.name, entry.name, entry.arguments, still(network), engine)


def still(network: Network) -> Network:
    """For answers alone: in evaluation mode, without gradients."""
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval()


def partition_of(weights: Mapping[str, Tensor], joints: int) -> NDArray[np.float64]:
    """(P, V, V): the adjacency in the weights; of a network without a graph any of V joints."""
    for key, value in weights.items():
        if key.endswith(ADJACENCY) and tuple(value.shape[1:]) == (joints, joints):
            return np.asarray(value.numpy(), np.float64)
    return np.eye(joints)[None]
