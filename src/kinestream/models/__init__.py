"""Networks in torch: each defined once, run on whole clips or one frame at a time.

The networks are found through one plain dict, name to class.
"""

from __future__ import annotations

from typing import Any

from kinestream.errors import ConfigError
from kinestream.models.network import Network, stream
from kinestream.models.rtstgcn import RTSTGCN
from kinestream.models.stgcn import STGCN

NETWORKS: dict[str, type[RTSTGCN] | type[STGCN]] = {"rtstgcn": RTSTGCN, "stgcn": STGCN}


def network_class(name: str) -> type[RTSTGCN] | type[STGCN]:
    """The class of a network by name.

    Raises:
        ConfigError: There is no network of that name.
    """
    if name not in NETWORKS:
        raise ConfigError(f"unknown network {name!r}; there are {', '.join(sorted(NETWORKS))}.")
    return NETWORKS[name]


def build_network(
    name: str, partition: Any, in_channels: int, num_classes: int, **arguments: Any
) -> Network:
    """Make a network by name.

    Args:
        name: A key of ``NETWORKS``.
        partition: (P, V, V) adjacency.
        in_channels: C.
        num_classes: K.
        **arguments: The network's own keyword arguments.

    Raises:
        ConfigError: The name or an argument is unknown.
    """
    cls = network_class(name)
    try:
        return cls(partition, in_channels, num_classes, **arguments)
    except TypeError as error:
        raise ConfigError(f"network {name!r}: {error}.") from None


__all__ = ["NETWORKS", "RTSTGCN", "STGCN", "Network", "build_network", "network_class", "stream"]
