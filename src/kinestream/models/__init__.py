"""Networks in torch: each defined once, run on whole clips or one frame at a time.

The networks are found through one plain dict, name to class.
"""

from __future__ import annotations

import inspect
from typing import Any

from kinestream.errors import ConfigError
from kinestream.models.aagcn import AAGCN, AGCN
from kinestream.models.backbone import Options
from kinestream.models.costgcn import COSTGCN
from kinestream.models.ctrgcn import CTRGCN
from kinestream.models.dgstgcn import DGSTGCN
from kinestream.models.msgcn import MSGCN
from kinestream.models.mstcn import MSTCN
from kinestream.models.mstcnpp import MSTCNPP
from kinestream.models.network import Network, classify, stream
from kinestream.models.rtstgcn import RTSTGCN
from kinestream.models.shiftgcn import SHIFTGCN
from kinestream.models.shiftgcnpp import SHIFTGCNPP
from kinestream.models.stgcn import STGCN
from kinestream.models.stgcnpp import STGCNPP
from kinestream.models.windows import Windowed, WindowOptions

NETWORKS: dict[str, type[Network]] = {
    "stgcn": STGCN,
    "costgcn": COSTGCN,
    "rtstgcn": RTSTGCN,
    "stgcnpp": STGCNPP,
    "agcn": AGCN,
    "aagcn": AAGCN,
    "ctrgcn": CTRGCN,
    "dgstgcn": DGSTGCN,
    "shiftgcn": SHIFTGCN,
    "shiftgcnpp": SHIFTGCNPP,
    "mstcn": MSTCN,
    "mstcnpp": MSTCNPP,
    "msgcn": MSGCN,
}


def network_class(name: str) -> type[Network]:
    """The class of a network by name.

    Raises:
        ConfigError: There is no network of that name.
    """
    if name not in NETWORKS:
        raise ConfigError(f"unknown network {name!r}; there are {', '.join(sorted(NETWORKS))}.")
    return NETWORKS[name]


def arguments_of(cls: type[Network]) -> set[str]:
    """Names of the keyword arguments that a network takes."""
    parameters = inspect.signature(cls).parameters.values()
    named = {p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
    shares = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    return named | {"window"} | (set(Options.__annotations__) if shares else set())


def build_network(
    name: str, partition: Any, in_channels: int, num_classes: int, **arguments: Any
) -> Network:
    """Make a network by name.

    Args:
        name: A key of ``NETWORKS``.
        partition: (P, V, V) adjacency.
        in_channels: C.
        num_classes: K.
        **arguments: The network's own keyword arguments; with ``window`` (``frames``, ``stride``,
            ``lookahead``) it is run over recordings in windows.

    Raises:
        ConfigError: The name or an argument is unknown.
    """
    cls: Any = network_class(name)
    known = arguments_of(cls)
    window = arguments.pop("window", None)
    if unknown := sorted(set(arguments) - known):
        raise ConfigError(
            f"network {name!r}: there is no argument {unknown[0]!r}; it takes "
            f"{', '.join(sorted(known))}."
        )
    for section in (arguments, arguments.get("refine")):
        dropout = section.get("dropout", 0) if isinstance(section, dict) else 0
        if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
            raise ConfigError(
                f"network {name!r}: dropout is a share from 0 to below 1, got {dropout!r}."
            )
    try:
        network: Network = cls(partition, in_channels, num_classes, **arguments)
    except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
        # Sizes that torch cannot make, above all.
        reason = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(f"network {name!r}: {reason}.") from None
    return network if window is None else Windowed(network, WindowOptions.of(window))


__all__ = [
    "NETWORKS",
    "Network",
    "arguments_of",
    "build_network",
    "classify",
    "network_class",
    "stream",
]
