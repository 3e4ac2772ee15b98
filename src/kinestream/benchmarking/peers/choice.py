"""Peers by their names; none loads torch before it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kinestream.benchmarking.timing import Contestant
from kinestream.errors import ConfigError
from kinestream.extras import needs

if TYPE_CHECKING:
    from kinestream.benchmarking.peers.subject import Subject

EXTRA = "bench"


def check_peers(names: Sequence[str]) -> None:
    """Refuse what is unknown or not installed, before anything is measured.

    Raises:
        ConfigError: There is no such peer.
        MissingExtraError: Its packages are not installed.
    """
    for name in names:
        if name not in PEERS:
            raise ConfigError(f"there is no peer {name!r}; there are {', '.join(PEERS)}.")
        with needs(f"the peer {name!r}", EXTRA, "torch", "continual"):
            if name == "continual":
                import continual  # noqa: F401
            import torch  # noqa: F401


def make_peer(name: str, subject: Subject, windows: Sequence[int]) -> list[Contestant]:
    """The contestants of a peer beside a subject, for one person.

    Args:
        name: A key of ``PEERS``.
        subject: The network that is measured.
        windows: Frames, for ``window``; of nothing the network's receptive field.

    Raises:
        ConfigError: There is no such peer, or it does not fit the network; a sentence says why.
        MissingExtraError: Its packages are not installed.
    """
    check_peers([name])
    return PEERS[name](subject, windows)


def _continual(subject: Subject, windows: Sequence[int]) -> list[Contestant]:
    from kinestream.benchmarking.peers.cost_gcn import continual_peer

    return continual_peer(subject)


def _window(subject: Subject, windows: Sequence[int]) -> list[Contestant]:
    from kinestream.benchmarking.peers.window import window_peers

    return window_peers(subject, windows)


def _jit(subject: Subject, windows: Sequence[int]) -> list[Contestant]:
    from kinestream.benchmarking.peers.jit import plain_peers

    return plain_peers(subject)


PEERS: dict[str, Callable[[Subject, Sequence[int]], list[Contestant]]] = {
    "continual": _continual,
    "window": _window,
    "jit": _jit,
}
